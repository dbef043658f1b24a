"""What is known of a session: its state, and what the server has said of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aioimaplib import aioimaplib

from ..model import Referral
from ..wire import (
    CapabilityCode,
    CapabilityData,
    Dialect,
    EnabledData,
    IdData,
    Status,
    Untagged,
    with_implied,
)
from ..wire.commands import SelectResult, SessionState
from ._states import START

# aioimaplib's names of the states, which its users read.
_STATES: Final = {
    SessionState.NOT_AUTHENTICATED: aioimaplib.NONAUTH,
    SessionState.AUTHENTICATED: aioimaplib.AUTH,
    SessionState.SELECTED: aioimaplib.SELECTED,
    SessionState.LOGOUT: aioimaplib.LOGOUT,
}

_NON_SYNC_MAX: Final = 4096  # octets, of LITERAL- (RFC 7888 §5)


class Session(aioimaplib.IMAP4ClientProtocol):
    """The part of the protocol that does no I/O.

    Attributes:
        state: by aioimaplib's name.
        capabilities: what the server has announced, in upper case.
        session_state: the same, as aiosage has it.
        dialect: how names and strings are written.
        enabled: what the server has said to be enabled, in upper case.
        server_id: what it has said it is.
        referral: where the user's own mailboxes are; None if here.
        selected: the open mailbox; None if none is, or if it is not known which.
    """

    state: str
    capabilities: set[str]

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
    ) -> None:
        # The base means Optional, as its body shows, but does not say so.
        super().__init__(loop, conn_lost_cb)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self.session_state = START
        self.dialect = Dialect()
        self.enabled = set[str]()
        self.server_id: Mapping[str, str | None] = {}
        self.referral: Referral | None = None
        self.selected: SelectResult | None = None

    @property
    def offered(self) -> frozenset[str]:
        """What the server can do: what it has announced, and what that implies."""
        return with_implied(self.capabilities, self.dialect)

    def non_sync_max(self) -> int | None:
        """Return the largest literal that may go without asking (RFC 7888)."""
        if "LITERAL+" in self.capabilities:
            return None
        return _NON_SYNC_MAX if "LITERAL-" in self.offered else 0

    def _enter(self, state: SessionState) -> None:
        self.session_state = state
        self.state = _STATES[state]
        if state is not SessionState.SELECTED:
            self.selected = None

    def _note(self, response: Untagged | Status) -> None:
        """Note what *response* says of the session."""
        self._note_capabilities(response)
        if isinstance(response, EnabledData):
            self.enabled |= response.names
            self._choose_dialect()
        elif isinstance(response, IdData):
            self.server_id = response.fields

    def _note_capabilities(self, response: Untagged | Status) -> None:
        if isinstance(response, CapabilityData):
            self.capabilities = set(response.names)
        elif isinstance(response, Status) and isinstance(response.code, CapabilityCode):
            self.capabilities = set(response.code.names)
        else:
            return
        self._choose_dialect()

    def _choose_dialect(self) -> None:
        """Go on in the dialect that follows from what is announced and enabled."""
        self.dialect = Dialect.of(self.capabilities, self.enabled)

    def _note_unauthenticated(self, status: Status) -> None:
        """Note that nobody is logged in any more (RFC 8437 §3, §4.1).

        What the server can do may be something else now, unless it has just said.
        """
        self.enabled.clear()
        self._choose_dialect()
        self.referral = None
        if not isinstance(status.code, CapabilityCode):
            self.capabilities = set()

    def _forget_cleartext(self) -> None:
        """Forget what was said in the clear: anybody may have said it."""
        self.capabilities = set()
        self.server_id = {}
        self._choose_dialect()
