"""`IMAP4` and `IMAP4_SSL`: aioimaplib's clients on aiosage's engine.

A program written for aioimaplib changes its import and goes on: the same calls
give the same ``Response(result, lines)``. What differs is what failed: answers
of any size are cut up in linear time, a body is never taken for protocol, a
lost connection ends every command at once, and a cancelled one leaves the
session usable. Commands take turns, in the order they were given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, cast, get_args

import async_timeout
from aioimaplib import aioimaplib

from ..errors import IMAPConnectionError
from ..wire import Condition, EncodedCommand, Encoder, Frame, Status, Untagged
from ..wire.commands import ANY_STATE, Command, SessionState
from ._pending import Pending
from ._protocol import IMAPProtocol

# Its annotations say less than its code does, or something else.
_base = cast("Any", aioimaplib)

_STATE_AFTER: Final = {
    "LOGIN": SessionState.AUTHENTICATED,
    "AUTHENTICATE": SessionState.AUTHENTICATED,
    "SELECT": SessionState.SELECTED,
    "EXAMINE": SessionState.SELECTED,
    "CLOSE": SessionState.AUTHENTICATED,
    "LOGOUT": SessionState.LOGOUT,
}
_SECRET: Final = frozenset({"LOGIN", "AUTHENTICATE"})


class _LegacyCommand(Command[None]):
    """Whatever aioimaplib has written, alone on the wire."""

    name: ClassVar = "aioimaplib"
    states: ClassVar = ANY_STATE
    exclusive: ClassVar = True
    claims: ClassVar = (*get_args(Untagged), Status)
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Nothing is left to write."""

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """The command of aioimaplib collects it."""


