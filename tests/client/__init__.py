"""The tests; fixtures are in ``conftest.py``."""
