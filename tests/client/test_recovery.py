"""What is done again after an error, what is found out first, and what is told."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from aiosage import (
    CopyResult,
    Flag,
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPOperationError,
    IMAPPoolTimeout,
    IMAPProtocolError,
    IMAPTimeoutError,
    IMAPTLSError,
    MessagePart,
    MessageSet,
    RetryAttempt,
    RetryPolicy,
    Secret,
    UIDValidityChanged,
)
from aiosage.client import _fetching, _moving, _recovery
from aiosage.client._access import MailboxAccess
from aiosage.client._baseline import Baseline, Baselines, message_id, pair_up
from aiosage.client._recovery import SETTLE, Action, Decision, decide
from aiosage.connection import TokenRequest
from aiosage.errors import refusal
from aiosage.model import Referral
from aiosage.testing import Cut, MemoryServer

from ..conftest import Endpoint
from ..connection.scripted import (
    CAPABILITIES,
    LOGGED_IN,
    SELECTED,
    Peer,
    Script,
    config,
    scripted,
)
from .accounts import (
    OtherClient,
    client_of,
    messages_in,
    open_client,
    raws_of,
    small,
)
from .relay import Relay

QUICK = RetryPolicy(attempts=3, first_wait=0.002, longest_wait=0.02)


def referred() -> IMAPConnectError:
    error = IMAPConnectError("elsewhere")
    error.referral = Referral("imap://other.example.org/", "other.example.org")
    return error


def distrusted() -> IMAPTLSError:
    error = IMAPTLSError("the certificate is not trusted")
    error.__cause__ = ssl.SSLCertVerificationError()
    return error


def lost(*, maybe_executed: bool = False) -> IMAPConnectionLost:
    return IMAPConnectionLost("gone", maybe_executed=maybe_executed)


def refused(code: str | None, text: str = "no") -> IMAPOperationError:
    return refusal("APPEND", "NO", code, text)


BACKOFF = "Suggested Backoff Time: 2500 milliseconds"


@pytest.mark.parametrize(
    ("error", "once", "again"),
    [
        (lost(), Action.RECONNECT, Action.RECONNECT),
        (IMAPConnectError("refused"), Action.RECONNECT, Action.RECONNECT),
        (IMAPTLSError("cut"), Action.RECONNECT, Action.RECONNECT),
        (lost(maybe_executed=True), Action.FIND_OUT, Action.RECONNECT),
        (
            IMAPTimeoutError("slow", seconds=1.0, maybe_executed=True),
            Action.FIND_OUT,
            Action.RECONNECT,
        ),
        (refused("UNAVAILABLE"), Action.WAIT, Action.WAIT),
        (refused("INUSE"), Action.WAIT, Action.WAIT),
        (refused("THROTTLED"), Action.WAIT, Action.WAIT),
        (refused("SERVERBUG"), Action.FIND_OUT, Action.WAIT),
        (refused("LIMIT"), Action.GIVE_UP, Action.GIVE_UP),
        (refused("OVERQUOTA"), Action.GIVE_UP, Action.GIVE_UP),
        (refused("NONEXISTENT"), Action.GIVE_UP, Action.GIVE_UP),
        (refused(None), Action.GIVE_UP, Action.GIVE_UP),
        (
            IMAPAuthenticationError("busy", code="LIMIT", retryable=True),
            Action.RECONNECT,
            Action.RECONNECT,
        ),
        (IMAPAuthenticationError("wrong"), Action.GIVE_UP, Action.GIVE_UP),
        (referred(), Action.GIVE_UP, Action.GIVE_UP),
        (distrusted(), Action.GIVE_UP, Action.GIVE_UP),
        (IMAPProtocolError("too large"), Action.GIVE_UP, Action.GIVE_UP),
        (IMAPCapabilityError("no", capability="X"), Action.GIVE_UP, Action.GIVE_UP),
        (UIDValidityChanged("INBOX", 1, 2), Action.GIVE_UP, Action.GIVE_UP),
        (IMAPPoolTimeout("full", seconds=1.0), Action.GIVE_UP, Action.GIVE_UP),
        (ValueError("a mistake"), Action.GIVE_UP, Action.GIVE_UP),
    ],
    ids=str,
)
def test_what_may_be_done_about_an_error(
    error: Exception, once: Action, again: Action
) -> None:
    """First for what must not be done twice, then for what may."""
    assert decide(error, repeatable=False).action is once
    assert decide(error, repeatable=True).action is again


def test_what_a_server_asks_for_is_waited_and_it_has_time_to_end() -> None:
    assert decide(refused(None, BACKOFF), repeatable=False) == Decision(
        Action.WAIT, 2.5
    )
    unclear = lost(maybe_executed=True)
    assert decide(unclear, repeatable=False).wait == SETTLE
    unclear.retry_after = 40.0
    assert decide(unclear, repeatable=False).wait == 40.0


@pytest.mark.parametrize(
    ("source", "arrived", "expected"),
    [
        ({1: b"a", 2: b"b"}, {b"a": [7], b"b": [8]}, {1: 7, 2: 8}),
        ({1: b"a", 2: b"b"}, {}, {}),
        ({1: b"a", 2: b"b"}, {b"c": [7]}, {}),
        ({1: b"a"}, {b"a": [7], b"c": [8]}, {1: 7}),
        ({1: b"a", 2: b"a"}, {b"a": [7, 8]}, {1: 7, 2: 8}),
        ({}, {b"a": [7]}, {}),
        ({1: None}, {}, {}),
        # It cannot be told:
        ({1: b"a", 2: b"b"}, {b"a": [7]}, None),
        ({1: b"a", 2: b"a"}, {b"a": [7]}, None),
        ({1: b"a"}, {b"a": [7, 8]}, None),
        ({1: None}, {b"a": [7]}, None),
        ({1: b"a"}, None, None),
        ({1: b"a"}, {b"c": [7], None: []}, None),
        # Not even what is there would be missed:
        ({1: b"a"}, {b"a": [7], None: [8]}, {1: 7}),
    ],
)
def test_copies_are_told_by_message_id_or_not_at_all(
    source: dict[int, bytes | None],
    arrived: dict[bytes | None, list[int]] | None,
    expected: dict[int, int] | None,
) -> None:
    assert pair_up(source, arrived) == expected


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"Message-ID: <a@b>\r\n\r\nx", b"<a@b>"),
        (b"message-id:<a@b>\nSubject: x\n\nx", b"<a@b>"),
        (b"Message-ID:\r\n\t<a@b>\r\n", b"<a@b>"),
        (b"Message-ID: <a\r\n b>  <c>\r\n\r\n", b"<a b> <c>"),
        # None is there:
        (b"From: a\n\nMessage-ID: <quoted@b>\n", None),
        (b"From: a\r\n\r\nMessage-ID: <quoted@b>\r\n", None),
        (b"\r\nMessage-ID: <quoted@b>\r\n", None),
        (b"Message-ID:\r\nSubject: x\r\n\r\n", None),
        (b"Message-ID: \r\n \r\n\r\n", None),
        (b"X-Message-ID: <a@b>\r\n\r\n", None),
        (b"", None),
    ],
)
def test_the_message_id_is_that_of_the_header(
    octets: bytes, name: bytes | None
) -> None:
    """What a server is not going to show would be missed, and added twice."""
    assert message_id(octets) == name


def test_a_message_id_is_found_in_linear_time() -> None:
    for octets in (b"message-id:" * 90_000, b"message-id:\n " * 80_000):
        began = time.perf_counter()
        message_id(octets)
        assert time.perf_counter() - began < 2.0


async def test_how_a_mailbox_stands_is_asked_for_now_and_then() -> None:
    """For the first message, and when it is a minute ago or nobody told a UID."""
    now = 0.0
    baselines = Baselines(lambda: now)
    async with MemoryServer() as server:
        server.add_account("user", "secret").mailbox("INBOX").deliver(small(1))
        async with (
            open_client(server.host, server.port, "user") as client,
            client.pool.connection() as connection,
        ):
            first = await baselines.of(connection, "INBOX")
            assert first is not None
            assert first.uidnext == 2
            baselines.note("INBOX", first.uidvalidity, [7, 5])
            baselines.note("INBOX", first.uidvalidity, [3])
            noted = await baselines.of(connection, "INBOX")
            assert noted == Baseline(first.uidvalidity, 8)
            assert server.commands["STATUS"] == 1
            now = 61.0
            assert await baselines.of(connection, "INBOX") == first
            baselines.forget("INBOX")
            assert await baselines.of(connection, "INBOX") == first
            assert server.commands["STATUS"] == 3
            assert await baselines.of(connection, "missing") is None


async def test_how_a_mailbox_stood_is_not_remembered_after_what_came_later() -> None:
    """Two tasks ask at once; one has added something before the other is told."""
    baselines = Baselines(lambda: 0.0)
    async with MemoryServer() as server:
        box = server.add_account("user", "secret").mailbox("INBOX")
        async with (
            open_client(server.host, server.port, "user") as client,
            client.pool.connection() as connection,
        ):
            note = partial(baselines.note, "INBOX", box.uidvalidity, [7])
            asyncio.get_running_loop().call_soon(note)  # when it has asked
            known = await baselines.of(connection, "INBOX")
            assert server.commands["STATUS"] == 1
            assert known == Baseline(box.uidvalidity, 8)
            assert known == await baselines.of(connection, "INBOX")


async def test_copies_of_other_messages_say_nothing_of_where_they_are() -> None:
    """Else all that is there would be taken for what was copied last."""
    copied = "C: T2 UID COPY 5 Archive\nS: T2 OK [COPYUID 9 6 11] done"
    async with recovering(f"{SELECTED}{copied}", retry=None) as client:
        access = MailboxAccess(client.pool, "INBOX")
        await _moving.copy(access, MessageSet([5]), "Archive")
    assert access.recovery.baselines.known("Archive") is None


def in_turn(*scripts: str) -> Script:
    """Return what plays each of *scripts* to one client."""
    left = iter(scripts)

    async def play(peer: Peer) -> None:
        await peer.play(next(left))
        await peer.play("C: T99 LOGOUT\nS: * BYE bye\nS: T99 OK bye")

    return play


@asynccontextmanager
async def recovering(
    *scripts: str, retry: RetryPolicy | None = QUICK, read_timeout: float = 20.0
) -> AsyncIterator[IMAPClient]:
    """A client of one connection at a time, each played by one of *scripts*."""
    async with scripted(in_turn(*scripts)) as port:
        account = config(port, read_timeout=read_timeout)
        async with IMAPClient(account, max_connections=1, retry=retry) as client:
            yield client


LOST = "\nS! reset"


async def test_a_busy_server_is_asked_again_on_the_same_connection() -> None:
    told: list[RetryAttempt] = []
    script = f"""{SELECTED}
