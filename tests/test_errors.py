"""Errors carry fields, say what to do, survive pickling, and show no secret."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from aioimaplib import Abort

from aiosage import (
    CircuitOpen,
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPError,
    IMAPGreetingError,
    IMAPMailboxError,
    IMAPMessageError,
    IMAPOperationError,
    IMAPPoolClosed,
    IMAPPoolTimeout,
    IMAPProtocolError,
    IMAPProxyError,
    IMAPQuotaError,
    IMAPSearchError,
    IMAPTimeoutError,
    IMAPTLSError,
    IMAPWatchEnded,
    Secret,
    StoreError,
    UIDValidityChanged,
)
from aiosage.errors import refusal, suggested_delay

EXAMPLES: list[tuple[IMAPError, dict[str, object]]] = [
    (IMAPConnectError("m", hint="h"), {"message": "m", "hint": "h"}),
    (IMAPProxyError("m"), {"message": "m", "hint": ""}),
    (IMAPTLSError("m"), {"message": "m", "hint": ""}),
    (IMAPGreetingError("m"), {"message": "m"}),
    (IMAPConnectionLost("m", maybe_executed=True), {"maybe_executed": True}),
    (
        IMAPTimeoutError("m", seconds=3.5, maybe_executed=True),
        {"seconds": 3.5, "maybe_executed": True},
    ),
    (IMAPProtocolError("m", offset=7), {"offset": 7}),
    (
        IMAPAuthenticationError("m", code="UNAVAILABLE", text="t", retryable=True),
        {"code": "UNAVAILABLE", "text": "t", "retryable": True},
    ),
    (
        IMAPMailboxError("SELECT", "NO", "NONEXISTENT", "gone", hint="h"),
        {"command": "SELECT", "status": "NO", "code": "NONEXISTENT", "text": "gone"},
    ),
    (IMAPCapabilityError("m", capability="MOVE"), {"capability": "MOVE"}),
    (
        UIDValidityChanged("INBOX", 1, 2),
        {"mailbox": "INBOX", "expected": 1, "actual": 2},
    ),
    (IMAPConfigurationError(["one", "two"]), {"mistakes": ("one", "two")}),
    (IMAPPoolTimeout("m", seconds=2.0), {"seconds": 2.0}),
    (IMAPPoolClosed("m"), {"message": "m"}),
    (CircuitOpen("host", retry_after=3.0), {"key": "host", "retry_after": 3.0}),
    (IMAPWatchEnded("m"), {"message": "m"}),
    (StoreError("m"), {"message": "m"}),
]


@pytest.mark.parametrize(
    ("error", "expected"), EXAMPLES, ids=lambda value: type(value).__name__
)
def test_an_error_keeps_its_fields_through_pickle_and_copy(
    error: IMAPError, expected: dict[str, object]
) -> None:
    """They cross processes, and are copied for each command that waits."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert {name: getattr(again, name) for name in expected} == expected


def test_every_error_has_an_example_here() -> None:
    def below(cls: type[IMAPError]) -> set[type[IMAPError]]:
        return {cls}.union(*map(below, cls.__subclasses__()))

    shown = {type(error) for error, _ in EXAMPLES}
    of_one_kind = {
        IMAPOperationError,
        IMAPSearchError,
        IMAPMessageError,
        IMAPQuotaError,
    }
    ours = {
        cls
        for cls in below(IMAPError)
        if cls.__module__.startswith("aiosage.") and not cls.__name__.startswith("_")
    }
    assert ours - shown == {IMAPError, IMAPConnectionError, *of_one_kind}


def test_what_is_said_ends_with_what_to_do() -> None:
    assert str(IMAPConnectError("no way", hint="Check it.")) == "no way. Check it."
    assert str(IMAPConnectError("no way")) == "no way"
    told = str(IMAPOperationError("UID MOVE", "NO", "OVERQUOTA", "It is full."))
    assert told == "UID MOVE: NO [OVERQUOTA] It is full"


def test_handlers_written_for_others_catch_them() -> None:
    """Aioimaplib's Abort, and what the standard library would raise."""
    assert issubclass(IMAPConnectionError, Abort)
    assert issubclass(IMAPTimeoutError, TimeoutError)
    assert issubclass(IMAPPoolTimeout, TimeoutError)
    assert issubclass(IMAPConfigurationError, ValueError)


