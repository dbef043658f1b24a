"""Every exception aiosage raises, grouped by what the caller can do next.

::

    IMAPError
      IMAPConnectionError            open another connection
        IMAPConnectError             never got a session: DNS, TCP
          IMAPProxyError             not through the proxy
          IMAPTLSError               not over TLS: certificate, STARTTLS
          IMAPGreetingError          not with this server: BYE, or not IMAP
        IMAPConnectionLost           closed, reset or BYE; see .maybe_executed
        IMAPTimeoutError             no progress within the deadline
        IMAPProtocolError            the server sent what is not IMAP
      IMAPAuthenticationError        credentials refused
      IMAPOperationError             NO or BAD; the connection is still good
        IMAPMailboxError             this mailbox: missing, exists, forbidden
        IMAPSearchError              this search
        IMAPMessageError             this message: too big, gone
        IMAPQuotaError               no room
      IMAPCapabilityError            the server cannot do this
      UIDValidityChanged             forget cached UIDs and resynchronise
      IMAPConfigurationError         every mistake in the settings, at once
      IMAPPoolTimeout                no connection came free in time
      IMAPPoolClosed                 the pool or client is closed
      CircuitOpen                    it failed too often; not tried for a while
      IMAPWatchEnded                 the watch is over: no more events come
      StoreError                     the mirror on disk cannot be used

``IMAPConnectionError`` is also an ``aioimaplib.Abort`` and ``IMAPTimeoutError``
a ``TimeoutError``, so handlers written for aioimaplib catch them. Errors carry
fields, no credentials and no message bodies, and survive pickling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Referral

    # aioimaplib carries no types; this says what its exception is.
    class Abort(Exception):
        """The connection can no longer be used."""

else:
    from aioimaplib import Abort


class IMAPError(Exception):
    """Anything that went wrong in aiosage.

    Attributes:
        message: what happened.
        hint: what to do about it; empty if there is nothing to say.
        partial: what had been done before, in the type that the call returns;
            None if it had not begun, or does all or nothing.
        retry_after: seconds to wait before trying again; None if nobody said.
    """

    partial: object = None
    retry_after: float | None = None

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message.rstrip(' .')}. {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(
    cls: type[IMAPError], args: tuple[object, ...], fields: dict[str, object]
) -> IMAPError:
    """Restore a pickled error, whatever its constructor takes."""
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(fields)
    return error


class IMAPConnectionError(IMAPError, Abort):
    """The connection is of no more use: open another.

    Attributes:
        maybe_executed: whether the server may have carried out the command
            that was under way. If False, sending it again is safe.
    """

    maybe_executed: bool = False


class IMAPConnectError(IMAPConnectionError):
    """No session came about: name lookup, TCP, TLS or the greeting failed.

    Attributes:
        referral: where the server says to go instead (RFC 2221 §4.2); None if it
            does not.
    """

    referral: Referral | None = None


class IMAPProxyError(IMAPConnectError):
    """The proxy cannot be reached, refuses, or cannot reach the server."""


class IMAPTLSError(IMAPConnectError):
    """TLS could not be had, or the server's certificate is not trusted."""


class IMAPGreetingError(IMAPConnectError):
    """Instead of a welcome came BYE, something that is not IMAP, or the end."""


