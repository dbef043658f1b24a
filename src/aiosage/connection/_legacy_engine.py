"""aioimaplib's commands on aiosage's engine.

Its commands want lines, so responses are not parsed: only what moves the session
(greeting, tagged and status responses, capabilities) becomes typed. The rest goes
to the command under way that claims it, as lines. What none claims is news that
the program would miss, such as EXISTS during a FETCH, and is kept for its next
NOOP or IDLE.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any, Final, cast

from aioimaplib import aioimaplib

from ..errors import IMAPConnectionError, IMAPProtocolError
from ..wire import (
    CapabilityCode,
    CapabilityData,
    Condition,
    Continuation,
    Frame,
    Framer,
    Limits,
    Receiver,
    Response,
    Status,
    Unknown,
    Untagged,
    parse,
)
from ..wire.commands import SessionState
from ._legacy_by_hand import handle_lines, loop_of_none
from ._legacy_capabilities import Capabilities
from ._legacy_command import LegacyPending, is_sync, lines_of
from ._legacy_news import News
from ._pending import Pending, again
from ._protocol import IMAPProtocol
from ._states import after, event_of
from ._watchdog import Watchdog

log = logging.getLogger("aiosage.protocol")

# Its annotations say less than its code does, or something else.
_base = cast("Any", aioimaplib)

_OPENS_MAILBOX: Final = ("SELECT", "EXAMINE")
_INVITED: Final = ("APPEND", "IDLE")  # to go on, which is no challenge
_VERSIONS: Final = ("IMAP4REV1", "IMAP4REV2", "IMAP4")

_TYPED: Final = re.compile(
    rb"\* +(?:OK|NO|BAD|BYE|PREAUTH|CAPABILITY)(?= |\Z)", re.IGNORECASE
)
UNASKED_OCTETS: Final = 4 * 2**20
_LINES: Final = Unknown(b"")  # stands for what has only to be handed on


class LegacyEngine(IMAPProtocol):
    """`IMAPProtocol` that carries out aioimaplib's commands.

    Args:
        loop: the running loop, which None means too.
        conn_lost_cb: called once when the session ends: with the cause, or None
            after LOGOUT or when the server closed the connection without a word.
        limits: how much a server may make us hold.
    """

    imap_version: Any  # a name or None; the base says None
    # What is under way, for those who look; to change them changes nothing.
    pending_sync_command: Any
    pending_async_commands: dict[str, Any]

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(
            loop or loop_of_none(),
            conn_lost_cb,
            limits=limits,
            read_timeout=29 * 60.0,
        )
        # Everything goes by lines, FETCH as well.
        self._receiver = Receiver(self._limits, self._parse, is_quick=False)
        self._by_hand = Framer(self._limits)
        self._unasked = 0  # octets of a response that no command waits for
        self._news = News()
        self._is_welcome = False
        self._is_orderly = False  # whether the end is no loss
        self._state_changed = asyncio.Event()

    # -- Receiving.

    def data_received(self, d: bytes) -> None:
        """Take octets as they come, in any pieces."""
        if self._out is None:
            self._take_by_hand(d)
            return
        for pending in self._queue.under_way.values():
            if isinstance(pending, LegacyPending) and pending.deadline_of_progress:
                pending.deadline_of_progress.note_progress()
        super().data_received(d)
        self._check_unasked_size(len(d))

    def _take_by_hand(self, data: bytes) -> None:
        for frame in self._by_hand.feed(data):
            self.current_command: Any = handle_lines(
                frame, self._handle_line, self.current_command, self._running
            )
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()

    def _check_unasked_size(self, received: int) -> None:
        """End a session whose server sends what has no end, to no command."""
        if self._queue.under_way or self._receiver.is_empty:
            self._unasked = 0
            return
        self._unasked += received
        if self._unasked > UNASKED_OCTETS:
            self.fail(
                IMAPProtocolError(
                    f"the server sent a response of more than {UNASKED_OCTETS}"
                    " octets that nobody has asked for"
                )
            )

    def _parse(self, frame: Frame) -> Response:
        head = frame[0]
        if head.startswith(b"* ") and not _TYPED.match(head):
            return _LINES
        if not head and len(frame) == 1 and self.greeting.done():
            return _LINES  # aioimaplib overlooks an empty line
        return super()._parse(frame)

    def _take(self, response: Response) -> None:
        if response is _LINES and self.greeting.done():
            if self._receiver.frame[0]:
                self._hand_on(self._receiver.frame)
            return
        super()._take(response)

    def _take_untagged(self, response: Untagged | Status) -> None:
        if isinstance(response, Status) and response.condition is Condition.BYE:
            super()._take_untagged(response)
            return
        self._note_capabilities(response)
        self._hand_on(self._receiver.frame)

    def _hand_on(self, frame: Frame) -> None:
        """Give *frame* to the command it is for, or keep it as news."""
        if self._listeners:
            announced = parse(frame, self._limits)
            self._announce(cast("Untagged | Status", announced))
        for pending in self._queue.under_way.values():
            if not isinstance(pending, LegacyPending):
                continue
            if pending.abandoned_at is not None:
                # Its answer goes nowhere; but what takes all takes news, too.
                if pending.takes_all or pending.own_line(frame) is None:
                    break
                return
            if pending.offer(frame):
                self._check_size(pending)
                return
        self._news.keep(list(lines_of([frame[0][2:], *frame[1:]])))

    def _check_size(self, pending: LegacyPending) -> None:
        if pending.kept > self._limits.answer:
            raise IMAPProtocolError(
                f"the answer to {pending.legacy.name} is larger than the"
                f" {self._limits.answer} octets allowed"
            )

    def _take_continuation(self, response: Continuation) -> None:
        for pending in self._queue.under_way.values():
            if not isinstance(pending, LegacyPending):
                break
            if is_sync(pending.legacy) and pending.legacy.name not in _INVITED:
                # A challenge: aioimaplib shows it to the program.
                pending.give([self._receiver.frame[0]])
                self._check_size(pending)
            if pending.is_sent:
                return
            break
        else:
            return  # aioimaplib overlooks it
        super()._take_continuation(response)

    def _note_capabilities(self, response: Untagged | Status) -> None:
        if isinstance(response, CapabilityData):
            names = self._receiver.frame[0].decode("ascii", "replace").split()[2:]
        elif isinstance(response, Status) and isinstance(response.code, CapabilityCode):
            names = response.code.text.split()
        else:
            return
        self.capabilities = Capabilities(names)
        versions = [name for name in _VERSIONS if name in self.capabilities]
        self.imap_version = versions[0] if versions else None

    # -- States and the end.

    def _follow(self, pending: Pending, status: Status) -> None:
        """Enter the state the end of a command leads to."""
        if not isinstance(pending, LegacyPending):
            super()._follow(pending, status)
            return
        pending.text = b"".join(self._receiver.frame[0].split(b" ", 2)[2:])
        name = pending.legacy.name
        if name == "NOOP" and pending.abandoned_at is None:
            pending.prepend(self._news.take())
        if (event := event_of(name, status.condition)) is not None:
            self._enter(after(self.session_state, event))

    def _enter(self, state: SessionState) -> None:
        super()._enter(state)
        if state is not SessionState.SELECTED:
            self._news.clear()
        self._state_changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything that waits; an orderly end is no error to `conn_lost_cb`."""
        self._is_orderly = exc is None
        super().connection_lost(exc)

    def fail(self, error: IMAPConnectionError) -> None:
        """End the session; whoever waits for a state is told, too."""
        if self.cause is not None:
            return
        if self.session_state is SessionState.LOGOUT:
            self._is_orderly = True
        told = cast("Callable[[Exception | None], None] | None", self.conn_lost_cb)
        if told is not None and self._is_orderly:

            def tell(_: Exception | None) -> None:
                told(None)

            self.conn_lost_cb = tell
        super().fail(error)
        self._state_changed.set()

    async def hello(self) -> None:
        """Wait until the server has greeted, and what it can do is known.

        Raises:
            aioimaplib.Abort: the server refused, or is none.
            aioimaplib.Error: it speaks no IMAP4.
        """
        await asyncio.shield(self.greeting)
        if not self.capabilities:
            await self.capability()
        self._is_welcome = True

    async def wait(self, state_regexp: str) -> None:
        """Wait until the name of the state matches, after the greeting.

        Raises:
            aioimaplib.Abort: the session ended before.
        """
        matches = re.compile(state_regexp).match
        if not self._is_welcome and self.cause is None:
            await self.hello()
        while not matches(self.state):
            if self.cause is not None:
                raise again(self.cause, maybe_executed=False)
            self._state_changed.clear()
            await self._state_changed.wait()

    def hang_up(self) -> None:
        """Close the socket once everything is written."""
        self._channel.finish()

    # -- Sending.

    def send(self, line: str, scrub: str | None = None) -> None:
        """Send *line* as it is, outside of any command.

        Raises:
            aioimaplib.Abort: there is no connection.
        """
        if self._out is None or self.cause is not None:
            raise aioimaplib.Abort("there is no connection to send on")
        log.debug("C: %d characters as they are", len(line))
        self._channel.send((f"{line}\r\n".encode(),))

    def _send_flight(self, pending: Pending) -> None:
        if pending.flight == 0 and isinstance(pending, LegacyPending):
            command = pending.legacy
            if command.name in _OPENS_MAILBOX:
                self._news.clear()
            if is_sync(command):
                self.pending_sync_command = command
            else:
                self.pending_async_commands[command.untagged_resp_name] = command
        super()._send_flight(pending)

    async def execute(
        self,
        command: Any,
        scrub: str | None = None,
        *,
        begun: asyncio.Event | None = None,
    ) -> Any:
        """Send a command of aioimaplib and return what it collected.

        Cancelling is safe: what came of it goes nowhere.

        Args:
            command: an ``aioimaplib.Command``.
            scrub: of no use: what is secret is known without.
            begun: set when the server has entered the IDLE that *command* is.

        Raises:
            ValueError: an argument would open a literal.
            aioimaplib.Abort: it is illegal in this state, or the session ended.
            aioimaplib.CommandTimeout: nothing moved for its time.
        """
        # Of an APPEND that has failed before it came here, it may have been left.
        literal = self.literal_data if command.name == "APPEND" else None
        self.literal_data = None
        rules = _base.Commands.get(command.name)
        if self.cause is None and rules and self.state not in rules.valid_states:
            raise aioimaplib.Abort(
                f"command {command.name} illegal in state {self.state}"
            )
        pending = LegacyPending(command, literal, self._running)
        self._limit(pending)
        try:
            self.enqueue(pending)
            pending.done.add_done_callback(lambda done: self._end(pending, done))
            if pending.ready is not None:
                pending.ready.add_done_callback(
                    lambda _: self._note_begun(pending, begun)
                )
            await command.wait()  # for `_end`, or for its deadline
        except BaseException:
            pending.done.cancel()
            self.abandon(pending)
            raise
        finally:
            if pending.deadline_of_progress is not None:
                pending.deadline_of_progress.stop()
            self._forget(command)
        return command.response

    def _note_begun(self, pending: LegacyPending, begun: asyncio.Event | None) -> None:
        self._idle_event.set()
        if begun is not None and pending.tag in self._queue.under_way:
            begun.set()

    def _forget(self, command: Any) -> None:
        if self.pending_sync_command is command:
            self.pending_sync_command = None
        name = command.untagged_resp_name
        if self.pending_async_commands.get(name) is command:
            del self.pending_async_commands[name]
        if command.name == "IDLE":
            self._idle_event.clear()

    def _limit(self, pending: LegacyPending) -> None:
        """Let the time of a command run only while nothing moves."""
        command = pending.legacy
        seconds: float | None = command._timeout
        if seconds is None:
            return
        command._timer.cancel()
        command._timeout = None  # or it would begin again with each of its lines
        deadline = Watchdog(
            self._running,
            seconds,
            lambda: not pending.done.done(),
            lambda _: command._timeout_callback(),
        )
        deadline.watch(self._channel)
        deadline.note_progress()
        deadline.arm()
        pending.deadline_of_progress = deadline

    def _end(self, pending: LegacyPending, done: asyncio.Future[Status]) -> None:
        """Tell the command of aioimaplib how it ended."""
        if done.cancelled():
            return
        command = pending.legacy
        if (error := done.exception()) is not None:
            command._exception = error
            command.close(str(error).encode(), "KO")
        else:
            command.close(pending.text, done.result().condition.value)
