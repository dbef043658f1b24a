"""The queue against what a consumer knows of the mailboxes from events alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiosage import (
    ConnectionState,
    FetchedMessage,
    Flag,
    FlagsChanged,
    IMAPWatchEnded,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
    MessageExpunged,
    MessageSet,
    NewMessage,
    WatchCursor,
    WatchEvent,
)
from aiosage.watch import MailboxCursor
from aiosage.watch._hub import Hub
from aiosage.watch._mailbox import WatchedMailbox
from aiosage.watch._queue import EventQueue
from aiosage.watch._view import Change

Flags = frozenset[Flag]

NONE: Flags = frozenset()
SEEN = frozenset({Flag.SEEN})

FLAGS = st.sampled_from([NONE, SEEN, frozenset({Flag.FLAGGED, Flag("Work")})])
NAMES = st.sampled_from(["INBOX", "a", "b"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), NAMES, st.integers(1, 6), FLAGS),
        st.tuples(st.just("expunge"), NAMES, st.integers(1, 6), FLAGS),
        st.tuples(st.just("replace"), NAMES, st.integers(1, 6), FLAGS),
        st.tuples(st.just("reset"), NAMES, st.integers(1, 6), FLAGS),
        st.tuples(st.just("delete"), st.sampled_from("ab"), st.just(0), FLAGS),
        st.tuples(st.just("rename"), st.sampled_from("ab"), st.just(0), FLAGS),
        st.tuples(st.just("state"), NAMES, st.integers(0, 1), FLAGS),
        st.tuples(st.just("take"), NAMES, st.integers(1, 4), FLAGS),
        st.tuples(st.just("take from other"), NAMES, st.integers(1, 9), FLAGS),
    ),
    max_size=60,
)


class Server:
    """Does to a hub what watching does."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.uidvalidity = 1
        self.hub.begin(self.hub.mailbox("INBOX"), 1, {}, 1, is_told=False)

    def box(self, name: str) -> WatchedMailbox:
        """Return a mailbox, made if it is not there."""
        if name not in self.hub.mailboxes:
            self.uidvalidity += 1
            box = self.hub.mailbox(name)
            self.hub.begin(box, self.uidvalidity, {}, 1, is_told=True)
        return self.hub.mailboxes[name]

    def step(self, verb: str, name: str, number: int, flags: Flags) -> None:
        """Do one thing."""
        hub, modseq = self.hub, None
        match verb:
            case "set":
                box = self.box(name)
                before = box.flags.get(number)
                if before != flags:
                    box.flags[number] = flags
                    hub.change(box, [Change(number, before, flags)])
            case "expunge":
                box = self.box(name)
                before = box.flags.pop(number, None)
                if before is not None:
                    hub.change(box, [Change(number, before, None)])
            case "replace":
                box = self.box(name)
                hub.replace(box, dict.fromkeys(range(number, 5), flags), modseq)
            case "reset":
                box = self.box(name)
                self.uidvalidity += 1
                contents = dict.fromkeys(range(1, number), flags)
                hub.begin(box, self.uidvalidity, contents, modseq, is_told=False)
            case "delete":
                hub.delete(name)
            case "rename":
                other = "b" if name == "a" else "a"
                if name in hub.mailboxes and other not in hub.mailboxes:
                    hub.rename(name, other)
            case _:
                hub.state(ConnectionState("INBOX", bool(number)))

    @property
    def contents(self) -> dict[str, tuple[int | None, dict[int, Flags]]]:
        """UIDVALIDITY and messages of each mailbox."""
        return {
            name: (box.uidvalidity, dict(box.flags))
            for name, box in self.hub.mailboxes.items()
        }


