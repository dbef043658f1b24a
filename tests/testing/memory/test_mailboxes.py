"""Commands on mailboxes: LIST, CREATE, RENAME, STATUS, SELECT and the like."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from aiosage.model import Flag
from aiosage.testing.memory import MemoryAccount, MemoryServer
from aiosage.wire._mailbox_name import decode_mailbox_name, encode_mailbox_name

from .raw_client import RawClient

NAMES = [
    "with space",
    'quo"te',
    "back\\slash",
    "a&b",
    "Entwürfe/für später",
    "日本語",
    "{3}",
    "(paren)",
    "5*%",
    "NIL",
    "~tilde",
    "a" * 900,
    "😀",
]


def listed(responses: list[bytes]) -> dict[str, set[str]]:
    """Return the attributes told by LIST, by decoded name."""
    found: dict[str, set[str]] = {}
    for response in responses:
        match = re.fullmatch(
            rb'\* (?:LIST|LSUB) \((.*?)\) "/" (?:"(.*)"|\{\d+\}\r\n(.*))\r\n', response
        )
        if match is None:
            continue
        name = match[3] or re.sub(rb"\\(.)", rb"\1", match[2])
        found[decode_mailbox_name(name)] = set(match[1].decode().split())
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_works_everywhere(client: RawClient, name: str) -> None:
    encoded = encode_mailbox_name(name)

    await client.ok("CREATE", encoded)
    await client.ok("SUBSCRIBE", encoded)
    found = listed(await client.ok('LIST "" *'))
    subscribed = listed(await client.ok('LSUB "" *'))
    await client.ok("SELECT", encoded)
    await client.ok("UNSELECT")
    await client.ok("RENAME", encoded, encoded + b"2")
    await client.ok("DELETE", encoded + b"2")

    assert name in found
    assert name in subscribed


async def test_list_tells_hierarchy_and_special_use(client: RawClient) -> None:
    await client.ok("CREATE Work/2026/May")

    found = listed(await client.ok('LIST "" *'))

    assert found["Work"] == {"\\Noselect", "\\HasChildren"}
    assert found["Work/2026/May"] == {"\\HasNoChildren"}
    assert found["Sent"] == {"\\HasNoChildren", "\\Sent"}
    assert set(found) == {
        *("INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"),
        *("Work", "Work/2026", "Work/2026/May"),
    }
    assert await client.ok('LIST "" ""') == [b'* LIST (\\Noselect) "/" ""\r\n']
    assert set(listed(await client.ok('LIST "Work/" %'))) == {"Work/2026"}
    assert set(listed(await client.ok('LIST "" inb%'))) == {"INBOX"}


async def test_extended_list(client: RawClient) -> None:
    """RFC 5258 and RFC 5819."""
    await client.ok("CREATE Work/a")
    await client.ok("SUBSCRIBE Work/a")
    await client.append(b"Subject: x\r\n\r\n", "Sent", "\\Seen")

    special = listed(await client.ok('LIST (SPECIAL-USE) "" * RETURN (SUBSCRIBED)'))
    recursive = await client.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" W%')
    status = await client.ok('LIST "" (Sent Work/%) RETURN (STATUS (MESSAGES UNSEEN))')

    assert special["Sent"] == {"\\Sent", "\\Subscribed"}
    assert "INBOX" not in special
    assert recursive == [
        b'* LIST (\\Noselect) "/" "Work" ("CHILDINFO" ("SUBSCRIBED"))\r\n'
    ]
    assert status == [
        b'* LIST () "/" "Sent"\r\n',
        b"* STATUS Sent (MESSAGES 1 UNSEEN 0)\r\n",
        b'* LIST () "/" "Work/a"\r\n',
        b"* STATUS Work/a (MESSAGES 0 UNSEEN 0)\r\n",
    ]


async def test_subscriptions_outlive_their_mailbox(client: RawClient) -> None:
    await client.ok("CREATE a/b")
    await client.ok("SUBSCRIBE a/b")
    await client.ok("DELETE a/b")

    assert listed(await client.ok('LSUB "" a/%')) == {"a/b": set()}
    assert listed(await client.ok('LSUB "" a%')) == {"a": {"\\Noselect"}}
    assert listed(await client.ok('LIST (SUBSCRIBED) "" a*')) == {
        "a/b": {"\\Subscribed", "\\NonExistent"}
    }
    await client.ok("UNSUBSCRIBE a/b")
    assert listed(await client.ok('LSUB "" a*')) == {}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("CREATE inbox", b"ALREADYEXISTS"),
        ("CREATE Sent", b"ALREADYEXISTS"),
        ("CREATE a//b", b"CANNOT"),
        ("CREATE /a", b"CANNOT"),
        ('CREATE ""', b"CANNOT"),
        ("CREATE x (USE (\\Nonsense))", b"USEATTR"),
        ("DELETE nosuch", b"NONEXISTENT"),
        ("RENAME nosuch x", b"NONEXISTENT"),
        ("RENAME Sent Trash", b"ALREADYEXISTS"),
    ],
)
async def test_refusals_carry_their_code(
    client: RawClient, command: str, code: bytes
) -> None:
    """RFC 5530 and RFC 6154 §3."""
    assert (await client.command(command))[-1].startswith(b"a2 NO [" + code + b"]")


@pytest.mark.parametrize(
    "command",
    [
        *("CREATE &", "CREATE \xe4", "DELETE INBOX", "RENAME Sent Sent/x"),
        *("SUBSCRIBE nosuch", "SELECT nosuch", "STATUS nosuch (MESSAGES)"),
    ],
)
async def test_what_cannot_be_is_refused(client: RawClient, command: str) -> None:
    assert not (await client.command(command))[-1].startswith(b"a2 OK")
    await client.ok("NOOP")


async def test_a_recreated_mailbox_has_a_larger_uidvalidity(
    client: RawClient, alice: MemoryAccount
) -> None:
    first = alice.create_mailbox("x").uidvalidity
    await client.ok("DELETE x")
    await client.ok("CREATE x")

    assert alice.mailbox("x").uidvalidity > first


async def test_rename_takes_children_and_contents_along(
    client: RawClient, alice: MemoryAccount
) -> None:
    mailbox = alice.create_mailbox("a")
    alice.create_mailbox("a/b")
    alice.create_mailbox("ab")
    uid = mailbox.deliver(b"Subject: x\r\n\r\n")

    await client.ok("RENAME a c/d")

    assert alice.mailbox("c/d") is mailbox
    assert mailbox.uids == [uid]
    assert {m.name for m in alice.mailboxes} >= {"c/d", "c/d/b", "ab"}
    with pytest.raises(KeyError):
        alice.mailbox("a")


async def test_renaming_inbox_leaves_an_empty_one(
    client: RawClient, alice: MemoryAccount
) -> None:
    """RFC 9051 §6.3.6."""
    inbox = alice.mailbox("INBOX")
    uid, uidvalidity = inbox.deliver(b"Subject: x\r\n\r\n"), inbox.uidvalidity

    await client.ok("RENAME INBOX old")

    old = alice.mailbox("old")
    assert (old.uids, old.uidvalidity) == ([uid], uidvalidity)
    assert inbox.uids == []
    assert inbox.uidvalidity > uidvalidity


async def test_status(client: RawClient, alice: MemoryAccount) -> None:
    box = alice.create_mailbox("a b")
    box.deliver(b"12345", [Flag.SEEN])
    box.deliver(b"123", [Flag.DELETED])

    [status] = await client.ok(
        'STATUS "a b" (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE)'
    )

    assert status == (
        b'* STATUS "a b" (MESSAGES 2 RECENT 2 UIDNEXT 3 UIDVALIDITY %d'
        b" UNSEEN 1 DELETED 1 SIZE 8)\r\n" % box.uidvalidity
    )


async def test_select_tells_the_state(client: RawClient, alice: MemoryAccount) -> None:
    inbox = alice.mailbox("INBOX")
    inbox.deliver(b"x", [Flag.SEEN, "custom"])
    inbox.deliver(b"y")

    responses = await client.command("SELECT inbox")

    flags = b"\\Answered \\Flagged \\Deleted \\Seen \\Draft custom"
    assert responses == [
        b"* FLAGS (%b)\r\n" % flags,
        b"* OK [PERMANENTFLAGS (%b \\*)] Flags permitted.\r\n" % flags,
        b"* 2 EXISTS\r\n",
        b"* 2 RECENT\r\n",
        b"* OK [UNSEEN 2] First unseen.\r\n",
        b"* OK [UIDVALIDITY %d] UIDs valid\r\n" % inbox.uidvalidity,
        b"* OK [UIDNEXT 3] Predicted next UID\r\n",
        b"* OK [MAILBOXID (%b)] Ok\r\n" % inbox.mailbox_id,
        b"* OK [HIGHESTMODSEQ %d] Highest\r\n" % inbox.highestmodseq,
        b"a2 OK [READ-WRITE] Select completed.\r\n",
    ]


async def test_selecting_another_closes_the_first(client: RawClient) -> None:
    """Even if there is no other (RFC 9051 §7.1, CLOSED)."""
    await client.ok("SELECT INBOX")
    examined = await client.command("EXAMINE Sent")
    failed = await client.command("SELECT nosuch")

    assert examined[0] == b"* OK [CLOSED] Previous mailbox closed.\r\n"
    assert b"* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n" in examined
    assert examined[-1] == b"a3 OK [READ-ONLY] Examine completed.\r\n"
    assert failed[0].startswith(b"* OK [CLOSED]")
    assert failed[-1].startswith(b"a4 NO ")
    assert (await client.command("FETCH 1 FLAGS"))[-1].startswith(b"a5 BAD No mailbox")


async def test_a_read_only_mailbox_is_not_changed(
    client: RawClient, alice: MemoryAccount
) -> None:
    inbox = alice.mailbox("INBOX")
    inbox.deliver(b"Subject: x\r\n\r\n", [Flag.DELETED])
    before = inbox.messages
    await client.ok("EXAMINE INBOX")

    await client.ok("FETCH 1 BODY[]")
    await client.ok("STORE 1 +FLAGS \\Seen")
    await client.ok("EXPUNGE")
    moved = await client.command("MOVE 1 Sent")
    await client.ok("CLOSE")

    assert b" NO [READ-ONLY] " in moved[-1]
    assert inbox.messages == before


async def test_close_expunges_silently_and_unselect_does_not(
    client: RawClient, alice: MemoryAccount
) -> None:
    inbox = alice.mailbox("INBOX")
    inbox.deliver(b"x", [Flag.DELETED])
    kept = inbox.deliver(b"y")
    await client.ok("SELECT INBOX")
    await client.ok("UNSELECT")
    assert inbox.message_count == 2
    await client.ok("SELECT INBOX")

    assert await client.ok("CLOSE") == []
    assert inbox.uids == [kept]


def test_the_api_refuses_what_a_client_is_refused() -> None:
    account = MemoryServer().add_account("alice", "secret")

    with pytest.raises(ValueError, match="already exists"):
        account.create_mailbox("inbox")
    with pytest.raises(ValueError, match="doesn't exist"):
        account.delete_mailbox("nosuch")
    with pytest.raises(ValueError, match="Has adjacent"):
        account.rename_mailbox("INBOX", "a//b")
    with pytest.raises(ValueError, match="at least one octet"):
        account.mailbox("INBOX").deliver(b"")
    with pytest.raises(ValueError, match="time zone"):
        account.mailbox("INBOX").deliver(b"x", date=datetime(2024, 1, 1))
    with pytest.raises(ValueError, match="Recent"):
        account.mailbox("INBOX").deliver(b"x", [Flag.RECENT])
