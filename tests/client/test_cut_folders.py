"""Every change of mailboxes, cut after any octet, is done once; else it is told.

As in `test_cut_everywhere`: the client finds out what became of the command, and goes
on. What others did meanwhile may leave that open, and then the error says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest

from aiosage import (
    AppendResult,
    IMAPClient,
    IMAPConnectionLost,
    IMAPMailboxError,
    IMAPMessageError,
    IMAPTimeoutError,
    SpecialUse,
    UIDValidityChanged,
)
from aiosage.client import CreateResult, _recovery
from aiosage.client._changing import (
    Outcome,
    was_created,
    was_deleted,
    was_named,
    was_renamed,
)
from aiosage.model import Flag, MailboxInfo, MailboxStatus
from aiosage.testing import DovecotServer, MemoryServer
from aiosage.testing.memory import MemoryAccount

from ..connection.scripted import LOGGED_IN
from .accounts import open_client, raws_of, small
from .cutting import CuttingRelay
from .relay import Relay
from .test_cut_everywhere import AT_ONCE, EVERY, POLICY, Account
from .test_recovery import recovering

Do = Callable[[IMAPClient], Awaitable[object]]


async def create(client: IMAPClient) -> object:
    made = await client.folders.create("New/deep")
    return made.mailbox, made.special_use


async def create_for_use(client: IMAPClient) -> object:
    made = await client.folders.create("Mine", SpecialUse.DRAFTS)
    return made.mailbox, made.special_use


async def create_name(client: IMAPClient) -> object:
    """That is to have others below it: Dovecot makes no mailbox of it."""
    return (await client.folders.create("Names/")).mailbox


async def ensure(client: IMAPClient) -> object:
    return await client.folders.ensure("New"), await client.folders.ensure("P/a")


async def delete(client: IMAPClient) -> object:
    return await client.folders.delete("P/a/x")


async def delete_parent(client: IMAPClient) -> object:
    return await client.folders.delete("P/a", children=True)


async def rename(client: IMAPClient) -> object:
    return await client.folders.rename("P/a", "Q")


async def rename_mere_name(client: IMAPClient) -> object:
    """Of which nobody tells UIDVALIDITY, but of what is below it."""
    return await client.folders.rename("P", "Q")


async def subscribe(client: IMAPClient) -> None:
    await client.folders.subscribe("P/a")


async def unsubscribe(client: IMAPClient) -> None:
    await client.folders.unsubscribe("P/a/x")


OPERATIONS: Final[dict[str, Do]] = {
    do.__name__: do
    for do in (
        create,
        create_for_use,
        create_name,
        ensure,
        delete,
        delete_parent,
        rename,
        rename_mere_name,
        subscribe,
        unsubscribe,
    )
}


async def fill(client: IMAPClient) -> None:
    for name in ("P/a", "P/a/x"):
        await client.folders.create(name)
        await client.mailbox(name).append(small(1))
    await client.folders.subscribe("P/a/x")


async def state_of(client: IMAPClient) -> object:
    """Return what there is, but for what differs between accounts."""
    listed = await client.folders.list()
    subscribed = {one.name for one in await client.folders.list(subscribed=True)}
    mail = {
        info.name: await raws_of(client.mailbox(info.name))
        for info in listed
        if info.is_selectable
    }
    return [info.name for info in listed], mail, subscribed


@asynccontextmanager
async def cuttable(account: Account) -> AsyncIterator[tuple[CuttingRelay, IMAPClient]]:
    """A client that may be cut, of an account with some mailboxes in it."""
    async with (
        CuttingRelay().before(account.host, account.port) as relay,
        account.client(relay.port) as client,
    ):
        await fill(client)
        yield relay, client


async def cut_everywhere(do: Do, new_account: Callable[[], Account], by: int) -> int:
    """Cut after every *by* octets, each time in another account; return how often."""
    async with cuttable(new_account()) as (relay, client):
        relay.arm()
        returned = await do(client)
        sent, received = relay.sent, relay.received
        left = await state_of(client)
    slots = asyncio.Semaphore(AT_ONCE)
    cuts = 0

    async def one(sent: int | None, received: int | None) -> None:
        nonlocal cuts
        async with slots, cuttable(new_account()) as (relay, client):
            relay.arm(sent=sent, received=received)
            try:
                async with asyncio.timeout(30):
                    assert await do(client) == returned
                assert await state_of(client) == left
            except Exception as error:
                error.add_note(f"cut after {sent=} or {received=} octets")
                raise
            cuts += relay.cuts

    async with asyncio.TaskGroup() as tasks:
        for octets in {*range(0, sent, by), sent}:
            tasks.create_task(one(octets, None))
        for octets in {*range(0, received, by), received}:
            tasks.create_task(one(None, octets))
    return cuts


@pytest.fixture(autouse=True)
def no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """These servers are known to end at once what they received."""
    monkeypatch.setattr(_recovery, "SETTLE", 0.05)


POOR: Final = ("LIST-STATUS", "LIST-EXTENDED", "OBJECTID", "CREATE-SPECIAL-USE")


@pytest.mark.parametrize("lacking", [(), POOR], ids=["rich", "poor"])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_cut_anywhere_changes_nothing_of_what_is_done(
    name: str, lacking: tuple[str, ...]
) -> None:
    async with MemoryServer(disable=lacking) as server:
        users = 0

        def new_account() -> Account:
            nonlocal users
            users += 1
            server.add_account(f"user{users}", "secret")
            return Account(server.host, server.port, f"user{users}", "secret")

        cuts = await cut_everywhere(OPERATIONS[name], new_account, by=EVERY)
        assert cuts > 3


@pytest.mark.dovecot
@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_cut_anywhere_changes_nothing_on_dovecot(
    name: str, dovecot: DovecotServer
) -> None:
    def new_account() -> Account:
        user = dovecot.new_user()
        return Account(dovecot.host, dovecot.port, user, dovecot.password)

    cuts = await cut_everywhere(OPERATIONS[name], new_account, by=4 * EVERY)
    assert cuts > 3


# -- What others do meanwhile.

CALLS: Final[dict[str, Do]] = {
    "CREATE": lambda client: client.folders.create("New"),
    "DELETE": lambda client: client.folders.delete("P/a/x"),
    "RENAME": lambda client: client.folders.rename("P/a/x", "New"),
}


@asynccontextmanager
async def losing(
    command: bytes,
    meanwhile: Callable[[MemoryAccount], object],
    *lacking: str,
) -> AsyncIterator[tuple[MemoryAccount, IMAPClient]]:
    """A client that loses its connection at *command*, which the server never gets.

    Until it is back, *meanwhile* is done.
    """
    async with MemoryServer(disable=lacking) as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("Old").deliver(small(1))
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=POLICY) as client,
        ):

            def strike(sent: bytes) -> None:
                if command in sent:
                    relay.before_sending = None
                    meanwhile(account)
                    raise ConnectionResetError

            relay.before_sending = strike
            yield account, client
            assert relay.before_sending is None


def made_anew(account: MemoryAccount) -> None:
    account.delete_mailbox("Old")
    account.create_mailbox("Old").deliver(small(2))


async def test_a_mailbox_that_was_made_anew_is_not_deleted() -> None:
    """The one that was meant is gone; this one is somebody else's."""
    async with losing(b"DELETE", made_anew) as (account, client):
        assert await client.folders.delete("Old") == ("Old",)
        assert [one.raw for one in account.mailbox("Old").messages] == [small(2)]