class Consumer:
    """Knows what events say; one that contradicts it fails the test."""

    def __init__(self, server: Server, queue: EventQueue) -> None:
        self.queue = queue
        self.known = server.contents
        self.is_connected = True

    def take(self, count: int) -> None:
        """Take some events, if there are any."""
        for _ in range(min(count, self.queue.qsize())):
            self.apply(self.queue.get_nowait())

    def take_all(self) -> None:
        """Take all there are and will be."""
        while not self.queue.empty():
            self.take(1)

    def apply(self, event: WatchEvent) -> None:
        """Take in one event."""
        match event:
            case NewMessage(name, uidvalidity, uid, flags):
                validity, messages = self.known[name]
                if validity is None:  # of one that has just been made
                    self.known[name] = (uidvalidity, messages)
                else:
                    assert validity == uidvalidity
                assert uid not in messages
                messages[uid] = flags
            case FlagsChanged(name, uidvalidity, uid, flags):
                assert self.known[name][1][uid] != flags
                self.known[name][1][uid] = flags
            case MessageExpunged(name, _, uid):
                del self.known[name][1][uid]
            case MailboxReset(name, uidvalidity):
                assert name in self.known
                self.known[name] = (uidvalidity, {})
            case MailboxCreated(name):
                assert name not in self.known
                self.known[name] = (None, {})
            case MailboxDeleted(name):
                del self.known[name]
            case MailboxRenamed(name, old):
                assert name not in self.known
                self.known[name] = self.known.pop(old)
            case ConnectionState(_, is_connected):
                assert is_connected is not self.is_connected
                self.is_connected = is_connected

    @property
    def contents(self) -> dict[str, dict[int, Flags]]:
        """What it knows."""
        return {name: messages for name, (_, messages) in self.known.items()}

    @property
    def cursor(self) -> dict[str, dict[int, Flags]]:
        """What the cursor says of it, after it was text."""
        cursor = WatchCursor.parse(str(self.queue.cursor))
        assert cursor == self.queue.cursor
        return {name: one.flags() for name, one in cursor.mailboxes.items()}


@given(STEPS, st.integers(1, 4))
@example(
    [
        *(("set", name, 1, NONE) for name in ("b", "INBOX")),
        ("take", "INBOX", 2, NONE),
        ("rename", "b", 0, NONE),
        ("set", "b", 1, NONE),
    ],
    1,
)
@example(
    [
        *(("set", name, 1, NONE) for name in ("a", "INBOX")),
        ("take", "INBOX", 1, NONE),
        ("rename", "a", 0, NONE),
        ("delete", "b", 0, NONE),
        ("take", "INBOX", 1, NONE),
    ],
    1,
)
def test_events_make_of_a_consumer_what_the_mailboxes_are(
    steps: list[tuple[str, str, int, Flags]], size: int
) -> None:
    """However full its queue is; and the cursor says what it has taken."""
    server = Server()
    queue = server.hub.queue(size, fetches=False)
    one, other = Consumer(server, queue), Consumer(server, queue.subscribe(size + 3))
    for verb, name, number, flags in steps:
        if verb == "take":
            one.take(number)
        elif verb == "take from other":
            other.take(number)
        else:
            server.step(verb, name, number, flags)
        assert queue.qsize() <= size
        assert one.cursor == one.contents
        assert other.cursor == other.contents

    final = {name: flags for name, (_, flags) in server.contents.items()}
    for consumer in (one, other):
        consumer.take_all()
        assert consumer.contents == final == consumer.cursor


@given(STEPS, st.integers(1, 3))
def test_a_cursor_goes_on_where_its_consumer_was(
    steps: list[tuple[str, str, int, Flags]], size: int
) -> None:
    """In another process, that finds the mailboxes as they are by then."""
    server = Server()
    consumer = Consumer(server, server.hub.queue(size, fetches=False))
    for verb, name, number, flags in steps:
        if verb == "take":
            consumer.take(number)
        else:
            server.step(verb, name, number, flags)
    cursor = consumer.queue.cursor

    again = Server()
    again.hub.mailboxes.clear()
    for name, one in cursor.mailboxes.items():
        again.hub.mailbox(name).resume(one)
    consumer.queue = again.hub.queue(size, fetches=False)
    for name in cursor.mailboxes.keys() - server.contents.keys():
        again.hub.delete(name)
    for name, (uidvalidity, found) in server.contents.items():
        box = again.hub.mailbox(name)
        if box.is_known and box.uidvalidity == uidvalidity:
            again.hub.replace(box, found, None)
        else:
            again.hub.begin(box, uidvalidity, found, None, is_told=True)
    consumer.is_connected = True
    consumer.take_all()
    assert consumer.contents == {n: flags for n, (_, flags) in server.contents.items()}