C: T2 UID SEARCH ALL
S: T2 NO [UNAVAILABLE] later
C: T3 UID SEARCH ALL
S: T3 BAD Request is throttled. Suggested Backoff Time: 30 milliseconds
C: T4 NOOP
S: T4 OK done
C: T5 UID SEARCH ALL
S: * SEARCH 5
S: T5 OK done
"""
    # The mailbox is open, so that it is brought up to date before each search.
    script = script.replace("C: T3", "C: T30 NOOP\nS: T30 OK done\nC: T3", 1)
    script = script.replace("SELECT INBOX", "EXAMINE INBOX")
    policy = replace(QUICK, on_retry=told.append)
    async with recovering(script, retry=policy) as client:
        began = time.monotonic()
        assert list(await client.mailbox().search()) == [5]
        assert time.monotonic() - began >= 0.03
    assert [attempt.number for attempt in told] == [1, 2]
    assert isinstance(told[0].error, IMAPOperationError)
    assert told[1].wait == pytest.approx(0.03, abs=0.01)


async def test_without_a_policy_the_first_error_is_told() -> None:
    script = SELECTED.replace("SELECT INBOX", "EXAMINE INBOX")
    script += "C: T2 UID SEARCH ALL\nS: T2 NO [UNAVAILABLE] later"
    async with recovering(script, retry=None) as client:
        with pytest.raises(IMAPOperationError, match="later"):
            await client.mailbox().search()


async def test_attempts_end(server: Endpoint) -> None:
    """A server that is away for good: the last error is told, soon."""
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, retry=QUICK) as client,
    ):
        relay.is_open = False
        relay.cut()
        with pytest.raises(IMAPConnectionError):
            await client.mailbox().search()
        relay.is_open = True
        assert not await client.mailbox().search()


async def test_opening_is_tried_once() -> None:
    """A wrong host or port shall show at once."""
    told: list[RetryAttempt] = []
    policy = replace(QUICK, on_retry=told.append)
    async with scripted("S: * BYE go away\nS! close") as port:
        with pytest.raises(IMAPConnectError):
            await IMAPClient(config(port), retry=policy).open()
    assert not told


APPENDING = f"""{LOGGED_IN}
C: T1 STATUS INBOX (UIDNEXT UIDVALIDITY)
S: * STATUS INBOX (UIDNEXT 5 UIDVALIDITY 7)
S: T1 OK done
C: T2 APPEND INBOX {{25+}}
C: Message-ID: <a@b>
C:
C: Hi
C:
"""
MESSAGE = b"Message-ID: <a@b>\r\n\r\nHi\r\n"


def looking(*, found: str = "", uidvalidity: int = 7) -> str:
    """Return a session that looks what has arrived, and finds *found*."""
    return f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY {uidvalidity}] ok
S: T1 OK [READ-ONLY] selected
C: T2 UID FETCH 5:4294967295 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
{found}
S: T2 OK done
"""