class _LegacyPending(Pending):
    """A command of aioimaplib under way: it gets lines, not values."""

    __slots__ = ("legacy",)

    def __init__(
        self,
        legacy: Any,
        literal: bytes | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        line = f"{legacy}\r\n".encode()
        flights = [[line]]
        if legacy.name == "IDLE":
            flights.append([b"DONE\r\n"])
        elif literal is not None:
            flights.append([literal, b"\r\n"])
        secret = legacy.name in _SECRET
        shown = f"{legacy.tag} {legacy.name} ***" if secret else str(legacy)
        super().__init__(
            legacy.tag,
            _LegacyCommand(),
            EncodedCommand(tuple(flights), shown),
            loop,
            held=legacy.name == "IDLE",
        )
        self.legacy = legacy

    @property
    def ends_session(self) -> bool:
        """Whether BYE is what it asks for."""
        return bool(self.legacy.name == "LOGOUT")

    def take(self, response: Untagged | Status, frame: Frame) -> None:
        """Give the lines of *frame* to the command, as aioimaplib cuts them."""
        first, *rest = _lines(frame)
        text = self._own_text(bytes(first))
        if text is not None:
            for line in (text, *rest):
                self.legacy.append_to_resp(line)

    def _own_text(self, line: bytes) -> bytes | None:
        """Return *line* as this command is given it; None if it is not.

        Commands that aioimaplib calls synchronous, and NOOP, get every line whole;
        the others get their own responses, without the name of most.
        """
        command = _base.Commands[self.legacy.name]
        if command.exec is _base.Exec.is_sync or command.name == "NOOP":
            return line
        numbered = aioimaplib.message_data_re.match(line)
        if numbered is not None:
            name, text = numbered[1], line
        else:
            name, _, text = line.partition(b" ")
        is_own = name.decode("ascii", "replace").upper() == (
            self.legacy.untagged_resp_name
        )
        return text if is_own else None


def _lines(frame: Frame) -> Iterator[bytes | bytearray]:
    """Yield a response as aioimaplib does: text, bytearray, text by turns."""
    for index, part in enumerate(frame):
        if index % 2:
            yield bytearray(part)
            continue
        line = part.removeprefix(b"* ") if index == 0 else part
        if index + 1 < len(frame):
            line += b"{%d}" % len(frame[index + 1])
        if line:
            yield line


class LegacyProtocol(IMAPProtocol):
    """`IMAPProtocol` with the commands of aioimaplib's."""

    idle_queue: asyncio.Queue[object]

    def data_received(self, d: bytes) -> None:
        """Take octets, and hand on what IDLE heard as one batch."""
        super().data_received(d)
        if (idle := self._idle()) is not None:
            idle.legacy.flush()

    def fail(self, error: IMAPConnectionError) -> None:
        """End the session; whoever waits for a push is told, too."""
        if self.cause is None:
            super().fail(error)
            self.idle_queue.put_nowait(error)

    async def execute(self, command: Any, scrub: str | None = None) -> Any:
        """Send a command of aioimaplib and return what it collected.

        Raises:
            aioimaplib.Abort: it is illegal in this state, or the session ended.
            aioimaplib.CommandTimeout: its time is over.
        """
        literal, self.literal_data = self.literal_data, None
        if self.cause is None and (
            self.state not in _base.Commands[command.name].valid_states
        ):
            raise aioimaplib.Abort(
                f"command {command.name} illegal in state {self.state}"
            )
        pending = _LegacyPending(command, literal, self.loop or self._running)
        self.enqueue(pending)
        pending.done.add_done_callback(lambda done: self._end(pending, done))
        if pending.ready is not None:
            pending.ready.add_done_callback(lambda _: self._idle_event.set())
        try:
            await command.wait()  # for `_end`, or for its own timer
        except BaseException:
            pending.done.cancel()
            self.abandon(pending)
            raise
        finally:
            if command.name == "IDLE":
                self._idle_event.clear()
        return command.response

    def _end(self, pending: _LegacyPending, done: asyncio.Future[Status]) -> None:
        """Tell the command of aioimaplib how it ended."""
        if done.cancelled():
            return
        command = pending.legacy
        if (error := done.exception()) is not None:
            command._exception = error
            command.close(str(error).encode(), "KO")
            return
        status = done.result()
        code = f"[{status.code.name} {status.code.text}] " if status.code else ""
        text = f"{code.replace(' ]', ']')}{status.text}"
        command.close(text.encode("utf-8", "surrogateescape"), status.condition.value)

    def _follow(self, pending: Pending, status: Status) -> None:
        """Enter the state the end of a command leads to."""
        if not isinstance(pending, _LegacyPending):
            super()._follow(pending, status)
            return
        name = pending.legacy.name
        if status.condition is Condition.OK and name in _STATE_AFTER:
            self._enter(_STATE_AFTER[name])
        elif status.condition is Condition.NO and name in ("SELECT", "EXAMINE"):
            self._enter(SessionState.AUTHENTICATED)

    def _idle(self) -> _LegacyPending | None:
        for pending in self._under_way.values():
            if isinstance(pending, _LegacyPending) and pending.legacy.name == "IDLE":
                return pending
        return None

    def has_pending_idle_command(self) -> bool:
        """Return whether the session is in IDLE."""
        return self._idle() is not None

    def idle_done(self) -> None:
        """End IDLE."""
        if (idle := self._idle()) is not None:
            self.release(idle)


class IMAP4(aioimaplib.IMAP4):
    """``aioimaplib.IMAP4`` without its hangs, losses and quadratic time."""

    protocol: Any  # `LegacyProtocol`; the base says None

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop,
        conn_lost_cb: Any = None,  # what the base takes: None or a callable
        ssl_context: Any = None,  # None or a context
    ) -> None:
        """Begin to connect; `wait_hello_from_server` waits for it."""
        running = loop or asyncio.get_running_loop()
        protocol = LegacyProtocol(running, conn_lost_cb, read_timeout=29 * 60.0)
        self.protocol = protocol
        self._client_task: asyncio.Task[Any] = running.create_task(
            running.create_connection(lambda: protocol, host, port, ssl=ssl_context)
        )

    async def _wait_connection_and_hello(self) -> None:
        await self._client_task
        await asyncio.shield(self.protocol.greeting)
        if not self.protocol.capabilities:
            await self.protocol.capability()

    async def wait_server_push(
        self,
        timeout: float = 29 * 60.0,  # noqa: ASYNC109 - as aioimaplib has it
    ) -> Any:
        """Return the next batch of lines heard in IDLE.

        Raises:
            TimeoutError: there was none within *timeout* seconds.
            aioimaplib.Abort: the session ended.
        """
        async with async_timeout.timeout(timeout):
            push = await self.protocol.idle_queue.get()
        if isinstance(push, IMAPConnectionError):
            self.protocol.idle_queue.put_nowait(push)  # for the next who asks
            raise push
        return push

    async def aclose(self) -> None:
        """Close the socket, which ``close`` (IMAP's CLOSE) does not."""
        self._client_task.cancel()
        self.protocol.fail(IMAPConnectionError("the connection was closed"))
        if self.protocol.is_connected:
            await self.protocol.closed.wait()


class IMAP4_SSL(aioimaplib.IMAP4_SSL, IMAP4):  # noqa: N801 - aioimaplib's name
    """``aioimaplib.IMAP4_SSL`` likewise; it finds `IMAP4` above by its bases."""
