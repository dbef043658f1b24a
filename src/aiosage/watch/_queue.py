"""The queue of events of one consumer, which may be slow.

What a consumer has not been told is not kept as events, but as what it knows where
that is not how the mailbox is: of each message, the flags it will know when the
queue is empty. When there is room, events are made of that and of the mailbox as
it is by then. So however long a consumer sleeps, it costs no more than the mailbox
has messages, and it is told nothing that is not true any more.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import IMAPWatchEnded
from ..model import FetchedMessage, Flags
from ._cursor import MailboxCursor, WatchCursor
from ._events import (
    ConnectionState,
    FlagsChanged,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from ._mailbox import WatchedMailbox

Herald: TypeAlias = MailboxReset | MailboxCreated | MailboxDeleted | MailboxRenamed
"""What happens to a mailbox as a whole."""

_EMPTY = MailboxCursor(None, None, {})


@dataclass(slots=True)
class _Lag:
    """What a consumer will know of a mailbox when its queue is empty.

    Attributes:
        name: of the mailbox.
        settled: UIDVALIDITY and mod-sequence when it last knew all there was.
        behind: the flags it will know, where the mailbox has others; None for a
            message it will not know of.
        heralds: what is to be told before that.
        old: what it will know of the mailbox until the first of *heralds*; None
            if there will be no such mailbox.
        queued: how many events of it are in the queue.
    """

    name: str
    settled: tuple[int | None, int | None]
    behind: OrderedDict[int, Flags | None] = field(
        default_factory=OrderedDict[int, "Flags | None"]
    )
    heralds: list[Herald] = field(default_factory=list[Herald])
    old: MailboxCursor | None = None
    queued: int = 0

    @property
    def known_as(self) -> str:
        """The name it will know when the queue is empty."""
        first = self.heralds[0] if self.heralds else None
        return first.old_name if isinstance(first, MailboxRenamed) else self.name


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event in the queue, and what the consumer knows until it takes it."""

    event: WatchEvent
    lag: _Lag | None = None
    flags: Flags | None = None
    old: MailboxCursor | None = None