FOUND = (
    "S: * 3 FETCH (UID 5 BODY[HEADER.FIELDS (MESSAGE-ID)] {19}\n"
    "S: Message-ID: <a@b>\nS: )"
)


@pytest.fixture
def no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers here end nothing late."""
    monkeypatch.setattr(_recovery, "SETTLE", 0.0)
    monkeypatch.setattr(_recovery, "_LOOK_AGAIN", (1,))


@pytest.mark.usefixtures("no_settling")
async def test_a_lost_append_that_was_done_is_not_done_again() -> None:
    scripts = APPENDING + LOST, looking(found=FOUND)
    async with recovering(*scripts) as client:
        result = await client.mailbox().append(MESSAGE)
    assert (result.uid, result.uidvalidity) == (5, 7)


@pytest.mark.usefixtures("no_settling")
async def test_a_lost_append_that_was_done_late_is_not_done_again() -> None:
    """A server that is busy, or waits for a lock, has not done it at first."""
    late = f"""{looking()}
C: T3 EXAMINE INBOX
S: * OK [UIDVALIDITY 7] ok
S: T3 OK [READ-ONLY] selected
C: T4 UID FETCH 5:4294967295 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
{FOUND}
S: T4 OK done
"""
    async with recovering(APPENDING + LOST, late) as client:
        result = await client.mailbox().append(MESSAGE)
    assert (result.uid, result.uidvalidity) == (5, 7)


@pytest.mark.usefixtures("no_settling")
async def test_a_lost_append_that_was_not_done_is_done_again() -> None:
    again = f"""{looking()}