@pytest.mark.parametrize(
    ("command", "code", "expected"),
    [
        ("SELECT", None, IMAPMailboxError),
        ("UID COPY", "TRYCREATE", IMAPMailboxError),
        ("UID COPY", None, IMAPOperationError),
        ("APPEND", "OVERQUOTA", IMAPQuotaError),
        ("APPEND", "TOOBIG", IMAPMessageError),
        ("APPEND", None, IMAPMessageError),
        ("UID SEARCH", None, IMAPSearchError),
        ("UID SEARCH", "BADCHARSET", IMAPSearchError),
        ("UID FETCH", "X-UNKNOWN", IMAPMessageError),
        ("UID SEARCH", "UNDEFINED-FILTER", IMAPSearchError),
        ("UID STORE", "MODIFIED", IMAPMessageError),
        ("SETMETADATA", "METADATA", IMAPMailboxError),
        ("UID STORE", "READ-ONLY", IMAPMailboxError),
        ("NOOP", "ALERT", IMAPOperationError),
    ],
)
def test_a_refusal_is_of_the_class_that_says_what_to_do(
    command: str, code: str | None, expected: type[IMAPOperationError]
) -> None:
    """By response code first, then by command (RFC 5530 §3)."""
    assert type(refusal(command, "NO", code, "text")) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("UNAVAILABLE", True), ("THROTTLED", True), ("OVERQUOTA", False), (None, False)],
)
def test_what_is_temporary_may_be_tried_again(code: str | None, expected: bool) -> None:
    assert refusal("UID FETCH", "NO", code, "text").retryable is expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        ("suggested backoff time: 1500.25 milliseconds.", 1.5),
        ("Suggested Backoff Time: soon", None),
        (f"Suggested Backoff Time: {'9' * 5000} milliseconds", None),
        ("done", None),
    ],
)
def test_the_wait_that_exchange_asks_for_is_read(
    text: str, seconds: float | None
) -> None:
    """It has no response code for it; a number that is none stays text."""
    assert suggested_delay(text) == seconds
    error = refusal("UID FETCH", "BAD", None, text)
    assert error.retry_after == seconds
    assert error.retryable is (seconds is not None)
    login = IMAPAuthenticationError("m", text=text)
    assert pickle.loads(pickle.dumps(login)).retry_after == seconds


PASSWORD = "pa55w0rd"


@pytest.mark.parametrize(
    "url",
    [
        f"imaps://jane:{PASSWORD}/x@example.org",
        f"imaps://jane:{PASSWORD}?x@example.org",
        f"imaps://jane:{PASSWORD}#x@example.org",
        f"imaps://jane:{PASSWORD}@[example.org",
        f"ftp://jane:{PASSWORD}@example.org",
        f"imaps://jane:{PASSWORD}@example.org:99999",
        f"imaps://jane:{PASSWORD}@example.org?security=none",
    ],
)
def test_a_malformed_url_does_not_show_its_password(url: str) -> None:
    """What Python takes for the port may be a piece of it."""
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig.from_url(url)

    assert PASSWORD not in str(caught.value) + repr(caught.value)
    assert PASSWORD.encode() not in pickle.dumps(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_password_file_that_is_no_text_does_not_show_it(tmp_path: Path) -> None:
    """The error of the decoder carries the octets it could not decode."""
    file = tmp_path / "password"
    file.write_bytes(PASSWORD.encode() + b"\xff\n")
    with pytest.raises(IMAPConfigurationError, match="UTF-8") as caught:
        ConnectionConfig.from_env(environ={"AIOSAGE_PASSWORD_FILE": str(file)})

    assert PASSWORD.encode() not in pickle.dumps(caught.value)
    assert caught.value.__cause__ is None


def test_a_port_that_only_looks_like_a_number_is_a_mistake() -> None:
    """``"²".isdigit()`` is true."""
    with pytest.raises(IMAPConfigurationError, match="AIOSAGE_PORT"):
        ConnectionConfig.from_env(
            environ={
                "AIOSAGE_HOST": "h",
                "AIOSAGE_USERNAME": "u",
                "AIOSAGE_PORT": "²",
            }
        )


def test_a_config_never_shows_its_password() -> None:
    config = ConnectionConfig(host="h", username="u", password=Secret(PASSWORD))

    assert PASSWORD not in f"{config} {config!r} {config.password} {config.account}"