async def test_a_mailbox_that_was_made_anew_is_not_renamed() -> None:
    async with losing(b"RENAME", made_anew) as (account, client):
        with pytest.raises(IMAPConnectionLost, match="none of the new name") as caught:
            await client.folders.rename("Old", "New")
        assert caught.value.maybe_executed
        assert [one.raw for one in account.mailbox("Old").messages] == [small(2)]


async def test_another_mailbox_of_the_new_name_is_not_taken_for_the_renamed() -> None:
    def meanwhile(account: MemoryAccount) -> None:
        account.delete_mailbox("Old")
        account.create_mailbox("New")

    async with losing(b"RENAME", meanwhile) as (_, client):
        with pytest.raises(IMAPConnectionLost, match="may be another") as caught:
            await client.folders.rename("Old", "New")
        assert caught.value.maybe_executed


OF_NEW: Final[dict[str, Do]] = {
    "DELETE": lambda client: client.folders.delete("New"),
    "RENAME": lambda client: client.folders.rename("New", "Newer"),
}


@pytest.mark.parametrize("name", OF_NEW)
async def test_a_mailbox_that_was_not_there_when_it_began_is_left_alone(
    name: str,
) -> None:
    def meanwhile(account: MemoryAccount) -> None:
        account.create_mailbox("New").deliver(small(2))

    async with losing(name.encode(), meanwhile) as (account, client):
        with pytest.raises(IMAPConnectionLost, match="none of that very name"):
            await OF_NEW[name](client)
        assert [one.raw for one in account.mailbox("New").messages] == [small(2)]


