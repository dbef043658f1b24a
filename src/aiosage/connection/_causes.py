"""What can end a session, as the errors that its commands fail with."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import (
    IMAPConnectionLost,
    IMAPGreetingError,
    IMAPProtocolError,
    IMAPTimeoutError,
    suggested_delay,
)
from ..wire import Status
from ._pending import Pending
from ._referral import referral_in


def no_greeting() -> IMAPProtocolError:
    """Something else came first."""
    return IMAPProtocolError(
        "the server's first words are not an IMAP greeting",
        hint="Is this the port of an IMAP server?",
    )


def refused(greeting: Status) -> IMAPGreetingError:
    """The greeting is BYE."""
    error = IMAPGreetingError(
        f"the server refused the session: {greeting.text}",
        hint="Try again later, or with fewer connections.",
    )
    error.retry_after = suggested_delay(greeting.text)
    error.referral = referral_in(greeting)
    if error.referral is not None:
        error.hint = f"The account is on {error.referral.host}."
    return error


def injected() -> IMAPProtocolError:
    """There is something in the clear behind the answer to STARTTLS."""
    return IMAPProtocolError(
        "the server sent data between STARTTLS and TLS",
        hint="Somebody may be injecting it; do not use this network.",
    )


def said_bye(text: str) -> IMAPConnectionLost:
    """The server has said so."""
    error = IMAPConnectionLost(f"the server ended the session: {text}")
    error.retry_after = suggested_delay(text)
    return error


def lost(exc: Exception | None) -> IMAPConnectionLost:
    """The socket was closed by the other side, or broke by *exc*."""
    if exc is None:
        return IMAPConnectionLost("the server closed the connection")
    error = IMAPConnectionLost(f"the connection was lost: {exc}")
    error.__cause__ = exc
    return error


def too_large(pending: Pending, limit: int) -> IMAPProtocolError:
    """The answer to a command is more than may be held."""
    return IMAPProtocolError(
        f"the answer to {pending.command.name} is larger than the"
        f" {limit} octets allowed",
        hint="Ask for less at once, or raise the connection's limits.",
    )


def half_sent(pending: Pending) -> IMAPConnectionLost:
    """The server waits for the rest of a command that nobody wants any more."""
    return IMAPConnectionLost(f"{pending.command.name} was cancelled half sent")


def done_unseen(pending: Pending) -> IMAPProtocolError:
    """The server says it has carried out what it has not been told in full."""
    return IMAPProtocolError(
        f"the server says OK to {pending.command.name}, of which it has only a part"
    )


def drained_too_long(pending: Pending, seconds: float) -> IMAPConnectionLost:
    """A cancelled command goes on and on."""
    return IMAPConnectionLost(
        f"a cancelled {pending.command.name} did not end within {seconds:g} s"
    )


def drained_too_much(pending: Pending, octets: int) -> IMAPConnectionLost:
    """A cancelled command is answered at length."""
    return IMAPConnectionLost(
        f"the answer to a cancelled {pending.command.name} is larger"
        f" than {octets} octets"
    )


def silent(seconds: float, commands: Iterable[Pending]) -> IMAPTimeoutError:
    """Nothing came, though *commands* wait for it."""
    names = ", ".join(pending.command.name for pending in commands)
    return IMAPTimeoutError(
        f"the server sent nothing for {seconds:g} s during {names}",
        seconds=seconds,
        hint="Connect again; raise read_timeout if the server is that slow.",
    )
