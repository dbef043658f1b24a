"""What to do when things fail; knows no IMAP."""

from ._backoff import backoff

__all__ = ["backoff"]
