"""The session on the wire: aioimaplib's protocol with another engine.

aioimaplib's ``IMAP4ClientProtocol`` is subclassed for what it is (an
``asyncio.Protocol`` with a state, capabilities and tags), while its receive path
and its bookkeeping are replaced: octets go through `Receiver`, each
tagged response ends the command with its tag, untagged data goes to the command
under way that claims it and to every listener.

`CommandQueue` tells how a command passes through. One that is abandoned is drained
within a time and size budget, beyond which the connection is closed. There is one
way to fail: `fail`, which ends every command with the same cause.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

from aioimaplib import aioimaplib

from ..errors import (
    IMAPConnectionError,
    IMAPProtocolError,
)
from ..wire import (
    CapabilityData,
    Condition,
    Continuation,
    EnabledData,
    EncodedCommand,
    Encoder,
    FetchData,
    Frame,
    IdData,
    Limits,
    Receiver,
    Response,
    Status,
    Untagged,
    parse,
)
from ..wire.commands import (
    Authenticate,
    Command,
    Compress,
    Select,
    SelectResult,
    SessionState,
    StartTls,
    Unauthenticate,
)
from . import _causes as causes
from ._channel import Channel
from ._keepalive import keep_alive
from ._pending import Pending, again, end_with
from ._queue import CommandQueue
from ._redaction import Redactor
from ._session import Session
from ._states import START, Event, after, event_of
from ._stream import SectionStream
from ._trace import Trace, Tracer
from ._watchdog import Watchdog

log = logging.getLogger("aiosage.protocol")

News: TypeAlias = Untagged | Status | SelectResult | IMAPConnectionError
"""What listeners hear: untagged data in order; a `SelectResult` when a mailbox has
been opened, so that what was heard before is about another; and last, why no more
comes."""

Listener: TypeAlias = Callable[[News], None]

ABANDON_SECONDS: Final = 10.0
ABANDON_OCTETS: Final = 16 * 2**20

# What says something of the session itself: all else is about mail.
_ABOUT_SESSION: Final = (CapabilityData, EnabledData, IdData, Status)
_numbers: Final = itertools.count(1)  # of connections, to tell their traces apart


class IMAPProtocol(Session):
    """One session; see the module for how.

    Args:
        loop: the running loop.
        conn_lost_cb: called once with the cause when the session ends.
        limits: how much a server may make us hold.
        read_timeout: seconds without progress after which the session fails.
        secrets: what is blotted out of the text the server sends for humans:
            some send back the line they did not understand.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        *,
        limits: Limits | None = None,
        read_timeout: float = 60.0,
        secrets: Sequence[str] = (),
    ) -> None:
        super().__init__(loop, conn_lost_cb)
        self._running = loop
        self._out: asyncio.Transport | None = None
        self._limits = limits or Limits()
        self._receiver = Receiver(self._limits, self._parse)
        self.redactor = Redactor(secrets)
        self.number = next(_numbers)
        self._tracer: Tracer | None = None
        self._queue = CommandQueue()
        self._listeners: list[Listener] = []
        self._watchdog = Watchdog(
            loop, read_timeout, self._expects_octets, self._time_out
        )
        self._channel = Channel(
            loop, self._read, self._fail_compression, self._watchdog.note_progress
        )
        self._watchdog.watch(self._channel)
        self._received = 0  # octets, without those of streams
        self._upgrading = False
        self._is_held = False  # nothing is read, since nobody takes it
        self._bye: str | None = None
        self.cause: IMAPConnectionError | None = None
        self.greeting: asyncio.Future[Status] = loop.create_future()
        self.closed = asyncio.Event()

    # -- What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start: the server speaks first."""
        super().connection_made(transport)
        self.go_through(cast("asyncio.Transport", transport))
        keep_alive(transport)
        self.state = aioimaplib.CONNECTED

    def data_received(self, d: bytes) -> None:
        """Take octets as they come, in any pieces."""
        if self.cause is not None:
            return
        self._watchdog.note_progress()
        self._channel.receive(d)

    def pause_writing(self) -> None:
        """Give the transport no more for now."""
        self._channel.pause_writing()

    def resume_writing(self) -> None:
        """Go on giving it what waits."""
        self._channel.resume_writing()

    def eof_received(self) -> bool:
        """Note the end; `connection_lost` follows."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything that waits."""
        self.closed.set()
        self.fail(causes.lost(exc) if self._bye is None else causes.said_bye(self._bye))

    # -- What IMAPConnection calls.

    def add_listener(self, listener: Listener) -> None:
        """Tell *listener* of all untagged data from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop telling it."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def trace_to(self, trace: Trace | None, *, literals: bool = False) -> None:
        """Tell *trace* of all that is sent and received from now on; None: nobody."""
        self._tracer = None
        if trace is not None:
            self._tracer = Tracer(
                trace, self.number, self._running.time, self.redactor, literals=literals
            )

    @property
    def is_quiet(self) -> bool:
        """Whether no command waits, is under way or is being drained."""
        return self._queue.is_empty

    def start(
        self, command: Command[object], stream: SectionStream | None = None
    ) -> Pending:
        """Queue *command*; it is sent as soon as it may be.

        Args:
            command: what to send.
            stream: takes the answer as it arrives.

        Raises:
            ValueError: an argument cannot be encoded; nothing is sent.
            IMAPConnectionError: the session has ended.
        """
        tag = self.new_tag()
        pending = Pending(tag, command, self._encode(tag, command), self._running)
        if stream is not None:
            pending.stream = stream
            pending.done.add_done_callback(stream.end)
        self.enqueue(pending)
        return pending

    def _encode(self, tag: str, command: Command[object]) -> EncodedCommand:
        encoder = Encoder(tag, non_sync_max=self.non_sync_max(), dialect=self.dialect)
        command.encode(encoder)
        return encoder.finish()

    def enqueue(self, pending: Pending) -> None:
        """Queue what is encoded already.

        Raises:
            IMAPConnectionError: the session has ended.
        """
        if self.cause is not None:
            raise again(self.cause, maybe_executed=False)
        self._queue.waiting[pending.tag] = pending
        self._send_waiting()

    async def submit(self, command: Command[object]) -> Pending:
        """Send *command* and wait for its tagged response.

        Cancelling abandons it: what is not sent yet never is, what is sent is
        drained.
        """
        pending = self.start(command)
        await self.finish(pending)
        return pending

    async def finish(self, pending: Pending) -> Status:
        """Wait for the tagged response to *pending*, or abandon it."""
        try:
            return await pending.done
        except asyncio.CancelledError:
            self.abandon(pending)
            raise

    def release(self, pending: Pending) -> None:
        """Let a held command send its next flight, once the server is ready."""
        pending.held = False
        # What the server has ended of its own accord takes no DONE any more.
        is_under_way = pending.tag in self._queue.under_way
        if is_under_way and pending.invited and not pending.is_sent:
            self._send_flight(pending)

    def pause_for_tls(self) -> None:
        """Refuse what was sent ahead of TLS, and forget what it said.

        Raises:
            IMAPProtocolError: octets are already there.
            IMAPConnectionError: the session has ended.
        """
        if self.cause is not None:
            raise again(self.cause, maybe_executed=False)
        if not self._receiver.is_empty:
            raise causes.injected()
        self._receiver.discard()
        self._forget_cleartext()

    @property
    def is_compressed(self) -> bool:
        """Whether the octets are compressed between us and the server."""
        return self._channel.is_compressed

    @property
    def is_connected(self) -> bool:
        """Whether there has been a connection, be it lost by now."""
        return self._out is not None

    @property
    def socket_transport(self) -> asyncio.Transport:
        """What the octets go through."""
        assert self._out is not None
        return self._out

    def go_through(self, transport: asyncio.Transport) -> None:
        """Send and receive through *transport* from now on: at first, and over TLS."""
        self._out = transport
        self._channel.attach(transport)
        self._upgrading = False
        self._send_waiting()

    def hold_reading(self, held: bool) -> None:
        """Stop reading, since what is read finds no taker, or go on.

        Meanwhile no deadline runs: it is not the server that is silent.
        """
        self._is_held = held
        if self.cause is not None or self._out is None:
            return
        if held:
            self._channel.pause()
        else:
            self._channel.resume()
            self._watchdog.note_progress()
            self._watchdog.arm()

    def fail(self, error: IMAPConnectionError) -> None:
        """End the session: every command fails with *error*, the socket goes."""
        if self.cause is not None:
            return
        self.cause = error
        self._enter(after(self.session_state, Event.END))
        self._watchdog.stop()
        self._channel.close()
        self._queue.fail(error)
        end_with(self.greeting, error)
        if self._out is not None:
            self._out.abort()
            if self._upgrading:  # of which asyncio does not tell the end
                self._running.call_soon(self.closed.set)
        try:
            self._announce(error)
        finally:
            self._listeners.clear()
            if self.conn_lost_cb is not None:
                # Not from here: who closes the connection should not get its errors.
                self._running.call_soon(self.conn_lost_cb, error)

    # -- Sending.

    def _send_waiting(self) -> None:
        """Send what may be sent, in the order it was asked for."""
        if self._upgrading:
            return  # it would go in the clear
        while self.cause is None and (pending := self._queue.next()) is not None:
            if isinstance(pending.command, Select):
                self.selected = None
            if pending.stream is not None:
                self._receiver.divert = pending.stream.divert
            self._send_flight(pending)

    def _send_flight(self, pending: Pending) -> None:
        flight = pending.encoded.flights[pending.flight]
        pending.invited = False
        if pending.flight == 0:
            self.redactor.hide_secrets_of(pending.encoded)
            if log.isEnabledFor(logging.DEBUG):
                log.debug("C: %s", self.redactor.text(pending.encoded.shown))
        if self._tracer is not None:
            self._tracer.sent(pending)
        pending.flight += 1
        if isinstance(pending.command, Compress) or (
            isinstance(pending.command, Unauthenticate) and self._channel.is_compressed
        ):
            self._channel.expect_switch()
        self._send(flight)

    def _send(self, flight: Sequence[bytes]) -> None:
        self._channel.send(flight)
        self._watchdog.note_progress()
        self._watchdog.arm()

    # -- Receiving.

    def _read(self, data: bytes) -> None:
        """Take octets of IMAP, in any pieces."""
        if not self._queue.is_streaming:
            self._received += len(data)
        try:
            for response in self._receiver.feed(data):
                if self._tracer is not None:
                    self._tracer.received(self._receiver.frame)
                if self._upgrading:
                    raise causes.injected()
                self._take(response)
                if self.cause is not None:
                    return
        except IMAPProtocolError as error:
            self.fail(error)
            return
        except Exception as error:  # a listener's: nobody above could tell whose
            self.fail(causes.lost(error))
            raise
        if late := self._queue.abandoned_before(self._received - ABANDON_OCTETS):
            self.fail(causes.drained_too_much(late, ABANDON_OCTETS))
        elif self._queue.waiting:
            self._send_waiting()

    def _fail_compression(self, error: IMAPConnectionError) -> None:
        # A server may end the compression in good order before it closes.
        if self.session_state is not SessionState.LOGOUT:
            self.fail(error)

    def _parse(self, frame: Frame) -> Response:
        try:
            return parse(frame, self._limits, self.dialect)
        except IMAPProtocolError:
            if self._tracer is not None:  # the trace shall end with it
                self._tracer.received(frame)
            # An error quotes what it is about, and a server may send anything back.
            if not self.redactor.is_given_away_by(frame):
                raise
        raise IMAPProtocolError(
            "not an IMAP response: the server sent back what it was told"
        )

    def _take(self, response: Response) -> None:
        if isinstance(response, FetchData) and self.greeting.done():
            self._deliver(response)  # what comes most, by the shortest way
            return
        if isinstance(response, Status):
            response = self.redactor.status(response)
        if not self.greeting.done():
            self._take_greeting(response)
        elif isinstance(response, Continuation):
            self._take_continuation(response)
        elif isinstance(response, Status) and response.tag is not None:
            self._take_tagged(response)
        else:
            self._take_untagged(response)

    def _take_greeting(self, response: Response) -> None:
        if not isinstance(response, Status) or response.tag is not None:
            raise causes.no_greeting()
        log.debug("S: greeting %s %s", response.condition, response.text)
        self._note_capabilities(response)
        if response.condition is Condition.PREAUTH:
            self._enter(after(START, Event.PREAUTH))
        elif response.condition is Condition.OK:
            self._enter(START)
        else:
            self.fail(causes.refused(response))
            return
        self.greeting.set_result(response)

    def _take_continuation(self, response: Continuation) -> None:
        pending = self._queue.invited()
        if pending is None:
            raise IMAPProtocolError("the server asked for more of no command")
        if isinstance(pending.command, Authenticate):
            self._answer(pending, pending.command, response)
            return
        pending.invited = True
        if pending.ready is not None and not pending.ready.done():
            pending.ready.set_result(None)
        if not pending.held:
            self._send_flight(pending)

    def _answer(
        self, pending: Pending, command: Authenticate, challenge: Continuation
    ) -> None:
        """Go on with a SASL exchange, or end it (RFC 9051 §6.2.2) if nobody waits."""
        is_wanted = pending.abandoned_at is None
        line = command.answer(challenge.text) if is_wanted else b"*"
        self.redactor.hide(line.decode("ascii"))
        log.debug("C: %s + ***", pending.tag)
        if self._tracer is not None:
            self._tracer.answered(line)
        self._send((line + b"\r\n",))

    def _take_tagged(self, status: Status) -> None:
        assert status.tag is not None
        pending = self._queue.under_way.get(status.tag)
        if pending is None:
            raise IMAPProtocolError("the server answered a command that was not sent")
        pending.drop_deadline()
        if pending.stream is not None:
            self._receiver.divert = None
        log.debug("S: %s %s %s", status.tag, status.condition, status.text)
        self._note_capabilities(status)
        self._follow(pending, status)
        # Only now, so that what `_follow` raises ends this command, too.
        self._queue.under_way.pop(status.tag, None)
        if pending.ready is not None and not pending.ready.done():
            pending.ready.set_result(None)  # refused: `done` tells how
        if not pending.done.done():
            pending.done.set_result(status)
        self._watchdog.arm()

    def _take_untagged(self, response: Untagged | Status) -> None:
        if isinstance(response, _ABOUT_SESSION):
            # Unasked, a server could tell for ever what it has enabled.
            if not isinstance(response, EnabledData) or self._queue.is_enabling:
                self._note(response)
            if isinstance(response, Status) and response.condition is Condition.BYE:
                self._take_bye(response)
                return
        self._deliver(response)

    def _deliver(self, response: Untagged | Status) -> None:
        """Give *response* to the command that claims it, and to all listeners."""
        for pending in self._queue.under_way.values():
            command = pending.command
            if isinstance(response, command.claims) and command.takes(response):
                if pending.abandoned_at is None:
                    pending.take(response, self._receiver)
                    if pending.kept > self._limits.answer:
                        raise causes.too_large(pending, self._limits.answer)
                break
        if self._listeners:
            self._announce(response)

    def _announce(self, news: News) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def _take_bye(self, status: Status) -> None:
        self._bye = status.text
        if leaving := self._queue.leaving():
            leaving.take(status, self._receiver)
            return
        self.fail(causes.said_bye(status.text))

    def _choose_dialect(self) -> None:
        """Go on in another dialect, with what waits to be sent, too."""
        before = self.dialect
        super()._choose_dialect()
        if self.dialect == before:
            return
        for pending in self._queue.waiting.values():
            # A SASL exchange has begun with its encoding, and names no mailbox.
            if not isinstance(pending.command, Authenticate):
                pending.encoded = self._encode(pending.tag, pending.command)

    def _follow(self, pending: Pending, status: Status) -> None:
        """Enter the state the end of a command leads to (RFC 9051 §3)."""
        command = pending.command
        event = event_of(command.name, status.condition)
        if event is not None:
            self._enter(after(self.session_state, event))
        if status.condition is not Condition.OK:
            self._channel.stay()
            return
        if isinstance(command, Select):
            if pending.abandoned_at is None:
                self.selected = command.result(pending.claimed, status)
                self._announce(self.selected)
        elif isinstance(command, Unauthenticate):
            self._note_unauthenticated(status)
            if self._channel.is_compressed:
                self._channel.end_compression()
        elif isinstance(command, Compress):
            self._channel.begin_compression()
        elif isinstance(command, StartTls):
            self._upgrading = True
            self._channel.pause()

    # -- Cancelled commands and silent servers.

    def abandon(self, pending: Pending) -> None:
        """Let nobody wait for *pending* any more."""
        if self._queue.waiting.pop(pending.tag, None) is not None:
            self._send_waiting()
        elif pending.tag not in self._queue.under_way:
            return
        elif pending.is_sent or pending.held:
            pending.abandoned_at = self._received
            pending.claimed.clear()
            if pending.held:
                self.release(pending)
            self._arm_abandoned(pending)
        else:
            # Half a command is sent, and the server waits for the rest.
            self.fail(causes.half_sent(pending))

    def _arm_abandoned(self, pending: Pending) -> None:
        pending.deadline = self._running.call_later(
            ABANDON_SECONDS, self._give_up, pending
        )

    def _give_up(self, pending: Pending) -> None:
        if self._queue.is_streaming:
            self._arm_abandoned(pending)
            return
        self.fail(causes.drained_too_long(pending, ABANDON_SECONDS))

    def _expects_octets(self) -> bool:
        return not self._is_held and self._queue.expects_answer

    def _time_out(self, seconds: float) -> None:
        self.fail(causes.silent(seconds, self._queue.under_way.values()))
