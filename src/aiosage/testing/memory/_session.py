"""One client's session: reads commands, runs them in turn, tells the news.

The states are those of RFC 9051 §3: not authenticated (no account), then
authenticated (no view), then selected (a view), and logout.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ._account import MemoryAccount
from ._capability import Capabilities
from ._refusal import Bad
from ._stream import ClientStream
from ._view import View

_CHUNK: Final = 64 * 1024  # octets of a long answer sent at once
_SLICE: Final = 0.005  # seconds of work before other tasks may run


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """What all sessions of a server share."""

    find_account: Callable[[str], MemoryAccount | None]
    capabilities: Capabilities
    on_command: Callable[[str], None]
    ssl_context: ssl.SSLContext | None
    max_line: int  # octets of a command, without its messages
    max_message: int  # octets of all messages in one command


class Session:
    """What one client has logged in to and selected, and what it is told."""

    def __init__(self, stream: ClientStream, settings: SessionSettings) -> None:
        self.stream = stream
        self.settings = settings
        self.view: View | None = None
        self.condstore = False  # the client knows mod-sequences (RFC 7162 §3.1)
        self.is_over = False
        self.tag = b"*"  # of the command being run
        self._account: MemoryAccount | None = None
        self._pieces: list[bytes] = []  # written, but not sent
        self._size = 0
        self._slice_end = 0.0
        self._is_idle = False
        self._is_push_due = False
        stream.on_writable = self._on_change

    # State.

    @property
    def is_authenticated(self) -> bool:
        """Whether a user is logged in."""
        return self._account is not None

    @property
    def account(self) -> MemoryAccount:
        """The account logged in to."""
        if self._account is None:
            raise Bad("Please log in first")
        return self._account

    @property
    def selected(self) -> View:
        """The selected mailbox."""
        if self.view is None:
            raise Bad("No mailbox selected")
        return self.view

    def offers(self, capability: str) -> bool:
        """Return whether *capability* is in force."""
        return self.settings.capabilities.offers(capability)

    def require(self, capability: str, what: str) -> None:
        """Refuse *what* unless *capability* is in force."""
        if not self.offers(capability):
            raise Bad(f"{what} is not supported")

    @property
    def capability_list(self) -> bytes:
        """The capabilities to announce now."""
        capabilities = self.settings.capabilities
        if self.is_authenticated:
            return capabilities.after_login()
        return capabilities.before_login(is_encrypted=self.stream.is_encrypted)

    def log_in(self, account: MemoryAccount) -> None:
        """Enter the authenticated state."""
        self._account = account

    def log_out(self) -> None:
        """Return to the not authenticated state."""
        self.unselect()
        self._account = None
        self.condstore = False

    def select(self, name: str, *, read_only: bool) -> View:
        """Select the mailbox *name*; refuse if there is none."""
        mailbox = self.account.require(name)
        self.view = View(mailbox, read_only=read_only, on_change=self._on_change)
        return self.view

    def unselect(self) -> None:
        """Leave the selected state, if it is that."""
        if self.view is not None:
            self.view.close()
            self.view = None

    def enable_condstore(self) -> None:
        """Tell mod-sequences from now on (RFC 7162 §3.1)."""
        self.require("CONDSTORE", "CONDSTORE")
        if not self.condstore:
            self.condstore = True
            if self.view is not None:
                modseq = self.view.mailbox.highestmodseq
                self.write(b"* OK [HIGHESTMODSEQ %d] Highest\r\n" % modseq)

    # Telling.

    def write(self, data: bytes) -> None:
        """Add *data*, whole responses, to what is sent next."""
        self._pieces.append(data)
        self._size += len(data)

    def write_all(self, responses: Iterable[bytes]) -> None:
        """Add *responses* to what is sent next."""
        for response in responses:
            self.write(response)

    def write_updates(self, *, expunges: bool = True) -> None:
        """Tell what happened to the selected mailbox."""
        if self.view is not None and not self.view.is_closed:
            self.write_all(
                self.view.updates(condstore=self.condstore, expunges=expunges)
            )

    async def flush(self) -> None:
        """Send what was written, and wait until there is room for more."""
        data, self._pieces, self._size = b"".join(self._pieces), [], 0
        if data:
            self.stream.write(data)
        await self.stream.drain()
        self._slice_end = asyncio.get_running_loop().time() + _SLICE

    async def breathe(self) -> None:
        """Call this often in long work: it sends, and lets other tasks run."""
        if self._size >= _CHUNK or asyncio.get_running_loop().time() >= self._slice_end:
            await self.flush()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Send what was written, then negotiate TLS."""
        data, self._pieces, self._size = b"".join(self._pieces), [], 0
        if data:
            self.stream.write(data)
        await self.stream.start_tls(context)

    def say_bye(self, text: str) -> None:
        """Send BYE with *text* and close the connection; nothing waits."""
        self.is_over = True
        if not self.stream.is_closing:
            self.stream.write(b"* BYE " + text.encode() + b"\r\n")
        self.stream.close()

    # IDLE (RFC 2177): news is sent as it happens, not by a task but by whoever
    # makes it; a client that does not read is told later, and all at once.

    async def idle(self) -> bytes:
        """Tell the news until the client sends a line; return that."""
        self._is_idle = True
        try:
            self._push()
            return await self.stream.read_line(self.settings.max_line)
        finally:
            self._is_idle = False

    def _on_change(self) -> None:
        if self._is_idle and not self._is_push_due:
            # After what is happening now, so that one change is one message.
            self._is_push_due = True
            asyncio.get_running_loop().call_soon(self._push)

    def _push(self) -> None:
        self._is_push_due = False
        if not self._is_idle or self.view is None or not self.stream.is_writable:
            return
        if self.view.is_closed:
            self.say_bye(MAILBOX_GONE)
            return
        updates = self.view.updates(condstore=self.condstore, expunges=True)
        if data := b"".join(updates):
            self.stream.write(data)


MAILBOX_GONE: Final = "Selected mailbox was deleted or renamed, have to disconnect."