C: T3 EXAMINE INBOX
S: * OK [UIDVALIDITY 7] ok
S: T3 OK [READ-ONLY] selected
C: T4 UID FETCH 5:4294967295 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
S: T4 OK done
C: T5 APPEND INBOX {{25+}}
C: Message-ID: <a@b>
C:
C: Hi
C:
S: T5 OK [APPENDUID 7 6] done
"""
    async with recovering(APPENDING + LOST, again) as client:
        result = await client.mailbox().append(MESSAGE)
    assert (result.uid, result.uidvalidity) == (6, 7)


@pytest.mark.usefixtures("no_settling")
async def test_an_append_that_a_slow_server_may_still_do_is_not_done_again() -> None:
    """Silence is not loss: it is looked for again and again, and told."""
    looked = looking()
    looked += """
C: T3 EXAMINE INBOX
S: * OK [UIDVALIDITY 7] ok
S: T3 OK [READ-ONLY] selected
C: T4 UID FETCH 5:4294967295 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
S: T4 OK done
"""
    async with recovering(APPENDING, looked, read_timeout=0.3) as client:
        with pytest.raises(IMAPTimeoutError) as caught:
            await client.mailbox().append(MESSAGE)
    assert caught.value.maybe_executed


@pytest.mark.usefixtures("no_settling")
async def test_an_append_to_a_mailbox_that_was_made_anew_is_told() -> None:
    """UIDs mean nothing there, so nobody knows."""
    scripts = APPENDING + LOST, looking(uidvalidity=8).split("C: T2 UID")[0]
    async with recovering(*scripts) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().append(MESSAGE)
    assert caught.value.maybe_executed


@pytest.mark.usefixtures("no_settling")
async def test_a_doubt_that_cannot_be_resolved_is_told() -> None:
    """Not that it was impossible to connect later, which sounds harmless."""
    bye = "S: * BYE go away\nS! close"
    async with recovering(APPENDING + LOST, bye, bye) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().append(MESSAGE)
    assert caught.value.maybe_executed
    assert isinstance(caught.value.__cause__, IMAPConnectError)


async def test_an_append_without_message_id_is_told_and_not_repeated() -> None:
    lines = "C: x: y\nC:\nC: Hi\nC:\n"
    script = f"{LOGGED_IN}C: T1 APPEND INBOX {{12+}}\n{lines}S! reset"
    async with recovering(script) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().append(b"x: y\r\n\r\nHi\r\n")
    assert caught.value.maybe_executed


@pytest.mark.usefixtures("no_settling")
async def test_a_conditional_change_of_flags_is_told_and_not_repeated() -> None:
    """The second time the condition is not met, by the first."""
    offered = SELECTED.replace(CAPABILITIES, CAPABILITIES + " CONDSTORE")
    condition = "(UNCHANGEDSINCE 9)"
    script = f"{offered}C: T2 UID STORE 5 {condition} +FLAGS.SILENT (\\Seen){LOST}"
    async with recovering(script) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().add_flags(
                [5], Flag.SEEN, unchanged_since=9, silent=True
            )
    assert caught.value.maybe_executed


async def test_a_bug_of_the_server_is_no_reason_to_append_again() -> None:
    """It says that it has failed, and not in what."""
    script = APPENDING + "S: T2 NO [SERVERBUG] oops"
    async with recovering(script) as client:
        with pytest.raises(IMAPOperationError, match="oops"):
            await client.mailbox().append(MESSAGE)


@pytest.mark.usefixtures("no_settling")
async def test_a_fresh_token_is_asked_for_when_connecting_again() -> None:
    asked: list[TokenRequest] = []

    async def provide(request: TokenRequest) -> Secret:
        asked.append(request)
        return Secret(f"token-{len(asked)}-of-many")

    session = f"""