LOOK: Final = """C: T{0} LIST "" Old
S: * LIST () "/" Old
S: T{0} OK done
C: T{1} STATUS Old (UIDVALIDITY)
S: * STATUS Old ({2})
S: T{1} OK done
"""
BUSY: Final = f"""{LOGGED_IN}
{LOOK.format(1, 2, "UIDVALIDITY 1")}
C: T3 DELETE Old
S: T3 NO [INUSE] later
"""
LEAVING: Final = """
C: T6 LOGOUT
S: * BYE bye
S: T6 OK bye
"""

FINDING: Final = """
C: T6 LIST "" Old
S: * LIST () "/" Old
S: T6 OK done
C: T7 LOGOUT
S: * BYE bye
S: T7 OK bye
"""


async def test_a_mailbox_that_was_made_anew_while_it_waits_is_not_deleted() -> None:
    async with recovering(
        BUSY + LOOK.format(4, 5, "UIDVALIDITY 2") + LEAVING
    ) as client:
        assert await client.folders.delete("Old") == ("Old",)


async def test_what_may_be_another_after_waiting_is_not_deleted() -> None:
    async with recovering(BUSY + LOOK.format(4, 5, "") + FINDING) as client:
        with pytest.raises(IMAPMailboxError, match="made since"):
            await client.folders.delete("Old")


async def test_a_name_that_was_taken_meanwhile_is_refused_as_ever() -> None:
    """Nothing was renamed, so that it is safe to ask again."""

    def meanwhile(account: MemoryAccount) -> None:
        account.create_mailbox("New")

    async with losing(b"RENAME", meanwhile) as (account, client):
        with pytest.raises(IMAPMailboxError, match="exists"):
            await client.folders.rename("Old", "New")
        assert [one.raw for one in account.mailbox("Old").messages] == [small(1)]


async def test_a_mailbox_that_was_made_for_nothing_is_not_ours() -> None:
    """CREATE with USE makes it with that, or not at all (RFC 6154 §3)."""

    def meanwhile(account: MemoryAccount) -> None:
        account.create_mailbox("New")

    async with losing(b"CREATE", meanwhile) as (_, client):
        with pytest.raises(IMAPConnectionLost, match="not for this use") as caught:
            await client.folders.create("New", SpecialUse.DRAFTS)
        assert caught.value.maybe_executed


async def test_a_mailbox_that_the_server_knows_by_another_name_is_deleted_once() -> (
    None
):
    """Cyrus takes ``Old/`` for ``Old``, of which LIST tells nothing."""
    script = f"""{LOGGED_IN}
C: T1 LIST "" Old/
S: T1 OK done
C: T2 DELETE Old/
S! reset"""
    looked = f"""{LOGGED_IN}
C: T1 LIST "" Old/
S: T1 OK done
{LEAVING.replace("T6", "T2")}"""
    async with recovering(script, looked) as client:
        with pytest.raises(IMAPConnectionLost, match="none of that very name"):
            await client.folders.delete("Old/")


async def test_what_was_there_before_is_not_taken_for_made() -> None:
    async with losing(b"CREATE", lambda account: None) as (_, client):
        with pytest.raises(IMAPMailboxError, match="exists"):
            await client.folders.create("Old")


