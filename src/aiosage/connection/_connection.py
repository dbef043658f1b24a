"""`IMAPConnection`: one session, typed commands in, typed results out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from types import TracebackType
from typing import Final, TypeVar

import anyio
import async_timeout

from ..errors import (
    IMAPCapabilityError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPOperationError,
    IMAPProtocolError,
    refusal,
)
from ..model import MessagePart, Referral
from ..wire import Condition, Status
from ..wire.commands import (
    Command,
    Idle,
    Logout,
    Noop,
    Select,
    SelectResult,
    SessionState,
    StartTls,
    StreamSection,
    Unselect,
)
from . import _causes as causes
from ._config import ConnectionConfig
from ._open import open_session
from ._pending import Pending
from ._protocol import IMAPProtocol, Listener, News
from ._stream import SectionStream
from ._trace import Trace

log = logging.getLogger("aiosage.connection")

R = TypeVar("R")

Pace = Callable[[], AbstractAsyncContextManager[None]]

_NO_MAILBOX: Final = "no such mailbox"

CLOSE_GRACE = 5.0
"""Seconds for what must still be said when a connection or IDLE ends."""


class IMAPConnection:
    """One session on one socket.

    Use it as ``async with await IMAPConnection.open(config) as connection``.
    Any number of tasks may call `execute` at once: commands that cannot be
    confused travel together, the others take turns in order.
    """

    def __init__(self, config: ConnectionConfig, protocol: IMAPProtocol) -> None:
        self._config = config
        self._protocol = protocol
        self._mailbox_lock = asyncio.Lock()
        self._pace: Pace | None = None

    @classmethod
    async def open(cls, config: ConnectionConfig) -> IMAPConnection:
        """Connect, secure the connection and log in.

        Cancelling leaves nothing open.

        Raises:
            IMAPConnectError: no session came about.
            IMAPTimeoutError: not within ``config.connect_timeout``.
            IMAPAuthenticationError: the server refused the credentials.
            IMAPCapabilityError: it offers no way to log in that aiosage knows.
        """
        connection = cls(config, await open_session(config))
        log.info("logged in as %s", config.account)
        return connection

    async def __aenter__(self) -> IMAPConnection:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        selected = f", {self.selected.mailbox!r}" if self.selected else ""
        state = "closed" if self.is_closed else self.state.value
        return f"<IMAPConnection {self._config.account}: {state}{selected}>"

    @property
    def config(self) -> ConnectionConfig:
        """What it was opened with."""
        return self._config

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server can do, in upper case.

        It is what the server has announced and what follows from that: IMAP4rev2
        has many extensions in it (RFC 9051 Appendix E).
        """
        return self._protocol.offered

    @property
    def enabled(self) -> frozenset[str]:
        """What is enabled, in upper case, as the server has said (RFC 9051 §7.2.1)."""
        return frozenset(self._protocol.enabled)

    @property
    def server_id(self) -> Mapping[str, str | None]:
        """What the server has said it is, such as its ``name`` (RFC 2971 §3.3).

        It is for people and statistics; empty if nothing was said.
        """
        return self._protocol.server_id

    @property
    def greeting(self) -> str:
        """The text the server began with, for people (RFC 9051 §7.1)."""
        return self._protocol.greeting.result().text

    @property
    def referral(self) -> Referral | None:
        """Where the user's own mailboxes are, if the server says elsewhere."""
        return self._protocol.referral

    @property
    def state(self) -> SessionState:
        """Where the session stands (RFC 9051 §3)."""
        return self._protocol.session_state

    @property
    def selected(self) -> SelectResult | None:
        """The open mailbox as it was when it was opened, by whichever command.

        None if none is open, or if which one is not known, as when opening
        another was cancelled.
        """
        return self._protocol.selected

    @property
    def is_compressed(self) -> bool:
        """Whether COMPRESS is on (RFC 4978)."""
        return self._protocol.is_compressed

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended, for whatever reason."""
        return self._protocol.cause is not None

    @property
    def is_quiet(self) -> bool:
        """Whether no command is under way, not even a cancelled one."""
        return self._protocol.is_quiet

    def supports(self, capability: str) -> bool:
        """Return whether *capability* is one of `capabilities`."""
        return capability.upper() in self._protocol.offered

    def add_listener(self, listener: Listener) -> None:
        """Tell *listener* of untagged data, in order, from now on.

        It is called from within the receive path: it must be quick and must not
        raise. The last thing it hears is the error that ended the session.
        """
        self._protocol.add_listener(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop telling *listener*."""
        self._protocol.remove_listener(listener)

    def trace_to(self, trace: Trace | None, *, literals: bool = False) -> None:
        """Tell *trace* of all that is sent and received from now on.

        Args:
            trace: None to tell nobody any more.
            literals: also what literals hold, such as messages.
        """
        self._protocol.trace_to(trace, literals=literals)

    def pace_by(self, pace: Pace | None) -> None:
        """Have each command sent, and answered, within what *pace* returns.

        Entering that may wait. What keeps the session alive, or ends it, does not:
        NOOP, IDLE and its DONE, LOGOUT. While a command waits, nothing is sent, and
        other commands wait behind it as *pace* likes.

        Args:
            pace: None to send commands at once.
        """
        self._pace = pace

    def _pacing(self, command: Command[object]) -> AbstractAsyncContextManager[None]:
        is_exempt = self.is_closed or isinstance(command, Noop | Logout)
        if self._pace is None or is_exempt:
            return nullcontext()
        return self._paced(self._pace)

    @asynccontextmanager
    async def _paced(self, pace: Pace) -> AsyncGenerator[None]:
        """Enter *pace*, unless the session ends meanwhile: then nothing is sent."""
        async with AsyncExitStack() as pacing:
            with anyio.CancelScope() as waiting:

                def hear(news: News) -> None:
                    if isinstance(news, IMAPConnectionError):
                        waiting.cancel()

                self._protocol.add_listener(hear)
                try:
                    await pacing.enter_async_context(pace())
                finally:
                    self._protocol.remove_listener(hear)
            yield

    async def execute(self, command: Command[R]) -> R:
        """Send *command* and return its result.

        Safe to cancel: a command not sent yet never is; one under way is
        abandoned, and its replies reach nobody. Whether the server has carried
        it out is then not known.

        Raises:
            IMAPOperationError: the server refused it; the session is still good.
            IMAPCapabilityError: the server does not offer it.
            IMAPConnectionError: the session ended.
            ValueError: an argument cannot be sent.
        """
        self._check(command)
        async with self._pacing(command):
            pending = await self._protocol.submit(command)
            return self._result(command, pending)

    def _check(self, command: Command[object]) -> None:
        for group in command.needs():
            if not any(map(self.supports, group)):
                raise IMAPCapabilityError(
                    f"{self._config.address} cannot {command.name}: it does not"
                    f" announce {' or '.join(group)}",
                    capability=group[0],
                )
        if isinstance(command, StartTls):
            raise IMAPOperationError(
                command.name,
                "BAD",
                None,
                "possible only while a session is opened",
                hint="Open it with security='starttls'.",
            )
        if not self.is_closed and self.state not in command.states:
            raise IMAPOperationError(
                command.name,
                "BAD",
                None,
                f"not possible while {self.state.value}",
                hint="Select a mailbox first."
                if SessionState.SELECTED in command.states
                else "",
            )
        if command.uses_numbers and "UIDONLY" in self._protocol.enabled:
            raise IMAPOperationError(  # as the server would (RFC 9586 §3.1)
                command.name,
                "BAD",
                "UIDREQUIRED",
                "messages have no numbers in this session",
                hint="Use the command that goes by UID.",
            )

    def _result(self, command: Command[R], pending: Pending) -> R:
        status = pending.done.result()
        if status.condition is not Condition.OK:
            raise self._refusal(pending, status)
        try:
            if not pending.is_sent and pending.ready is None:  # it is no IDLE
                raise causes.done_unseen(pending)
            return command.result(pending.claimed, status)
        except IMAPProtocolError as error:
            # Whatever it told, it has said OK.
            error.maybe_executed |= pending.is_sent and not command.may_be_repeated
            self._protocol.fail(error)
            raise

    def _refusal(self, pending: Pending, status: Status) -> IMAPOperationError:
        told = [status, *pending.claimed]
        codes = tuple(one.code for one in told if isinstance(one, Status) and one.code)
        return refusal(
            pending.command.name,
            status.condition.value,
            status.code.name if status.code else None,
            status.text,
            codes,
        )

    async def select(self, mailbox: str, *, read_only: bool = False) -> SelectResult:
        """Open *mailbox*, unless it is open already.

        Args:
            mailbox: its name.
            read_only: open it by EXAMINE, so that nothing can change in it. A
                mailbox that is open for changes will do, too.

        Raises:
            IMAPMailboxError: it cannot be opened; then none is open.
            IMAPConnectionError: the session ended.
        """
        async with self._mailbox_lock:
            selected = self.selected
            if (
                selected is not None
                and selected.mailbox == mailbox
                and (read_only or not selected.read_only)
            ):
                return selected
            return await self.execute(Select(mailbox, read_only))

    async def reselect(self, mailbox: str, *, read_only: bool = False) -> SelectResult:
        """Open *mailbox* anew, to learn how it stands now."""
        async with self._mailbox_lock:
            return await self.execute(Select(mailbox, read_only))

    async def unselect(self) -> None:
        """Leave the open mailbox. Nothing is expunged, unlike by CLOSE.

        A server without UNSELECT leaves it when another cannot be opened (RFC
        3691 §1).
        """
        async with self._mailbox_lock:
            if self.state is not SessionState.SELECTED:
                return
            self._protocol.selected = None
            if self.supports("UNSELECT"):
                await self.execute(Unselect())
                return
            with suppress(IMAPOperationError):
                await self.execute(Select(_NO_MAILBOX, read_only=True))

    async def noop(self) -> None:
        """Hear what is new, and whether the server is still there."""
        await self.execute(Noop())

    @asynccontextmanager
    async def idle(self) -> AsyncGenerator[None]:
        """Let the server tell what happens as it happens, within the block.

        News reaches the listeners. Other commands wait until the block ends. On
        leaving, also by cancellation, the IDLE is ended, or if the server does
        not answer that within `CLOSE_GRACE` seconds, the session. A server that
        ends it unasked ends the session, too, which the listeners hear: nobody
        shall wait for news that does not come.

        Raises:
            IMAPCapabilityError: the server has no IDLE: poll with `noop`.
            IMAPConnectionError: the session ended.
        """
        command = Idle()
        self._check(command)
        pending = self._protocol.start(command)
        try:
            assert pending.ready is not None
            await pending.ready
        except asyncio.CancelledError:
            self._protocol.abandon(pending)
            raise
        if pending.done.done():  # refused
            self._result(command, pending)
        pending.done.add_done_callback(lambda _: self._check_idle_end(pending))
        try:
            yield
        finally:
            await self._end_idle(pending)
        self._result(command, pending)

    @asynccontextmanager
    async def stream(
        self, uid: int, part: MessagePart
    ) -> AsyncGenerator[SectionStream]:
        """Read *part* of a message as it arrives, within the block.

        However large it is, no more than `HIGH_MARK` octets and one read of the
        socket are held: while the reader is behind, the server has to wait. So do
        the answers to other commands on this connection, without a deadline: do
        not wait for one inside the loop. A block that is left early, by whatever
        way, abandons the rest: a short one is drained, a long one costs the
        connection. The listeners are told of the response, without the octets.

        Args:
            uid: of the message.
            part: content, such as ``MessagePart.section("2")``.

        Raises:
            IMAPMessageError: there is no such message, or the server refused.
            IMAPConnectionError: the session ended; what came before is given.
            ValueError: *part* is no content.
        """
        command = StreamSection(uid, part)
        self._check(command)
        stream = SectionStream(
            command,
            self._protocol.hold_reading,
            lambda: self._result(command, pending),
        )
        async with AsyncExitStack() as leaving:
            async with self._pacing(command):
                pending = self._protocol.start(command, stream)
                leaving.callback(self._protocol.abandon, pending)  # unless it has ended
                leaving.callback(stream.leave)
                await stream.wait_begin()
            yield stream

    def _check_idle_end(self, pending: Pending) -> None:
        if pending.held:  # DONE is not said
            self._protocol.fail(IMAPConnectionLost("the server ended IDLE unasked"))

    async def _end_idle(self, pending: Pending) -> None:
        """Say DONE and wait for the answer, whatever happens to the caller."""
        self._protocol.release(pending)
        ending = asyncio.ensure_future(self._await_done(pending))
        cancelled: asyncio.CancelledError | None = None
        with anyio.CancelScope(shield=True):  # else anyio would cancel on and on
            while not ending.done():
                try:
                    await asyncio.shield(ending)
                except asyncio.CancelledError as error:
                    cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _await_done(self, pending: Pending) -> None:
        try:
            async with async_timeout.timeout(CLOSE_GRACE):
                await asyncio.shield(pending.done)
        except TimeoutError:
            self._protocol.fail(
                IMAPConnectionLost(
                    f"the server did not end IDLE within {CLOSE_GRACE:g} s"
                )
            )
        except IMAPConnectionError:
            pass  # `_result` tells the caller

    async def aclose(self) -> None:
        """Log out politely if that is possible at once, and close the socket.

        Never raises an IMAP error, and closes even if it is cancelled.
        """
        try:
            may_speak = self.state is not SessionState.LOGOUT
            if may_speak and self.is_quiet:
                async with async_timeout.timeout(CLOSE_GRACE):
                    await self._protocol.submit(Logout())
        except (IMAPConnectionError, TimeoutError):
            pass
        finally:
            self.abort()
        await self._protocol.closed.wait()

    def abort(self) -> None:
        """Close the socket at once, without a word."""
        self._protocol.fail(IMAPConnectionLost("the connection was closed"))
