"""Where OAuth 2.0 access tokens come from, and what is known of the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..model import Secret


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """For whom a token is wanted.

    Attributes:
        host: the server.
        port: its port.
        username: who logs in.
        refused: the token the server does not take any more, so that one in a
            cache is not given again; None if none was refused.
    """

    host: str
    port: int
    username: str
    refused: Secret | None = None


TokenProvider: TypeAlias = Callable[[TokenRequest], Awaitable[str | Secret]]
"""Gives the access token when a session is opened. It should keep the token as
long as that is valid, and get another when the request names it as refused."""


@dataclass(slots=True)
class TokenMemory:
    """What the sessions of one account tell the next one.

    Attributes:
        expired: the token of a session that ended because it had expired.
    """

    expired: Secret | None = None


def tells_of_expiry(bye: str) -> bool:
    """Return whether a session ended because its token expired.

    Exchange Online says ``* BYE Session invalidated - AccessTokenExpired``.
    """
    return "accesstokenexpired" in bye.lower()
