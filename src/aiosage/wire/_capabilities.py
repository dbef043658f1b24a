"""What announced capabilities mean beyond their names."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

SET_OCTETS: Final = 7500
"""Octets of UIDs in one command. RFC 7162 §4 asks servers for lines of 8192."""

_APPEND_LIMIT: Final = "APPENDLIMIT="
_MESSAGE_LIMIT: Final = "MESSAGELIMIT="
_LONGEST_NUMBER: Final = 19


def append_limit(capabilities: Set[str]) -> int | None:
    """Return the largest message a server takes, in octets (RFC 7889 §2).

    None if it does not say: ``APPENDLIMIT`` without a number means that each
    mailbox has a limit of its own, which STATUS tells.
    """
    return _number(capabilities, _APPEND_LIMIT)


def message_limit(capabilities: Set[str]) -> int | None:
    """Return the most messages a command may be about (RFC 9738 §3.1).

    None if the server does not say.
    """
    return _number(capabilities, _MESSAGE_LIMIT) or None


def _number(capabilities: Set[str], prefix: str) -> int | None:
    for name in capabilities:
        digits = name.removeprefix(prefix)
        if digits != name and digits.isdecimal() and len(digits) <= _LONGEST_NUMBER:
            return int(digits)
    return None