S: * OK [CAPABILITY {CAPABILITIES} SASL-IR AUTH=XOAUTH2] ready
C: T0 AUTHENTICATE XOAUTH2 ...
S: T0 OK [CAPABILITY {CAPABILITIES}] logged in
C: T1 EXAMINE INBOX
S: * OK [UIDVALIDITY 7] ok
S: T1 OK [READ-ONLY] selected
C: T2 UID SEARCH ALL
"""
    scripts = session + LOST, session + "S: * SEARCH 5\nS: T2 OK done"
    async with scripted(in_turn(*scripts)) as port:
        account = replace(config(port), password=Secret(""), token=provide)
        async with IMAPClient(account, max_connections=1, retry=QUICK) as client:
            assert list(await client.mailbox().search()) == [5]
    assert len(asked) == 2


async def test_a_stream_does_not_go_on_in_another_life_of_the_mailbox(
    client: IMAPClient, other: OtherClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between windows, and the mailbox made anew: its UIDs are others' now."""
    monkeypatch.setattr(_fetching, "FIRST_WINDOW", 1)
    other.create("Box")
    box = client.mailbox("Box")
    for number in (1, 2, 3):
        await box.append(small(number))
    seen: list[str | None] = []

    async def read() -> None:
        items = MessagePart.header_fields("Subject")
        async for message in box.fetch(await box.search(), items):
            seen.append(message.subject)
            if len(seen) == 1:
                other.delete("Box")
                other.create("Box")
                other.deliver(small(7), small(8), small(9), mailbox="Box")
                other.cut()

    with pytest.raises(UIDValidityChanged):
        await read()
    assert set(seen) <= {"number 1", "number 2"}


