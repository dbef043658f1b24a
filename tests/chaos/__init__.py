"""Everything at once, through a network that fails: at the end all must be right.

``python -m tests.chaos --help`` runs it for as long as one likes.
"""
