"""Octets chosen by what they reach: see `tests.fuzz.__main__`."""