def test_a_change_that_is_undone_before_there_is_room_is_not_told() -> None:
    server = Server()
    queue = server.hub.queue(1, fetches=False)
    server.step("set", "INBOX", 1, NONE)  # fills the queue
    server.step("set", "INBOX", 2, NONE)
    server.step("set", "INBOX", 1, SEEN)
    server.step("expunge", "INBOX", 2, NONE)
    server.step("set", "INBOX", 1, NONE)
    taken = [queue.get_nowait()]

    assert taken == [NewMessage("INBOX", 1, 1, NONE)]
    assert queue.empty()


def test_the_mod_sequence_of_a_cursor_is_of_when_all_was_known() -> None:
    """A later one would hide what has not been taken (RFC 7162 §3.2.5)."""
    server = Server()
    queue = server.hub.queue(10, fetches=False)
    server.step("set", "INBOX", 1, NONE)
    server.box("INBOX").modseq = 7
    before = queue.cursor.mailboxes["INBOX"]
    queue.get_nowait()
    after = queue.cursor.mailboxes["INBOX"]

    assert (before.modseq, before.flags()) == (1, {})
    assert (after.modseq, after.flags()) == (7, {1: NONE})


async def test_new_messages_wait_until_they_are_fetched() -> None:
    """What comes after them waits, too: events of a mailbox are in order."""
    server, asked = Server(), asyncio.Event()
    server.hub.wake_by(asked.set)
    queue = server.hub.queue(2, fetches=True)
    for uid in (1, 2, 3):
        server.step("set", "INBOX", uid, NONE)
    assert queue.empty()
    assert asked.is_set()
    assert queue.to_fetch(["a"]) == {}
    assert queue.to_fetch(["INBOX"]) == {"INBOX": [1, 2]}
    server.step("expunge", "INBOX", 2, NONE)
    one = FetchedMessage(uid=1, mailbox="INBOX")
    server.hub.supply("INBOX", {1: one, 2: None, 3: None})
    first, third = await queue.get(), await queue.get()
    assert isinstance(first, NewMessage)
    assert first.message is one
    assert third == NewMessage("INBOX", 1, 3, NONE)


def test_a_message_that_cannot_be_fetched_now_holds_up_nothing_else() -> None:
    """The connection of its mailbox may be lost, for as long as may be."""
    server = Server()
    queue = server.hub.queue(9, fetches=True)
    server.step("set", "INBOX", 1, NONE)
    server.step("set", "a", 1, NONE)
    server.hub.supply("a", {1: None})
    server.step("state", "INBOX", 0, NONE)
    server.step("set", "a", 1, SEEN)

    told = [queue.get_nowait() for _ in range(queue.qsize())]
    assert told == [
        MailboxCreated("a"),
        NewMessage("a", 2, 1, NONE),
        ConnectionState("INBOX", False),
        FlagsChanged("a", 2, 1, SEEN),
    ]
    server.step("state", "INBOX", 1, NONE)
    assert queue.empty()
    server.hub.supply("INBOX", {1: None})
    told = [queue.get_nowait() for _ in range(queue.qsize())]
    assert told == [NewMessage("INBOX", 1, 1, NONE), ConnectionState("INBOX", True)]


@pytest.mark.parametrize(
    "verbs", [["set", "delete"], ["delete", "set"], ["reset"], ["rename"]]
)
@pytest.mark.parametrize("is_known", [False, True])
def test_mailboxes_that_come_and_go_are_told_as_they_are_in_the_end(
    verbs: list[str], is_known: bool
) -> None:
    """However often they did while the queue was full: what is kept is bounded."""
    server = Server()
    if is_known:
        server.step("set", "a", 1, NONE)
    queue = server.hub.queue(1, fetches=False)
    consumer = Consumer(server, queue)
    server.step("set", "INBOX", 1, NONE)
    assert queue.full()
    for _ in range(50):
        for name in ("a", "b"):
            for verb in verbs:
                server.step(verb, name, 2, NONE)
    told = 0
    while not queue.empty():
        consumer.take(1)
        told += 1
    assert told <= 10
    assert consumer.known == server.contents