class EventQueue(asyncio.Queue[WatchEvent]):
    """What happens, in order, each change once.

    Take events by ``await events.get()``, by ``async for event in events`` or by
    `deliver`. The queue holds `maxsize` of them. When it is full, what happens is
    told later, as the difference it makes by then: a message that has come and
    gone meanwhile is not told of, and nothing else is lost.
    """

    _queue: deque[_Entry]  # of the base, for which `_init`, `_put`, `_get` are meant

    def __init__(
        self,
        mailboxes: Mapping[str, WatchedMailbox],
        maxsize: int,
        *,
        fetches: bool,
        others: list[EventQueue],
        ask: Callable[[], None],
    ) -> None:
        """Only `watch` and `subscribe` make queues."""
        if maxsize < 1:
            raise ValueError(f"a queue holds at least one event, not {maxsize}")
        super().__init__(maxsize)
        self._mailboxes = mailboxes
        self._fetches = fetches
        self._others = others
        self._ask = ask  # for messages to be fetched
        self._lags: dict[str, _Lag] = {}
        self._late: OrderedDict[str, None] = OrderedDict()  # has more than is queued
        self._states: OrderedDict[str, ConnectionState] = OrderedDict()
        self._lost = set[str]()  # connections it will know to be lost
        self._messages: dict[tuple[str, int], FetchedMessage | None] = {}
        self._entry: _Entry | None = None  # that is put in just now
        self._is_ended = False
        self._news = asyncio.Event()
        others.append(self)

    # -- What consumers call.

    async def get(self) -> WatchEvent:
        """Return the next event, when there is one. Safe to cancel.

        Raises:
            IMAPWatchEnded: the watch is over, and there are no more.
        """
        while self.empty():
            if self._is_ended:
                raise IMAPWatchEnded("the watch has ended")
            self._news.clear()
            await self._news.wait()
        return self.get_nowait()

    def __aiter__(self) -> EventQueue:
        return self

    async def __anext__(self) -> WatchEvent:
        try:
            return await self.get()
        except IMAPWatchEnded:
            raise StopAsyncIteration from None

    async def deliver(
        self, handler: Callable[[WatchEvent], Awaitable[object] | object]
    ) -> None:
        """Call *handler* with each event, one after the other, until the watch ends.

        Args:
            handler: what it returns is awaited if it can be. What it raises ends
                the delivery; the event counts as taken.
        """
        async for event in self:
            result = handler(event)
            if inspect.isawaitable(result):
                await result

    def subscribe(self, maxsize: int = 1000) -> EventQueue:
        """Return one more queue of the same events, from now on.

        Each consumer takes its own at its own pace; none holds up another.

        Args:
            maxsize: most events that wait in it, at least 1.

        Raises:
            ValueError: *maxsize* is less than 1.
        """
        queue = EventQueue(
            self._mailboxes,
            maxsize,
            fetches=self._fetches,
            others=self._others,
            ask=self._ask,
        )
        if self._is_ended:
            queue.end()
        return queue

    def unsubscribe(self) -> None:
        """Take no more events into this queue; what it is behind is still told."""
        if self in self._others:
            self._others.remove(self)
            # What happens from now on, it is not told of.
            self._mailboxes = {n: copy(box) for n, box in self._mailboxes.items()}
            for box in self._mailboxes.values():
                box.flags = dict(box.flags)
        self.end()

    @property
    def cursor(self) -> WatchCursor:
        """What is known by the events that have been taken.

        Keep ``str(events.cursor)``, and `watch` with *since* goes on from there.
        It takes time in proportion to the mailboxes: keep it now and then rather
        than after each event.
        """
        known: dict[str, MailboxCursor | None] = {
            name: box.cursor()
            for name, box in self._mailboxes.items()
            if box.is_known and name not in self._lags
        }
        for lag in self._lags.values():
            # Another may have been made under the name that one had before.
            known[lag.known_as] = self._at_end(lag) or known.get(lag.known_as)
        flags: dict[str, dict[int, Flags]] = {}
        for entry in reversed(self._queue):
            event = entry.event
            if isinstance(event, NewMessage | FlagsChanged | MessageExpunged):
                if event.mailbox not in flags:
                    flags[event.mailbox] = (known[event.mailbox] or _EMPTY).flags()
                _put_back(flags[event.mailbox], event.uid, entry.flags)
            elif isinstance(event, MailboxRenamed):
                known[event.old_name] = known.pop(event.mailbox)
                if event.mailbox in flags:
                    flags[event.old_name] = flags.pop(event.mailbox)
            elif not isinstance(event, ConnectionState):
                known[event.mailbox] = entry.old
                flags.pop(event.mailbox, None)
        for name, found in flags.items():
            one = known[name] or _EMPTY
            known[name] = MailboxCursor.of(one.uidvalidity, one.modseq, found)
        return WatchCursor({name: one for name, one in known.items() if one})

    def _at_end(self, lag: _Lag) -> MailboxCursor | None:
        """Return what will be known of a mailbox when the queue is empty."""
        box = self._mailboxes.get(lag.name)
        if lag.heralds or box is None:
            return lag.old
        uidvalidity, modseq = lag.settled
        return MailboxCursor.of(
            box.uidvalidity,
            modseq if uidvalidity == box.uidvalidity else None,
            _overlaid(box.flags, lag.behind),
        )

    # -- What asyncio.Queue calls, and what it would let others call.

    def _init(self, maxsize: int) -> None:
        self._queue = deque()

    def _put(self, item: WatchEvent) -> None:
        assert self._entry is not None
        self._queue.append(self._entry)

    def _get(self) -> WatchEvent:
        entry = self._queue.popleft()
        if entry.lag is not None:
            entry.lag.queued -= 1
            self._settle(entry.lag)
        self.fill()
        return entry.event

    async def put(self, item: WatchEvent) -> None:
        """Refuse it: events come from the watch alone."""
        self.put_nowait(item)

    def put_nowait(self, item: WatchEvent) -> None:
        """Refuse it: events come from the watch alone."""
        raise TypeError("events come from the watch alone")

    # -- What the watch calls.

    def change(self, box: WatchedMailbox, uid: int, before: Flags | None) -> None:
        """Note that message *uid* of *box* had the flags *before*."""
        lag = self._lag(box.name, box)
        if lag.behind.setdefault(uid, before) == box.flags.get(uid):
            del lag.behind[uid]  # it is again as the consumer knows it
            self._messages.pop((box.name, uid), None)
        self._late[box.name] = None

    def herald(self, event: Herald, old: MailboxCursor, now: Iterable[int]) -> None:
        """Note that *event* comes before all that is told of its mailbox from now on.

        Args:
            event: what has happened.
            old: what was known before, of the mailbox it happened to.
            now: UIDs of the messages that are in it.
        """
        if isinstance(event, MailboxRenamed):
            if event.old_name in self._lags or event.mailbox in self._lags:
                # What is to be told of either name could not be told apart.
                self.herald(MailboxDeleted(event.old_name), old, ())
                self.herald(MailboxCreated(event.mailbox), old, now)
                return
            now = ()  # they are known
        lag = self._lag(event.mailbox, old)
        if not lag.heralds:
            lag.old = None if isinstance(event, MailboxCreated) else _known(old, lag)
        lag.behind = OrderedDict.fromkeys(now)
        self._messages.clear()  # UIDs may mean others now
        lag.heralds = _coalesced(lag.heralds, event)
        self._late[lag.name] = None

    def state(self, event: ConnectionState) -> None:
        """Note how a connection stands."""
        self._states[event.mailbox] = event

    def _lag(self, name: str, known: MailboxCursor | WatchedMailbox) -> _Lag:
        lag = self._lags.get(name)
        if lag is None:
            lag = self._lags[name] = _Lag(name, (known.uidvalidity, known.modseq))
        return lag

    def _settle(self, lag: _Lag) -> None:
        """Forget *lag* if there is nothing left to tell of it."""
        if not (lag.behind or lag.heralds):
            self._late.pop(lag.name, None)
            if not lag.queued:
                del self._lags[lag.name]

    def fill(self) -> None:
        """Put into the queue what there is to tell, as far as there is room."""
        unread = 0  # mailboxes, the last ones, that wait for a message to be fetched
        while len(self._late) > unread and not self.full():
            lag = self._lags[next(iter(self._late))]
            if lag.heralds:
                event = lag.heralds.pop(0)
                self._push(_Entry(event, lag, old=lag.old))
                if not isinstance(event, MailboxRenamed):  # else it is as it was
                    lag.old = None if isinstance(event, MailboxDeleted) else _EMPTY
            elif lag.behind:
                uid, before = next(iter(lag.behind.items()))
                entry = self._told(lag, uid, before)
                if entry is None:
                    self._late.move_to_end(lag.name)  # others need not wait for that
                    unread += 1
                    continue
                del lag.behind[uid]
                self._push(entry)
            self._settle(lag)
        if unread:
            self._ask()
        if len(self._late) == unread:
            self._fill_states()

    def _told(self, lag: _Lag, uid: int, before: Flags | None) -> _Entry | None:
        """Return what to tell of a message; None if it must be fetched first."""
        box = self._mailboxes[lag.name]
        now = box.flags.get(uid)
        event: WatchEvent
        if now is None:
            event = MessageExpunged(box.name, box.uidvalidity, uid)
        elif before is not None:
            event = FlagsChanged(box.name, box.uidvalidity, uid, now)
        elif not self._fetches:
            event = NewMessage(box.name, box.uidvalidity, uid, now)
        elif (box.name, uid) in self._messages:
            message = self._messages.pop((box.name, uid))
            event = NewMessage(box.name, box.uidvalidity, uid, now, message)
        else:
            return None
        return _Entry(event, lag, before)

    def _fill_states(self) -> None:
        for name, event in tuple(self._states.items()):
            if self.full():
                return
            if event.is_connected and self._late:
                continue  # what happened in between comes first
            del self._states[name]
            if event.is_connected is (name in self._lost):
                (self._lost.discard if event.is_connected else self._lost.add)(name)
                self._push(_Entry(event))

    def _push(self, entry: _Entry) -> None:
        if entry.lag is not None:
            entry.lag.queued += 1
        self._entry = entry
        super().put_nowait(entry.event)
        self._entry = None
        self._news.set()

    def to_fetch(self, names: Collection[str]) -> dict[str, list[int]]:
        """Return what of the mailboxes *names* must be fetched to fill the queue."""
        wanted: dict[str, list[int]] = {}
        room = min(self.maxsize - self.qsize(), FETCH_MAX)
        for name in self._late:
            box = self._mailboxes.get(name)
            if box is None or name not in names:
                continue
            for uid, before in self._lags[name].behind.items():
                if room <= 0:
                    return wanted
                room -= 1
                is_new = before is None and uid in box.flags
                if is_new and (name, uid) not in self._messages:
                    wanted.setdefault(name, []).append(uid)
        return wanted

    def supply(self, name: str, messages: Mapping[int, FetchedMessage | None]) -> None:
        """Give what has been fetched; None for a message that is gone."""
        lag = self._lags.get(name)
        for uid, message in messages.items():
            if lag is not None and uid in lag.behind and lag.behind[uid] is None:
                self._messages[name, uid] = message

    def end(self) -> None:
        """Let nobody wait for more."""
        self._is_ended = True
        self._news.set()