class IMAPConnectionLost(IMAPConnectionError):
    """The session ended: closed, reset, or the server said BYE."""

    def __init__(
        self, message: str, *, hint: str = "", maybe_executed: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.maybe_executed = maybe_executed


class IMAPTimeoutError(IMAPConnectionError, TimeoutError):
    """The server made no progress within the deadline.

    Attributes:
        seconds: the deadline that passed.
    """

    def __init__(
        self,
        message: str,
        *,
        seconds: float,
        hint: str = "",
        maybe_executed: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds
        self.maybe_executed = maybe_executed


class IMAPProtocolError(IMAPConnectionError):
    """The server sent octets that are not IMAP, or more than the limits allow.

    Attributes:
        offset: where in the response it went wrong, in octets; None if unknown.
    """

    def __init__(
        self, message: str, *, offset: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset


class IMAPAuthenticationError(IMAPError):
    """The server refused the credentials.

    Attributes:
        code: response code such as ``AUTHENTICATIONFAILED`` (RFC 5530 §3).
        text: what the server said.
        retryable: whether the same credentials may work later, as when the
            server answered UNAVAILABLE.
        details: what the server told beyond that, by name, when it refused an
            OAuth 2.0 token: ``status``, ``scope``, ``schemes`` (RFC 7628 §3.2.2).
        referral: the server where the user's mailboxes are (RFC 2221 §4.1); None
            if this one tells of none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        text: str = "",
        retryable: bool = False,
        details: Mapping[str, str] | None = None,
        referral: Referral | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.text = text
        self.retry_after = suggested_delay(text)
        self.retryable = retryable
        self.referral = referral
        self.details = dict(details or {})


class IMAPOperationError(IMAPError):
    """The server refused a command: tagged NO or BAD (RFC 9051 §7.1).

    The connection is still good: change the request, not the connection.

    Attributes:
        command: name of the command, such as ``UID MOVE``.
        status: ``NO`` or ``BAD``.
        code: response code such as ``NONEXISTENT``, to compare with those of
            `ResponseCode`; None if there was none.
        text: what the server said.
        codes: the same code with what it carries, as a value of `aiosage.wire` such
            as `ModifiedCode`, and those it told before it refused: a MOVE that was
            done in part has a `CopyUidCode`.
    """

    def __init__(
        self,
        command: str,
        status: str,
        code: str | None,
        text: str,
        *,
        codes: tuple[object, ...] = (),
        hint: str = "",
    ) -> None:
        told = f"[{code}] {text}" if code else text
        super().__init__(f"{command}: {status} {told}".rstrip(" ."), hint=hint)
        self.retry_after = suggested_delay(text)
        self.command = command
        self.status = status
        self.code = code
        self.text = text
        self.codes = codes

    @property
    def retryable(self) -> bool:
        """Whether the same may work later, by what the server says (RFC 5530 §3)."""
        return self.code in _TEMPORARY or self.retry_after is not None


class IMAPMailboxError(IMAPOperationError):
    """The mailbox is missing, exists already, or is not for this user.

    Attributes:
        is_missing: whether there is no such mailbox; None if that is not known. A
            server may say so by a code (NONEXISTENT, TRYCREATE); of one that does
            not, such as Dovecot when one is opened, the services find it out.
    """

    is_missing: bool | None = None

    def __init__(
        self,
        command: str,
        status: str,
        code: str | None,
        text: str,
        *,
        codes: tuple[object, ...] = (),
        hint: str = "",
    ) -> None:
        super().__init__(command, status, code, text, codes=codes, hint=hint)
        if code is not None:
            self.is_missing = code in _MISSING


class IMAPSearchError(IMAPOperationError):
    """The server cannot search like this."""


class IMAPMessageError(IMAPOperationError):
    """The message is too big, unacceptable or no longer there."""


class IMAPQuotaError(IMAPOperationError):
    """The account has no room left (OVERQUOTA, RFC 9208 §4.2.1)."""


class IMAPCapabilityError(IMAPError):
    """The server cannot do this.

    Attributes:
        capability: what it would have to announce, such as ``MOVE``.
    """

    def __init__(self, message: str, *, capability: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.capability = capability


class UIDValidityChanged(IMAPError):
    """The UIDs belong to an earlier life of the mailbox (RFC 9051 §2.3.1.1).

    Forget what is cached under the old UIDVALIDITY and synchronise again.

    Attributes:
        mailbox: its name.
        expected: the UIDVALIDITY the UIDs belong to.
        actual: the UIDVALIDITY of the mailbox now.
    """

    def __init__(self, mailbox: str, expected: int, actual: int) -> None:
        super().__init__(
            f"UIDVALIDITY of {mailbox!r} is {actual}, the messages belong to"
            f" {expected}",
            hint="Search the mailbox again: its old UIDs mean nothing now.",
        )
        self.mailbox = mailbox
        self.expected = expected
        self.actual = actual


class IMAPConfigurationError(IMAPError, ValueError):
    """The settings are wrong.

    Attributes:
        mistakes: every mistake found, one sentence each.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class IMAPPoolTimeout(IMAPError, TimeoutError):
    """No connection of the pool came free in time.

    Attributes:
        seconds: how long was waited.
        size: connections the pool had, or was opening.
        busy: of these, those in use.
        waiting: callers who went on waiting.
    """

    def __init__(
        self,
        message: str,
        *,
        seconds: float,
        size: int = 0,
        busy: int = 0,
        waiting: int = 0,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds
        self.size = size
        self.busy = busy
        self.waiting = waiting


class IMAPPoolClosed(IMAPError):
    """The pool, or the client it belongs to, is closed."""


class CircuitOpen(IMAPError):
    """It was not tried, since it has failed again and again just now.

    Attributes:
        key: what of, such as the name of a host.
    """

    def __init__(self, key: object, *, retry_after: float) -> None:
        super().__init__(
            f"{key} failed too often: not tried for another {retry_after:.0f} s"
        )
        self.key = key
        self.retry_after = retry_after


class IMAPWatchEnded(IMAPError):
    """The watch is over, and all its events have been taken."""


class StoreError(IMAPError):
    """A store of mirrored mail cannot be opened, read or written."""


# Exchange Online says this in BAD, NO and BYE when it throttles.
_SUGGESTED = re.compile(
    r"Suggested Backoff Time: ?(\d{1,9})(?:\.\d+)? ?milliseconds", re.IGNORECASE
)


def suggested_delay(text: str) -> float | None:
    """Return the seconds to wait that the server asks for in *text*, if it does."""
    found = _SUGGESTED.search(text)
    return int(found[1]) / 1000 if found else None


_TEMPORARY = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "TEMPFAIL", "THROTTLED"})
_MISSING = frozenset({"NONEXISTENT", "TRYCREATE"})
_BY_CODE: dict[str | None, type[IMAPOperationError]] = {
    **dict.fromkeys(
        (
            *("NONEXISTENT", "TRYCREATE", "ALREADYEXISTS", "NEWNAME", "HASCHILDREN"),
            *("NOPERM", "CANNOT", "USEATTR", "READ-ONLY", "METADATA"),
        ),
        IMAPMailboxError,
    ),
    **dict.fromkeys(
        (
            *("BADCHARSET", "BADCOMPARATOR", "NOTSAVED", "NOUPDATE"),
            "UNDEFINED-FILTER",
        ),
        IMAPSearchError,
    ),
    **dict.fromkeys(
        (
            *("TOOBIG", "EXPUNGEISSUED", "UNKNOWN-CTE", "BADURL", "MODIFIED"),
            *("ANNOTATE", "MAXCONVERTMESSAGES", "MAXCONVERTPARTS"),
        ),
        IMAPMessageError,
    ),
    "OVERQUOTA": IMAPQuotaError,
}
_BY_COMMAND: dict[str, type[IMAPOperationError]] = {
    "SELECT": IMAPMailboxError,
    "EXAMINE": IMAPMailboxError,
    "CREATE": IMAPMailboxError,
    "DELETE": IMAPMailboxError,
    "RENAME": IMAPMailboxError,
    "SUBSCRIBE": IMAPMailboxError,
    "UNSUBSCRIBE": IMAPMailboxError,
    "STATUS": IMAPMailboxError,
    "LIST": IMAPMailboxError,
    **dict.fromkeys(("UID SEARCH", "UID SORT", "UID THREAD"), IMAPSearchError),
    "UID FETCH": IMAPMessageError,
    "APPEND": IMAPMessageError,
}


def refusal(
    command: str,
    status: str,
    code: str | None,
    text: str,
    codes: tuple[object, ...] = (),
) -> IMAPOperationError:
    """Return the most specific error for a tagged NO or BAD (RFC 5530 §3)."""
    default = _BY_COMMAND.get(command, IMAPOperationError)
    return _BY_CODE.get(code, default)(command, status, code, text, codes=codes)