async def test_a_mere_name_that_went_with_the_last_below_it_is_gone() -> None:
    """And no cut at its DELETE leaves that open."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret").create_mailbox("P/a")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=POLICY) as client,
        ):

            def strike(sent: bytes) -> None:
                if b"DELETE P\r\n" in sent:
                    relay.before_sending = None
                    raise ConnectionResetError

            relay.before_sending = strike
            assert await client.folders.delete("P", children=True) == ("P/a", "P")
            assert relay.before_sending is None
            assert not await client.folders.list("P*")


async def test_what_was_not_there_is_not_taken_for_deleted() -> None:
    async with losing(b"DELETE", lambda account: None) as (_, client):
        with pytest.raises(IMAPConnectionLost, match="none of that very name"):
            await client.folders.delete("None")


@pytest.mark.parametrize("name", ["CREATE", "DELETE", "RENAME"])
async def test_what_a_server_does_late_is_not_taken_for_refused(name: str) -> None:
    """It was looked at too early: when it is asked again it has done it."""
    late: dict[str, Callable[[MemoryAccount], object]] = {
        "CREATE": lambda account: account.create_mailbox("New"),
        "DELETE": lambda account: account.delete_mailbox("P/a/x"),
        "RENAME": lambda account: account.rename_mailbox("P/a/x", "New"),
    }
    times = 0

    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("P/a/x")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=POLICY) as client,
        ):

            def strike(sent: bytes) -> None:
                nonlocal times
                if name.encode() in sent:
                    times += 1
                    if times == 1:
                        raise ConnectionResetError
                    late[name](account)

            relay.before_sending = strike
            await CALLS[name](client)
    assert times == 2


SLOW: Final = f"""{LOGGED_IN}
C: T1 SUBSCRIBE INBOX
"""
LOOKED: Final = f"""{LOGGED_IN}
C: T1 LIST "" INBOX
S: * LIST () "/" INBOX
S: T1 OK done
C: T2 LSUB "" INBOX
S: T2 OK done
C: T3 LIST "" INBOX
S: * LIST () "/" INBOX
S: T3 OK done
C: T4 LSUB "" INBOX
S: T4 OK done
"""


async def test_what_a_slow_server_may_still_do_is_looked_for_and_not_done_again() -> (
    None
):
    async with recovering(SLOW, LOOKED, read_timeout=0.3) as client:
        with pytest.raises(IMAPTimeoutError) as caught:
            await client.folders.subscribe("INBOX")
    assert caught.value.maybe_executed


async def test_a_draft_that_others_replace_meanwhile_is_told() -> None:
    """Both have one Message-ID: expunging the old one might lose the new one."""

    def meanwhile(account: MemoryAccount) -> None:
        account.mailbox("Old").deliver(small(2))

    async with losing(b"UID REPLACE", meanwhile) as (account, client):
        with pytest.raises(IMAPConnectionLost, match="both") as caught:
            await client.mailbox("Old").replace(1, small(2))
        assert caught.value.maybe_executed
        assert account.mailbox("Old").uids == [1, 2]


async def test_what_others_put_in_its_place_is_not_taken_for_the_new_draft() -> None:
    """It has the same Message-ID, but not what was to be kept."""

    def meanwhile(account: MemoryAccount) -> None:
        account.mailbox("Old").deliver(small(2) + b"Theirs.\r\n")
        account.mailbox("Old").expunge([1])

    async with losing(b"UID REPLACE", meanwhile) as (_, client):
        with pytest.raises(IMAPConnectionLost, match="others") as caught:
            await client.mailbox("Old").replace(1, small(2))
        assert caught.value.maybe_executed


@pytest.mark.parametrize("at", [b"UID FETCH", b"UID REPLACE"])
async def test_what_a_server_replaces_late_is_not_taken_for_missing(at: bytes) -> None:
    """It was looked at too early: who adds the message again would have two."""
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        drafts = account.create_mailbox("Drafts")
        drafts.deliver(small(1))
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=POLICY) as client,
        ):

            def replace_late(sent: bytes) -> None:
                if at in sent and b"HEADER" not in sent:
                    relay.before_sending = None
                    drafts.deliver(small(2))
                    drafts.expunge([1])

            def strike(sent: bytes) -> None:
                if b"UID REPLACE" in sent:
                    relay.before_sending = replace_late
                    raise ConnectionResetError

            relay.before_sending = strike
            assert (await client.mailbox("Drafts").replace(1, small(2))).uid == 2
    assert drafts.uids == [2]


async def test_a_draft_that_others_added_before_is_not_taken_for_the_new_one() -> None:
    """Though nobody has looked since this client added something itself."""
    async with losing(b"UID REPLACE", lambda account: None) as (account, client):
        drafts = client.mailbox("Old")
        await drafts.append(small(5))
        account.mailbox("Old").deliver(small(2))
        assert (await drafts.replace(1, small(2))).uid == 4
        assert account.mailbox("Old").uids == [2, 3, 4]


async def test_the_uid_is_that_of_the_mailbox_as_it_was_when_it_began() -> None:
    async with losing(b"UID FETCH", made_anew) as (account, client):
        with pytest.raises(UIDValidityChanged):
            await client.mailbox("Old").replace(1, small(3))
        assert [one.raw for one in account.mailbox("Old").messages] == [small(2)]


async def test_the_old_uid_of_a_mailbox_that_was_made_anew_is_not_expunged() -> None:
    """The new message is told of, which went with the mailbox it was added to."""
    async with losing(b"UID STORE", made_anew, "REPLACE") as (account, client):
        with pytest.raises(UIDValidityChanged) as caught:
            await client.mailbox("Old").replace(1, small(3))
        assert isinstance(caught.value.partial, AppendResult)
        assert [one.raw for one in account.mailbox("Old").messages] == [small(2)]


async def test_a_message_that_goes_meanwhile_is_not_replaced() -> None:
    def meanwhile(account: MemoryAccount) -> None:
        account.mailbox("Old").expunge([1])

    async with losing(b"UID REPLACE", meanwhile) as (account, client):
        with pytest.raises(IMAPMessageError, match="no message 1"):
            await client.mailbox("Old").replace(1, small(2))
        assert not account.mailbox("Old").uids


async def test_what_comes_and_goes_meanwhile_may_be_the_new_message() -> None:
    def meanwhile(account: MemoryAccount) -> None:
        account.mailbox("Old").deliver(small(3))
        account.mailbox("Old").expunge([2])

    async with losing(b"UID REPLACE", meanwhile) as (account, client):
        with pytest.raises(IMAPConnectionLost, match="others") as caught:
            await client.mailbox("Old").replace(1, small(2))
        assert caught.value.maybe_executed
        assert account.mailbox("Old").uids == [1]


async def test_a_rename_that_ends_in_the_middle_tells_what_has_its_new_name() -> None:
    """The call must not be repeated blindly, though its last command may be."""
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("Old/below")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=None) as client,
        ):
            is_renamed = False

            def strike(sent: bytes) -> None:
                nonlocal is_renamed
                if is_renamed and b"LIST" in sent:
                    raise ConnectionResetError
                is_renamed |= b"RENAME" in sent

            relay.before_sending = strike
            with pytest.raises(IMAPConnectionLost) as caught:
                await client.folders.rename("Old", "New")
    assert caught.value.maybe_executed
    assert caught.value.partial == {"Old": "New"}
    assert account.mailbox("New/below")


async def test_a_mailbox_that_was_made_before_the_cut_is_told_of() -> None:
    """Making it again would find that it is there."""
    async with MemoryServer(disable=["CREATE-SPECIAL-USE"]) as memory:
        account = memory.add_account("user", "secret")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=None) as client,
        ):
            relay.before_sending = lambda sent: (
                relay.cut() if b"SETMETADATA" in sent else None
            )
            with pytest.raises(IMAPConnectionLost) as caught:
                await client.folders.create("New", SpecialUse.DRAFTS)
    assert caught.value.maybe_executed
    assert caught.value.partial == CreateResult(
        "New", account.mailbox("New").mailbox_id.decode(), None
    )


@pytest.mark.parametrize("name", CALLS)
async def test_without_a_policy_the_first_error_is_told(name: str) -> None:
    """And nothing is looked at before: nobody will ask."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret").create_mailbox("P/a/x")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=None) as client,
        ):
            relay.before_sending = lambda sent: (
                relay.cut() if name.encode() in sent else None
            )
            with pytest.raises(IMAPConnectionLost) as caught:
                await CALLS[name](client)
            assert caught.value.maybe_executed
        assert "STATUS" not in relay.commands