FETCH_MAX = 50
"""Most messages that are fetched for a queue at once."""


def _put_back(flags: dict[int, Flags], uid: int, before: Flags | None) -> None:
    if before is None:
        flags.pop(uid, None)
    else:
        flags[uid] = before


def _overlaid(
    flags: Mapping[int, Flags], behind: Mapping[int, Flags | None]
) -> dict[int, Flags]:
    """Return *flags* as they are known where one is *behind*."""
    known = dict(flags)
    for uid, before in behind.items():
        _put_back(known, uid, before)
    return known


def _known(old: MailboxCursor, lag: _Lag) -> MailboxCursor:
    """Return what of *old* will be known when the queue is empty."""
    known = _overlaid(old.flags(), lag.behind)
    return MailboxCursor.of(old.uidvalidity, lag.settled[1], known)


def _coalesced(heralds: list[Herald], event: Herald) -> list[Herald]:
    """Return what is left to be told of *heralds* and then *event*: a few at most."""
    match heralds, event:
        case [*before, MailboxCreated()], MailboxDeleted():
            return before  # it came and went
        case [*_, MailboxCreated()], MailboxReset():
            return heralds
        case [*before, MailboxReset()], MailboxReset() | MailboxDeleted():
            return [*before, event]
        case _:
            return [*heralds, event]
