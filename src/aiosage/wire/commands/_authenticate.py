"""Logging in by SASL (RFC 9051 §6.2.2, RFC 4422) and logging out of it alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ...errors import IMAPProtocolError
from ...model import Secret
from .._encoder import Encoder
from ..responses import Status, Untagged
from ._command import LOGGED_IN, Command, SessionState, SimpleCommand


class SaslClient(Protocol):
    """One run of a SASL mechanism, as `Authenticate` drives it."""

    @property
    def name(self) -> str:
        """As ``AUTH=`` announces it."""
        ...

    @property
    def failure(self) -> str:
        """Why the run is no success, whatever the server says; empty if it may be."""
        ...

    def begin(self) -> bytes | None:
        """Return the initial response; None if the server speaks first."""
        ...

    def answer(self, challenge: bytes) -> bytes | None:
        """Return the answer to *challenge*; None to give the run up."""
        ...


@dataclass(frozen=True, slots=True)
class Authenticate(Command[None]):
    """Log in by SASL.

    The session hands each ``+`` to `answer` and sends what that returns.

    Attributes:
        mechanism: a run of it, which has not begun.
        initial_response: say it with the command, as SASL-IR allows (RFC 4959).
    """

    mechanism: SaslClient
    initial_response: bool

    name: ClassVar = "AUTHENTICATE"
    states: ClassVar = frozenset({SessionState.NOT_AUTHENTICATED})
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the mechanism, and the initial response where it may be."""
        to.keyword(self.name).keyword(self.mechanism.name)
        if self.initial_response and (first := self.mechanism.begin()) is not None:
            # "=" is how an empty one is told from none (RFC 4959 §3).
            text = base64.b64encode(first).decode("ascii") or "="
            to.astring(Secret(text))

    def answer(self, challenge: bytes) -> bytes:
        """Return the line that answers ``+ challenge``, without CRLF."""
        # Some servers write it for people: "+ Username:", "+ go ahead".
        with suppress(binascii.Error):
            challenge = base64.b64decode(challenge, validate=True)
        answer = self.mechanism.answer(challenge)
        return b"*" if answer is None else base64.b64encode(answer)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none.

        Raises:
            IMAPProtocolError: the server said OK before the run was complete, so
                it has not proved what it had to.
        """
        if self.mechanism.failure:
            raise IMAPProtocolError(self.mechanism.failure)


@dataclass(frozen=True, slots=True)
class Unauthenticate(SimpleCommand):
    """Log out, and keep the connection for another user (RFC 8437 §2)."""

    name: ClassVar = "UNAUTHENTICATE"
    states: ClassVar = LOGGED_IN
    requires: ClassVar = "UNAUTHENTICATE"
    exclusive: ClassVar = True