# -- What tells that it was done.


def info(
    uidvalidity: int | None = None,
    mailbox_id: str | None = None,
    *,
    name: str = "a",
    is_open: bool = True,
) -> MailboxInfo:
    status = MailboxStatus(uidvalidity=uidvalidity, mailbox_id=mailbox_id)
    if not is_open:
        return MailboxInfo(name, "/", frozenset({Flag("\\Noselect")}))
    return MailboxInfo(name, "/", frozenset(), status=status)


PARENT: Final = info(is_open=False)
DONE, NOT_DONE = Outcome.DONE, Outcome.NOT_DONE


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        (None, info(1), DONE),
        (None, None, NOT_DONE),
        (None, PARENT, NOT_DONE),  # others made one below it
        (PARENT, info(1), DONE),
        (info(1), info(1), NOT_DONE),
    ],
)
def test_what_tells_that_a_mailbox_was_made(
    before: MailboxInfo | None, now: MailboxInfo | None, outcome: Outcome
) -> None:
    assert was_created(before, now) is outcome


def test_a_mere_name_is_made_if_it_is_there() -> None:
    assert was_named(None, PARENT) is DONE
    assert was_named(PARENT, PARENT) is NOT_DONE
    assert was_named(None, None) is NOT_DONE


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        (info(1), None, DONE),
        (info(1), PARENT, DONE),  # what has others below it stays as a name
        (info(1), info(1), NOT_DONE),
        (info(1), info(2), DONE),  # somebody made it anew
        (info(1, "x"), info(1, "y"), DONE),
        (info(1, "x"), info(2, "x"), NOT_DONE),  # it began another life
        (PARENT, PARENT, NOT_DONE),
        (PARENT, None, DONE),
        (None, None, None),
        (None, info(1), None),  # which somebody made since
        (info(), info(1), None),
        (PARENT, info(1), None),
    ],
)
def test_what_tells_that_a_mailbox_was_deleted(
    before: MailboxInfo | None, now: MailboxInfo | None, outcome: Outcome | None
) -> None:
    told = was_deleted(before, now)
    assert told is outcome or (outcome is None and isinstance(told, str))


