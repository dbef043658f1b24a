"""The view against a simple model of the server's side of a session."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage import (
    Flag,
    IMAPProtocolError,
    MessageSet,
)
from aiosage.watch._view import Change, MailboxView
from aiosage.wire import (
    ExistsData,
    ExpungeData,
    FetchData,
    Untagged,
    VanishedData,
)

from ..growth import growth

Flags = frozenset[Flag]

FLAGS = st.frozensets(st.sampled_from([Flag.SEEN, Flag.FLAGGED, Flag.RECENT]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(1, 3), FLAGS),
        st.tuples(st.just("expunge"), st.integers(0, 9), FLAGS),
        st.tuples(st.just("vanish"), st.integers(0, 9), FLAGS),
        st.tuples(st.just("flags"), st.integers(0, 9), FLAGS),
        st.tuples(st.just("flags with uid"), st.integers(0, 9), FLAGS),
        st.tuples(st.just("scan"), st.just(0), FLAGS),
    ),
    max_size=40,
)


class Server:
    """What a server holds, and says about it as it happens.

    Args:
        uid_only: messages have no numbers (RFC 9586).
    """

    def __init__(self, *, uid_only: bool = False) -> None:
        self.uid_only = uid_only
        self.messages: list[tuple[int, Flags]] = []
        self.uidnext = 1

    def step(self, verb: str, number: int, flags: Flags) -> list[Untagged]:
        """Do one thing, and return what a session is told."""
        if verb == "deliver":
            for _ in range(number):
                self.messages.append((self.uidnext, flags))
                self.uidnext += 2
            return [ExistsData(len(self.messages))]
        if verb == "scan":
            return [self._fetch(index, uid=True) for index in range(len(self.messages))]
        if not self.messages:
            return []
        index = number % len(self.messages)
        uid, _ = self.messages[index]
        if verb == "expunge" and not self.uid_only:
            del self.messages[index]
            return [ExpungeData(index + 1)]
        if verb in ("expunge", "vanish"):
            gone = self.messages[index : index + 2]
            del self.messages[index : index + 2]
            return [VanishedData(MessageSet(uid for uid, _ in gone), False)]
        self.messages[index] = (uid, flags)
        return [self._fetch(index, uid=verb == "flags with uid")]

    def _fetch(self, index: int, *, uid: bool) -> FetchData:
        message, flags = self.messages[index]
        if self.uid_only:
            return FetchData(seq=None, uid=message, flags=flags)
        return FetchData(seq=index + 1, uid=message if uid else None, flags=flags)

    @property
    def contents(self) -> dict[int, Flags]:
        """The flags of every message, by UID."""
        return {uid: flags - {Flag.RECENT} for uid, flags in self.messages}


def replay(mirror: dict[int, Flags], changes: Iterable[Change]) -> None:
    """Change *mirror* as *changes* say; none may contradict it."""
    for uid, before, now in changes:
        assert mirror.get(uid) == before
        assert before != now
        if now is None:
            del mirror[uid]
        else:
            mirror[uid] = now


@given(STEPS, st.booleans())
def test_events_make_of_a_mirror_what_the_mailbox_is(
    steps: list[tuple[str, int, Flags]], uid_only: bool
) -> None:
    """Each change is told once, whatever of it is known by number or UID only."""
    server, mirror = Server(uid_only=uid_only), dict[int, Flags]()
    view = MailboxView("INBOX", 0)

    for step in [*steps, ("scan", 0, frozenset[Flag]())]:
        for response in server.step(*step):
            try:
                replay(mirror, view.apply(response))
            except IMAPProtocolError:
                # Numbers are lost: as on a new connection, all is looked at.
                assert isinstance(response, VanishedData)
                view = MailboxView("INBOX", len(server.messages))
                for answer in server.step("scan", 0, frozenset()):
                    list(view.apply(answer))
                mirror = dict(view.flags)

    assert mirror == view.flags == server.contents
    assert not view.has_unknown


@given(STEPS, st.booleans())
def test_what_to_ask_for_covers_everything_unknown(
    steps: list[tuple[str, int, Flags]], uid_only: bool
) -> None:
    """The UIDs of unknown messages are above those known before them."""
    server, view = Server(uid_only=uid_only), MailboxView("INBOX", 0)
    for step in steps:
        if step[0] == "vanish" or (uid_only and step[0] == "expunge"):
            continue
        for response in server.step(*step):
            list(view.apply(response))

        unknown = [uid for uid, _ in server.messages if uid not in view.flags]
        assert all(uid in view.unknown for uid in unknown)
        if not unknown:
            assert not view.has_unknown


@pytest.mark.parametrize(
    "response",
    [
        ExpungeData(4),
        ExistsData(2),
        ExistsData(50_000_001),
        FetchData(seq=1, uid=9, flags=frozenset()),
    ],
)
def test_what_cannot_be_is_a_protocol_error(response: Untagged) -> None:
    """And costs no memory."""
    view = MailboxView("INBOX", 3)
    for uid in (1, 2, 3):
        list(view.apply(FetchData(seq=uid, uid=uid, flags=frozenset())))

    with pytest.raises(IMAPProtocolError):
        list(view.apply(response))


def test_a_message_told_of_before_exists_is_taken_in() -> None:
    view = MailboxView("INBOX", 0)
    events = list(view.apply(FetchData(seq=1, uid=5, flags=frozenset({Flag.SEEN}))))
    events += view.apply(ExistsData(1))

    assert events == [(5, None, frozenset({Flag.SEEN}))]
    assert not view.has_unknown


def test_what_vanishes_between_messages_that_are_not_known_moves_no_other() -> None:
    view = MailboxView("INBOX", 3)
    for seq in (1, 3):
        list(view.apply(FetchData(seq=seq, uid=seq, flags=frozenset())))

    (gone,) = view.apply(VanishedData(MessageSet([1]), False))
    (told,) = view.apply(FetchData(seq=2, flags=frozenset({Flag.SEEN})))

    assert (gone.uid, told.uid) == (1, 3)


@pytest.mark.parametrize("unknown", [0, 3])
@pytest.mark.parametrize("text", ["{0}", "{1}:4294967295"])
def test_messages_that_vanish_one_by_one_cost_the_same_each(
    unknown: int, text: str
) -> None:
    """However many others the mailbox has."""

    def seconds(count: int) -> float:
        view = MailboxView("INBOX", count + unknown)
        uids = MessageSet.from_range(1, count)
        view.assume(uids, dict.fromkeys(uids, frozenset[Flag]()))
        gone = [MessageSet.parse(text.format(n, count - n)) for n in range(1, 30)]
        begin = time.process_time()
        for some in gone:
            list(view.apply(VanishedData(some, False)))
        return time.process_time() - begin

    assert growth(seconds, 1000, 64_000) < 16
