"""Telling from an error that there are too many connections, and whose."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from ..errors import IMAPAuthenticationError, IMAPConnectError, IMAPConnectionError

# "Too many simultaneous connections" (Gmail), "Maximum number of connections from
# user+IP exceeded" (Dovecot), "Maximum connection limit reached" (Courier),
# "Too many open connections for this user" (Cyrus).
_TOO_MANY: Final = re.compile(
    r"too many (\w+ ){0,3}(connections|sessions)"
    r"|max(imum)? (number of )?(\w+ ){0,2}connections?\b.*\b(exceeded|reached)"
    r"|connection limit|(connections|sessions) (limit )?exceeded"
)
_LONGEST: Final = 1000
"""Characters that are looked at: to search more takes more than linear time."""

_OF_ADDRESS: Final = re.compile(r"\b(ip|address|host)\b")
_OF_USER: Final = re.compile(r"\b(user|account|mailbox)\b")


class TooMany(Enum):
    """Too many connections of what."""

    ACCOUNT = "account"
    HOST = "host"


def is_in_login(error: IMAPConnectionError) -> bool:
    """Return whether *error* came when the server knew already who wanted in."""
    return error.message.startswith(
        ("logging in", "starting compression", "the token provider")
    )


def too_many(error: BaseException) -> TooMany | None:
    """Return of what there are too many connections; None if it is not about that.

    ``[LIMIT]`` alone does not tell: Yahoo says it of logins that come too fast.
    """
    if isinstance(error, IMAPAuthenticationError):
        text = error.text[:_LONGEST].lower()
        is_known_user = True
    elif isinstance(error, IMAPConnectError):
        text = error.message[:_LONGEST].lower()
        is_known_user = is_in_login(error)
    else:
        return None
    if not _TOO_MANY.search(text):
        return None
    if _OF_USER.search(text):
        return TooMany.ACCOUNT
    if not is_known_user or _OF_ADDRESS.search(text):
        return TooMany.HOST
    return TooMany.ACCOUNT


def is_throttled(error: Exception) -> bool:
    """Return whether *error* says that logins come too fast, or are too many."""
    if too_many(error) is not None:
        return True
    if not isinstance(error, IMAPAuthenticationError | IMAPConnectError):
        return False
    is_limit = isinstance(error, IMAPAuthenticationError) and error.code in {
        "LIMIT",
        "THROTTLED",
    }
    return is_limit or error.retry_after is not None