@pytest.mark.parametrize("items", [[MessagePart.FULL], []])
async def test_what_came_before_each_cut_is_kept(
    any_server: Endpoint, other: OtherClient, items: list[MessagePart]
) -> None:
    """So that connections that never last for a whole window get there in the end."""
    raws = [small(number) + b"x" * 5000 + b"\r\n" for number in range(60)]
    other.deliver(*raws)
    cut = 30_000 if items else 8_000
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(
            any_server, port=relay.port, retry=QUICK, max_connections=1
        ) as client,
    ):
        relay.faults = [Cut(after=cut)]
        relay.cut()
        inbox = client.mailbox()
        if items:
            found = [message async for message in inbox.fetch(range(1, 61), *items)]
            assert [message.raw for message in found] == raws
        else:
            found = [message async for message in inbox.fetch_text(range(1, 61))]
        assert [message.uid for message in found] == list(range(1, 61))
        assert len(relay.struck) >= 5


async def test_folders_are_listed_across_a_cut(
    client: IMAPClient, other: OtherClient
) -> None:
    await client.folders.list()
    other.cut()
    assert "INBOX" in {info.name for info in await client.folders.list()}
    other.cut()
    assert (await client.folders.status("INBOX")).messages == 0


async def test_a_lost_copy_of_messages_without_message_id_is_told(
    server: Endpoint,
) -> None:
    """They cannot be told from others, so that they are not copied again."""
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, retry=QUICK) as client,
    ):
        await client.folders.ensure("Archive")
        inbox = client.mailbox()
        await inbox.append(b"x: y\r\n\r\nHi\r\n")
        relay.before_sending = lambda sent: relay.cut() if b"COPY" in sent else None
        with pytest.raises(IMAPConnectionLost) as caught:
            await inbox.copy([1], "Archive")
        relay.before_sending = None
        assert caught.value.maybe_executed
        assert isinstance(caught.value.partial, CopyResult)
        assert list(caught.value.partial.uncertain) == [1]
        assert len(await raws_of(client.mailbox("Archive"))) <= 1


APART = MessageSet([1, 3, *range(100_001, 105_000, 2)], mailbox="INBOX")
"""More than fits into two commands; the first has all that exists."""