async def test_whoever_waits_for_events_is_told_that_the_watch_is_over() -> None:
    """Without losing what is in the queue."""
    hub = Hub()
    queue = hub.queue(3, fetches=False)
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    hub.state(ConnectionState("INBOX", False, "lost"))
    assert await waiting == ConnectionState("INBOX", False, "lost")
    other = queue.subscribe()
    hub.state(ConnectionState("INBOX", True))
    waiting = asyncio.create_task(other.get())
    hub.end()
    assert [event async for event in queue] == [ConnectionState("INBOX", True)]
    with pytest.raises(IMAPWatchEnded):
        await queue.get()
    with pytest.raises(IMAPWatchEnded):
        await waiting
    assert [event async for event in queue.subscribe()] == []


async def test_whoever_waits_for_an_event_may_be_cancelled() -> None:
    """The event it was about to get is for the next."""
    hub = Hub()
    queue = hub.queue(3, fetches=False)
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    hub.state(ConnectionState("INBOX", False))  # wakes it
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await queue.get() == ConnectionState("INBOX", False)


async def test_events_are_delivered_to_functions_and_coroutine_functions() -> None:
    hub = Hub()
    queue = hub.queue(3, fetches=False)
    other, seen, told = queue.subscribe(), list[object](), list[object]()

    async def handler(event: WatchEvent) -> None:
        await asyncio.sleep(0)
        seen.append(event)

    hub.state(ConnectionState("INBOX", False))
    hub.end()
    await queue.deliver(handler)
    await other.deliver(told.append)
    assert seen == told == [ConnectionState("INBOX", False)]


async def test_a_queue_that_is_given_up_takes_no_more() -> None:
    server = Server()
    queue = server.hub.queue(3, fetches=False)
    other = queue.subscribe()
    other.unsubscribe()
    server.step("set", "INBOX", 1, NONE)
    assert [event async for event in other] == []
    assert queue.qsize() == 1


def test_a_queue_that_is_given_up_tells_nothing_that_is_not_true() -> None:
    """What it had no room for is told as it was then, and the cursor is of then."""
    server = Server()
    queue = server.hub.queue(1, fetches=False)
    consumer = Consumer(server, queue)
    for name in ("INBOX", "a"):
        for uid in (1, 2, 3):
            server.step("set", name, uid, NONE)
    then = {name: messages for name, (_, messages) in server.contents.items()}
    queue.unsubscribe()
    cursor = queue.cursor
    server.step("expunge", "INBOX", 2, NONE)
    server.step("set", "INBOX", 4, NONE)
    server.step("delete", "a", 0, NONE)
    assert queue.cursor == cursor

    consumer.take_all()

    assert consumer.contents == consumer.cursor == then


async def test_nobody_else_puts_events_into_the_queue() -> None:
    queue = Hub().queue(3, fetches=False)
    with pytest.raises(TypeError):
        await queue.put(MailboxCreated("a"))
    assert queue.empty()


EVERYTHING = WatchCursor(
    {"INBOX": MailboxCursor(1, 1, {NONE: MessageSet.from_range(1, 2**32 - 1)})}
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "mailboxes": {}}',
        '{"version": 1, "mailboxes": {"a": {"uidvalidity": 1, "modseq": 1}}}',
        '{"version": 1, "mailboxes": {"a": {"uidvalidity": -1, "modseq": 1}}}',
        '{"version": 1, "mailboxes": {"a": {"uidvalidity": 1, "modseq": "1"}}}',
        str(EVERYTHING),  # more than there is memory for
        "[" * 100_000,
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        WatchCursor.parse(text)
