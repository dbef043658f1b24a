"""What an error tells of the work that was done before it."""

from __future__ import annotations

import pickle
from collections.abc import Awaitable, Callable

import pytest

from aiosage import (
    CopyResult,
    ExpungeResult,
    Flag,
    FlagResult,
    IMAPClient,
    IMAPConnectionLost,
    IMAPMailboxError,
    IMAPMailboxUIDService,
    IMAPOperationError,
    IMAPProtocolError,
    IMAPSearchCriteria,
    MessageSet,
)

from ..connection.scripted import CAPABILITIES, LOGGED_IN, SELECTED
from .accounts import messages_in, raws_of, scripted_client, small
from .relay import Relay
from .test_poor_servers import KINDS, poor_server

APART = MessageSet([1, 3, *range(100_001, 105_000, 2)], mailbox="INBOX")
"""More than fits into two commands; the first has all that exists."""

FIRST = next(iter(APART.iter_wire(7500)))
SECOND = [*APART.iter_wire(7500)][1]


def on_second(relay: Relay, command: bytes, act: Callable[[], object]) -> None:
    """Do *act* before *command* is passed on for the second time."""
    times = 0

    def look(sent: bytes) -> None:
        nonlocal times
        times += sent.count(command)
        if command in sent and times == 2:
            act()

    relay.before_sending = look


async def test_a_copy_cut_in_between_tells_what_is_copied(
    request: pytest.FixtureRequest,
) -> None:
    async with poor_server(request, "memory") as (relay, client):
        await messages_in(client, "INBOX", 3)
        on_second(relay, b"UID COPY", relay.cut)
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().copy(APART, "Archive")
        relay.before_sending = None
        archived = await client.mailbox("Archive").search()

    partial = pickle.loads(pickle.dumps(caught.value)).partial
    assert isinstance(partial, CopyResult)
    assert partial.uids == {1: 1, 3: 2}
    assert list(partial.done) == list(FIRST)
    assert list(partial.uncertain) == list(SECOND)
    assert caught.value.maybe_executed
    assert len(archived) == 2


async def test_a_refused_copy_is_certain_not_to_have_happened() -> None:
    """RFC 9051 §6.4.7: all or nothing. What came before stays known."""
    script = f"""{SELECTED}
C: T2 UID COPY 1,3,100001,...
S: T2 OK [COPYUID 9 1,3 11:12] done
C: T3 UID COPY ...
S: T3 NO [TRYCREATE] gone
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMailboxError) as caught:
            await client.mailbox().copy(APART, "Archive")
    partial = caught.value.partial
    assert isinstance(partial, CopyResult)
    assert partial.uids == {1: 11, 3: 12}
    assert list(partial.done) == list(FIRST)
    assert not partial.uncertain


@pytest.mark.parametrize("tagged", [True, False])
async def test_a_refused_move_tells_what_it_moved_before(tagged: bool) -> None:
    """RFC 6851 §3.3: COPYUID comes ahead, even if the rest cannot be moved."""
    script = f"""{SELECTED}
C: T2 UID MOVE 1:3 Archive
S: * OK [COPYUID 9 1:2 11:12] moved
S: * 1 EXPUNGE
S: * 1 EXPUNGE
{"S: T2 NO the third cannot go" if tagged else "S! reset"}
"""
    async with scripted_client(script) as client:
        with pytest.raises((IMAPOperationError, IMAPConnectionLost)) as caught:
            await client.mailbox().move([1, 2, 3], "Archive")
    partial = caught.value.partial
    assert isinstance(partial, CopyResult)
    assert partial.uids == {1: 11, 2: 12}
    assert partial.uidvalidity == 9
    assert not partial.done
    assert list(partial.uncertain) == [1, 2, 3]


@KINDS
async def test_a_move_without_move_cut_after_the_copy_has_both(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """Moving again would copy again: it is not safe, and what to do is told."""
    async with poor_server(request, kind, "MOVE") as (relay, client):
        if kind == "dovecot":
            await client.folders.create("Archive")
        await messages_in(client, "INBOX", 2)

        def cut_before_store(sent: bytes) -> None:
            if b"UID STORE" in sent:
                relay.cut()

        relay.before_sending = cut_before_store
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().move([1], "Archive")
        relay.before_sending = None

        partial = caught.value.partial
        assert isinstance(partial, CopyResult)
        assert partial.uids == {1: 1}
        assert list(partial.uncertain) == [1]
        assert caught.value.maybe_executed
        await client.mailbox().expunge(partial.uncertain)
        assert await raws_of(client.mailbox()) == [small(2)]
        assert await raws_of(client.mailbox("Archive")) == [small(1)]


async def test_only_what_was_copied_is_removed() -> None:
    """Another client may have removed one since it was found."""
    script = f"""{LOGGED_IN.replace(" MOVE", "")}