async def test_what_was_done_before_the_cut_is_not_done_again() -> None:
    """The second of two commands is lost: the first is not sent once more."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret").create_mailbox("Archive")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user") as client,
        ):
            await messages_in(client, "INBOX", 3)
            times = 0

            def cut_second(sent: bytes) -> None:
                nonlocal times
                times += sent.count(b"UID COPY")
                if b"UID COPY" in sent and times == 2:
                    relay.cut()

            relay.before_sending = cut_second
            result = await client.mailbox().copy(APART, "Archive")
            archived = await raws_of(client.mailbox("Archive"))
    assert result.uids == {1: 1, 3: 2}
    assert list(result.done) == list(APART)
    assert not result.uncertain
    assert archived == [small(1), small(3)]
    assert times >= 3


@pytest.mark.usefixtures("no_settling")
async def test_messages_of_one_id_among_others_are_told_in_their_order() -> None:
    """The results are in the order of the messages, found out or not."""
    messages = [small(1), small(2), small(1)]
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with Relay(memory.host, memory.port) as relay:
            relay.next(Cut(pattern=b"APPENDUID"))
            async with open_client(relay.host, relay.port, "user") as client:
                inbox = client.mailbox()
                results = await inbox.append_many(messages)
                assert await raws_of(inbox) == messages
        assert relay.struck
    assert [result.uid for result in results] == [1, 2, 3]


@pytest.mark.usefixtures("no_settling")
async def test_a_draft_is_not_taken_for_the_one_before() -> None:
    """Both have one Message-ID, and nobody waited for the answer to the first."""
    first, second = small(1), small(1) + b"more\r\n"
    async with MemoryServer() as memory:
        stored = memory.add_account("user", "secret").mailbox("INBOX")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user") as client,
        ):
            inbox = client.mailbox()
            await inbox.append(small(2))
            adding = asyncio.create_task(inbox.append(first))

            def cancel_once(sent: bytes) -> None:
                if b"APPEND" in sent:
                    relay.before_sending = None
                    adding.cancel()

            relay.before_sending = cancel_once
            with pytest.raises(asyncio.CancelledError):
                await adding
            while len(stored.messages) < 2:  # it is on its way
                await client.folders.status("INBOX")

            def cut_once(sent: bytes) -> None:
                if b"APPEND" in sent:
                    relay.before_sending = None
                    relay.cut()

            relay.before_sending = cut_once
            await inbox.append(second)
        assert [one.raw for one in stored.messages] == [small(2), first, second]


@pytest.mark.usefixtures("no_settling")
async def test_what_came_and_went_may_have_been_the_lost_one() -> None:
    """Another client may sort it into a mailbox before it is looked for."""
    gone = looking().replace("S: T1 OK", "S: * OK [UIDNEXT 6] next\nS: T1 OK", 1)
    async with recovering(APPENDING + LOST, gone) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().append(MESSAGE)
    assert caught.value.maybe_executed


@pytest.mark.usefixtures("no_settling")
async def test_what_came_and_went_since_a_mailbox_was_opened_may_have_been_it() -> None:
    """Another connection of the pool may have it open since before."""
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        inbox, box = account.mailbox("INBOX"), account.create_mailbox("Box")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=QUICK) as client,
        ):

            def sort_and_cut(sent: bytes) -> None:
                if b"APPEND" in sent:
                    relay.before_sending = None
                    inbox.expunge([inbox.deliver(small(1))])
                    box.deliver(small(1))
                    raise ConnectionResetError  # ends this connection only

            async with client.pool.connection(), client.pool.connection("INBOX"):
                relay.before_sending = sort_and_cut
            with pytest.raises(IMAPConnectionLost):
                await client.mailbox().append(small(1))
        assert not inbox.messages


@pytest.mark.parametrize(
    "status", ["UIDNEXT 0 UIDVALIDITY 7", "UIDNEXT 5 UIDVALIDITY 0"]
)
async def test_a_uidnext_that_cannot_be_fails_no_append(status: str) -> None:
    """What cannot be looked for is not told, but it is stored."""
    script = LOGGED_IN.replace(" UIDPLUS", "")
    assert script != LOGGED_IN
    script += APPENDING.removeprefix(LOGGED_IN).replace(
        "UIDNEXT 5 UIDVALIDITY 7", status
    )
    script += "S: T2 OK done"
    async with recovering(script, retry=None) as client:
        assert (await client.mailbox().append(MESSAGE)).uid is None
