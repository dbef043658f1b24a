"""What servers say when there are too many connections."""

from __future__ import annotations

import time

import pytest

from aiosage import (
    IMAPAuthenticationError,
    IMAPConnectError,
    IMAPConnectionLost,
    IMAPGreetingError,
)
from aiosage.pool._refusals import TooMany, too_many


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Too many simultaneous connections. (Failure)", TooMany.ACCOUNT),  # Gmail
        (
            "Maximum number of connections from user+IP exceeded (...)",  # Dovecot
            TooMany.ACCOUNT,
        ),
        ("Too many open connections for this user", TooMany.ACCOUNT),  # Cyrus
        ("Too many connections from your IP address", TooMany.HOST),
        ("LOGIN Rate limit hit.", None),  # Yahoo, with [LIMIT]
        ("Authentication failed.", None),
        ("Too many failed logins", None),
    ],
)
def test_a_refused_login_tells_of_what_there_are_too_many(
    text: str, reason: TooMany | None
) -> None:
    error = IMAPAuthenticationError("refused", code="LIMIT", text=text)
    assert too_many(error) is reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            IMAPGreetingError(
                "waiting for the greeting of h:993: the server refused the session:"
                " Too many connections"
            ),
            TooMany.HOST,  # it does not know yet who comes
        ),
        (
            IMAPConnectError(
                "logging in to h:993: the server ended the session:"
                " Too many connections"
            ),
            TooMany.ACCOUNT,
        ),
        (IMAPConnectError("h:993 refused the connection"), None),
        (
            IMAPConnectionLost("the server ended the session: Too many connections"),
            None,
        ),
        (ValueError("Too many connections"), None),
    ],
)
def test_so_does_a_session_that_did_not_come_about(
    error: Exception, reason: TooMany | None
) -> None:
    assert too_many(error) is reason


def test_a_refusal_of_any_length_is_read_at_once() -> None:
    """A line of a server may have 16 MiB, and this one made the expression go back."""
    text = "max connections " * 2**20
    begin = time.process_time()
    assert too_many(IMAPConnectError(text)) is None
    assert time.process_time() - begin < 1