C: T1 SELECT INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T1 OK [READ-WRITE] selected
C: T2 UID SEARCH UID 1:3
S: * SEARCH 1 2 3
S: T2 OK done
C: T3 UID COPY 1:3 Archive
S: T3 OK [COPYUID 9 1:2 11:12] done
C: T4 UID STORE 1:2 +FLAGS.SILENT (\\Deleted)
S: T4 OK done
C: T5 UID EXPUNGE 1:2
S: T5 OK done
C: T6 UID SEARCH UID 3
S: * SEARCH
S: T6 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().move([1, 2, 3], "Archive")
    assert result.uids == {1: 11, 2: 12}


Change = Callable[[IMAPMailboxUIDService], Awaitable[object]]


@pytest.mark.parametrize(
    ("command", "change", "kind"),
    [
        (b"UID STORE", lambda box: box.add_flags(APART, Flag.FLAGGED), FlagResult),
        (b"UID EXPUNGE", lambda box: box.expunge(APART), ExpungeResult),
    ],
)
async def test_what_may_be_repeated_tells_how_far_it_came(
    request: pytest.FixtureRequest,
    command: bytes,
    change: Change,
    kind: type[FlagResult | ExpungeResult],
) -> None:
    async with poor_server(request, "memory") as (relay, client):
        await messages_in(client, "INBOX", 3)
        on_second(relay, command, relay.cut)
        with pytest.raises(IMAPConnectionLost) as caught:
            await change(client.mailbox())
        relay.before_sending = None

        partial = caught.value.partial
        assert isinstance(partial, kind)
        assert list(partial.done) == list(FIRST)
        assert list(partial.uncertain) == list(SECOND)
        assert not caught.value.maybe_executed
        await change(client.mailbox())
        left = await client.mailbox().search(~IMAPSearchCriteria.FLAGGED)
        assert list(left) == [2]


async def test_what_was_not_begun_tells_nothing(client: IMAPClient) -> None:
    with pytest.raises(IMAPMailboxError) as caught:
        await client.mailbox("missing").copy([1], "INBOX")
    assert caught.value.partial is None


async def test_an_announced_limit_of_messages_is_kept() -> None:
    """RFC 9738 §3.1."""
    script = f"""{SELECTED.replace(CAPABILITIES, CAPABILITIES + " MESSAGELIMIT=2")}
C: T2 UID STORE 1:2 +FLAGS.SILENT (\\Seen)
S: T2 OK done
C: T3 UID STORE 3 +FLAGS.SILENT (\\Seen)
S: T3 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().add_flags([1, 2, 3], Flag.SEEN, silent=True)
    assert list(result.done) == [1, 2, 3]
    assert not result.flags


async def test_a_copy_that_ends_between_commands_is_not_repeatable() -> None:
    """The second was not sent, but to send both again would copy the first twice."""
    script = f"""{SELECTED}
C: T2 UID COPY 1,3,100001,...
S: T2 OK [COPYUID 9 1,3 11:12] done
S: * BYE enough
S! close
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().copy(APART, "Archive")
    assert caught.value.maybe_executed


async def test_a_copy_told_of_other_messages_is_not_repeated_blindly() -> None:
    """The server has said OK: only what it tells of it is wrong."""
    script = f"""{SELECTED}
C: T2 UID COPY 5 Archive
S: T2 OK [COPYUID 9 5:6 11:12] done
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPProtocolError, match="COPYUID") as caught:
            await client.mailbox().copy([5], "Archive")
    assert caught.value.maybe_executed
    assert isinstance(caught.value.partial, CopyResult)
    assert list(caught.value.partial.uncertain) == [5]


async def test_what_a_move_left_behind_is_not_told_as_moved() -> None:
    """COPYUID names another message, so that nothing may be removed."""
    script = f"""{SELECTED.replace(" MOVE", "")}
C: T2 UID SEARCH UID 5
S: * SEARCH 5
S: T2 OK done
C: T3 UID COPY 5 Archive
S: T3 OK [COPYUID 9 6 11] done
C: T4 UID SEARCH UID 5
S: * SEARCH 5
S: T4 OK done
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPProtocolError, match="COPYUID") as caught:
            await client.mailbox().move([5], "Archive")
    assert caught.value.maybe_executed
    assert isinstance(caught.value.partial, CopyResult)
    assert list(caught.value.partial.uncertain) == [5]
    assert not caught.value.partial.done


async def test_appenduid_of_several_messages_tells_no_uid_of_one() -> None:
    script = f"""{LOGGED_IN}
C: T1 APPEND INBOX {{12+}}
C: Subject: x
C:
S: T1 OK [APPENDUID 9 5:7] done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().append(b"Subject: x\r\n")
    assert (result.uid, result.uidvalidity) == (None, None)