INBOX: Final = info(1, name="INBOX")
EMPTIED: Final = info(2, name="INBOX")


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        ((info(1), None), (None, info(1)), DONE),
        ((info(1), None), (info(1), None), NOT_DONE),
        ((info(1), None), (info(1), info(2)), NOT_DONE),  # it will be refused
        ((info(1), None), (info(3), info(1)), DONE),  # somebody made the old one anew
        ((info(1, "x"), None), (None, info(2, "x")), DONE),
        ((info(1), None), (None, info(2)), None),
        ((info(1), None), (None, None), None),
        ((info(1), None), (info(2), None), None),
        ((info(), None), (None, info(1)), None),
        ((PARENT, None), (None, PARENT), None),
        ((None, None), (None, None), None),
        ((None, None), (info(1), None), None),  # somebody made it since
        ((info(1), info(1)), (None, info(1)), None),  # some number all mailboxes 1
        ((INBOX, None), (EMPTIED, info(3)), DONE),
        ((INBOX, None), (EMPTIED, info(1)), DONE),
        ((INBOX, info(3)), (EMPTIED, info(3)), None),
        ((INBOX, None), (INBOX, None), NOT_DONE),
    ],
)
def test_what_tells_that_a_mailbox_was_renamed(
    before: tuple[MailboxInfo | None, MailboxInfo | None],
    now: tuple[MailboxInfo | None, MailboxInfo | None],
    outcome: Outcome | None,
) -> None:
    told = was_renamed(before, now)
    assert told is outcome or (outcome is None and isinstance(told, str))
