"""FETCH, STORE, SEARCH, APPEND, COPY, MOVE and EXPUNGE, one client alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiosage.model import Flag
from aiosage.testing.memory import MemoryAccount, MemoryMailbox, MemoryServer

from .raw_client import RawClient, logged_in

RAW = (
    b"From: A <a@x.org>\r\nSubject: one\r\nX-Long: folded\r\n\tvalue\r\n\r\n"
    b"hello\r\nworld\r\n"
)


@pytest.fixture
async def selected(client: RawClient, inbox: MemoryMailbox) -> RawClient:
    """A client with three messages, the UIDs 1, 3 and 4, in INBOX."""
    for number in range(4):
        date = datetime(2024, 2, 1, 23, number, tzinfo=UTC)
        inbox.deliver(RAW.replace(b"one", b"no. %d" % number), date=date)
    inbox.expunge([2])
    await client.ok("SELECT INBOX")
    return client


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("BODY.PEEK[TEXT]", b"BODY[TEXT] {14}\r\nhello\r\nworld\r\n"),
        ("BODY.PEEK[]<5.3>", b"BODY[]<5> {3}\r\n A "),
        ("BODY.PEEK[1]<7.100>", b"BODY[1]<7> {7}\r\nworld\r\n"),
        ("BODY.PEEK[TEXT]<99.1>", b"BODY[TEXT]<99> {0}\r\n"),
        (
            "BODY.PEEK[HEADER.FIELDS (subject X-LONG)]",
            b"BODY[HEADER.FIELDS (SUBJECT X-LONG)] {42}\r\n",
        ),
        ("RFC822.SIZE", b"RFC822.SIZE %d" % (len(RAW) + 2)),
        ("INTERNALDATE", b'INTERNALDATE "01-Feb-2024 23:00:00 +0000"'),
        ("FLAGS", b"FLAGS (\\Recent)"),
        ("MODSEQ", b"MODSEQ (2)"),
        ("BODY.PEEK[9]", b"BODY[9] {0}\r\n"),
    ],
)
async def test_fetch_items(selected: RawClient, item: str, value: bytes) -> None:
    *_, response = await selected.ok(f"FETCH 1 {item}")

    assert response.startswith(b"* 1 FETCH (" + value)


async def test_macros(selected: RawClient) -> None:
    [fast] = await selected.ok("FETCH 1 FAST")
    [full] = await selected.ok("FETCH 1 FULL")

    for item in (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"):
        assert item in fast
    assert b"ENVELOPE (" in full
    assert b" BODY (" in full
    assert (await selected.command("FETCH 1 (FAST)"))[-1].startswith(b"a5 BAD")


async def test_sets_are_answered_in_order_once(selected: RawClient) -> None:
    by_number = await selected.ok("FETCH 3,1,1:2 UID")
    by_uid = await selected.ok("UID FETCH 2:3,99,* (FLAGS)")
    beyond = await selected.ok("UID FETCH 100:* UID")

    assert by_number == [
        b"* %d FETCH (UID %d)\r\n" % n for n in ((1, 1), (2, 3), (3, 4))
    ]
    assert by_uid == [
        b"* 2 FETCH (UID 3 FLAGS (\\Recent))\r\n",
        b"* 3 FETCH (UID 4 FLAGS (\\Recent))\r\n",
    ]
    assert beyond == [b"* 3 FETCH (UID 4)\r\n"]
    assert await selected.ok("UID FETCH 77 UID") == []
    assert (await selected.command("FETCH 4 UID"))[-1].endswith(
        b"BAD Invalid messageset\r\n"
    )


async def test_reading_a_body_marks_it_seen_and_says_so(selected: RawClient) -> None:
    [first] = await selected.ok("FETCH 1 BODY[TEXT]")
    [second] = await selected.ok("FETCH 1 BODY[TEXT]")

    assert first.startswith(b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {14}\r\n")
    assert second.startswith(b"* 1 FETCH (BODY[TEXT] {14}\r\n")


async def test_store(selected: RawClient, inbox: MemoryMailbox) -> None:
    added = await selected.ok("STORE 1 +FLAGS (\\SEEN Custom)")
    again = await selected.ok("STORE 1 +FLAGS (\\Seen)")
    silent = await selected.ok("UID STORE 3 FLAGS.SILENT (\\Flagged custom)")
    removed = await selected.ok("UID STORE 1:* -FLAGS custom")

    assert added[-1] == b"* 1 FETCH (FLAGS (\\Seen \\Recent Custom))\r\n"
    assert (
        b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Custom)\r\n" in added
    )
    assert again == silent == []
    assert removed == [
        b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))\r\n",
        b"* 2 FETCH (UID 3 FLAGS (\\Flagged \\Recent))\r\n",
    ]
    assert [m.flags for m in inbox.messages] == [{Flag.SEEN}, {Flag.FLAGGED}, set()]


@pytest.mark.parametrize("flags", ["\\Recent", "\\Nonsense", "(a", ""])
async def test_store_refuses_what_is_no_flag(selected: RawClient, flags: str) -> None:
    assert b" BAD " in (await selected.command(f"STORE 1 +FLAGS {flags}"))[-1]


async def test_conditional_store_and_changedsince(selected: RawClient) -> None:
    """RFC 7162 §3.1.3, §3.1.4."""
    highest, changed = await selected.ok("STORE 1 (UNCHANGEDSINCE 6) +FLAGS \\Seen")
    failed = await selected.command("UID STORE 1,3 (UNCHANGEDSINCE 6) +FLAGS \\Draft")
    since = await selected.ok("FETCH 1:* (UID) (CHANGEDSINCE 7)")
    found = await selected.ok("SEARCH MODSEQ 7")

    assert highest == b"* OK [HIGHESTMODSEQ 6] Highest\r\n"
    assert changed == b"* 1 FETCH (MODSEQ (7) FLAGS (\\Seen \\Recent))\r\n"
    assert failed[0] == b"* 2 FETCH (UID 3 MODSEQ (8) FLAGS (\\Draft \\Recent))\r\n"
    assert failed[-1].endswith(b"OK [MODIFIED 1] Conditional store failed.\r\n")
    assert since == [b"* 2 FETCH (UID 3 MODSEQ (8))\r\n"]
    assert found == [b"* SEARCH 1 2 (MODSEQ 8)\r\n"]


async def test_append_gives_a_uid(client: RawClient, inbox: MemoryMailbox) -> None:
    tagged = (
        await client.command(
            'APPEND INBOX (\\Seen kw) " 1-Feb-2020 10:11:12 +0100"', RAW
        )
    )[-1]

    code = b"[APPENDUID %d 1]" % inbox.uidvalidity
    assert tagged == b"a2 OK " + code + b" Append completed.\r\n"
    [message] = inbox.messages
    assert message.raw == RAW
    assert message.flags == {Flag.SEEN, Flag("kw")}
    assert message.internal_date == datetime(2020, 2, 1, 9, 11, 12, tzinfo=UTC)


async def test_several_messages_are_appended_together_or_not_at_all(
    client: RawClient, inbox: MemoryMailbox
) -> None:
    """RFC 3502."""
    client.send(b"x APPEND INBOX {3+}\r\nabc (\\Seen) {4+}\r\ndefg\r\n")
    done = await client.response()
    client.send(b"y APPEND INBOX {3+}\r\nabc {0+}\r\n\r\n")
    failed = await client.response()

    assert done.startswith(b"x OK [APPENDUID %d 1:2]" % inbox.uidvalidity)
    assert failed == b"y NO Can't save a zero byte message\r\n"
    assert [m.raw for m in inbox.messages] == [b"abc", b"defg"]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("nosuch", b"NO [TRYCREATE]"),
        ("INBOX (\\Nonsense)", b"BAD"),
        ('INBOX "yesterday"', b"BAD"),
        ('INBOX "01-Jan-0001 00:00:00 +1400"', b"BAD"),
        ("INBOX (a) b", b"BAD"),
    ],
)
async def test_an_append_that_will_fail_is_refused_before_the_message(
    client: RawClient, arguments: str, answer: bytes
) -> None:
    """The client need not send a message in vain (RFC 9051 §4.3)."""
    [refused] = await client.command(f"APPEND {arguments}", RAW)

    assert refused.startswith(b"a2 " + answer)
    await client.ok("NOOP")


async def test_line_ends_become_crlf_and_nul_goes(
    client: RawClient, inbox: MemoryMailbox
) -> None:
    await client.append(b"A: b\n\nx\0y\n")

    assert inbox.messages[0].raw == b"A: b\r\n\r\nx\x80y\r\n"


async def test_copy_and_move_tell_the_new_uids(
    selected: RawClient, inbox: MemoryMailbox, alice: MemoryAccount
) -> None:
    """RFC 4315 §3; MOVE says so before it expunges (RFC 6851 §4.3)."""
    sent = alice.mailbox("Sent")
    inbox.add_flags([1], Flag.FLAGGED)
    await selected.ok("NOOP")
    copied = (await selected.command("COPY 1:2 Sent"))[-1]
    moved = await selected.command("UID MOVE 3:4 Sent")
    nothing = await selected.command("UID COPY 99 Sent")
    refused = await selected.command("MOVE 1 nosuch")

    copyuid = b"[COPYUID %d " % sent.uidvalidity
    assert b" OK " + copyuid + b"1,3 1:2] Copy" in copied
    assert moved[:3] == [
        b"* OK " + copyuid + b"3:4 3:4] Moved UIDs.\r\n",
        b"* 3 EXPUNGE\r\n",
        b"* 2 EXPUNGE\r\n",
    ]
    assert nothing[-1].endswith(b"OK No messages found.\r\n")
    assert b" NO [TRYCREATE] " in refused[-1]
    assert inbox.uids == [1]
    assert [m.flags for m in sent.messages] == [{Flag.FLAGGED}, set(), set(), set()]


async def test_expunge_and_uid_expunge(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    await selected.ok("STORE 1:3 +FLAGS.SILENT \\Deleted")

    assert (await selected.ok("UID EXPUNGE 3,99"))[0] == b"* 2 EXPUNGE\r\n"
    assert (await selected.ok("EXPUNGE"))[:2] == [
        b"* 2 EXPUNGE\r\n",
        b"* 1 EXPUNGE\r\n",
    ]
    assert inbox.uids == []


@pytest.mark.parametrize(
    ("criteria", "uids"),
    [
        ("ALL", [1, 3, 4]),
        ("1:2", [1, 3]),
        ("99", []),
        ("UID 2:3", [3]),
        ("NOT UID 3", [1, 4]),
        ("OR UID 1 (UID 4 SUBJECT no)", [1, 4]),
        ('SUBJECT "NO. 2"', [3]),
        ("FROM x.org TEXT world", [1, 3, 4]),
        ("BODY one", []),
        ("HEADER x-long FOLDED", [1, 3, 4]),
        ("HEADER x-none x", []),
        ("ON 1-Feb-2024 SINCE 1-Feb-2024", [1, 3, 4]),
        ("BEFORE 1-Feb-2024", []),
        ("LARGER 1 SMALLER 10000", [1, 3, 4]),
        ("UNSEEN", [1, 3]),
        ("SEEN KEYWORD tag", [4]),
        ("UNKEYWORD tag", [1, 3]),
        ("NEW", [1, 3]),
        ("RECENT", [1, 3, 4]),
        ("SENTBEFORE 1-Jan-2000", [1, 3, 4]),
        ("3,1:2,2", [1, 3, 4]),
        ("OLD", []),
        ("OLDER 100 NOT YOUNGER 100", [1, 3, 4]),
        ("CHARSET UTF-8 SUBJECT no", [1, 3, 4]),
    ],
)
async def test_search(
    selected: RawClient, inbox: MemoryMailbox, criteria: str, uids: list[int]
) -> None:
    inbox.add_flags([4], Flag.SEEN, "tag")

    found = await selected.ok(f"UID SEARCH {criteria}")

    assert found[0].split()[2:] == [b"%d" % uid for uid in uids]


async def test_search_decodes_what_messages_encode(
    client: RawClient, inbox: MemoryMailbox
) -> None:
    inbox.deliver(
        b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/plain;"
        b" charset=latin1\r\nContent-Transfer-Encoding: base64\r\n\r\n5OT8\r\n"
    )
    await client.ok("SELECT INBOX")

    for criteria in ("SUBJECT GRÜ", "BODY ääü", "TEXT grü"):
        key, _, word = criteria.partition(" ")
        found = await client.ok(f"SEARCH CHARSET UTF-8 {key}", word.encode())
        assert found == [b"* SEARCH 1\r\n"], criteria


@pytest.mark.parametrize(
    "command",
    [
        "ENABLE",
        "STATUS INBOX ()",
        "STATUS INBOX (NONSENSE)",
        'LIST (RECURSIVEMATCH) "" *',
        'LIST (NONSENSE) "" *',
        'LIST "" * RETURN (NONSENSE)',
        f'LIST "" {"x" * 3000}',
        "FETCH 1 BODY[]<0.0>",
        "FETCH 1 BODY[]<1>",
        "FETCH 1 BODY[NONSENSE]",
        "FETCH 1 BODY[MIME]",
        "FETCH 1 BODY[1",
        "FETCH 1 ()",
        "FETCH 1 (UID) (NONSENSE 1)",
        "FETCH 0 UID",
        "FETCH 1:4294967296 UID",
        "FETCH 1,,2 UID",
        "STORE 1 (NONSENSE 1) +FLAGS x",
        "STORE 1 *FLAGS x",
        "SEARCH RETURN (NONSENSE) ALL",
        "SELECT INBOX (NONSENSE)",
        "APPEND INBOX",
        "ID",
        "UID NOOP",
    ],
)
async def test_what_the_grammar_does_not_have_is_bad(
    selected: RawClient, command: str
) -> None:
    assert b" BAD " in (await selected.command(command))[-1][:8]
    assert await selected.ok("CHECK") == []


async def test_search_refusals(selected: RawClient) -> None:
    async def refused(criteria: str) -> bytes:
        return (await selected.command(f"SEARCH {criteria}"))[-1].partition(b" ")[2]

    assert (await refused("CHARSET X ALL")).startswith(
        b"NO [BADCHARSET (US-ASCII UTF-8)"
    )
    for bad in ("", "FOO", "NOT", "OR ALL", "(ALL", "()", "SUBJECT", "ON x", "OLDER 0"):
        assert (await refused(bad)).startswith(b"BAD"), bad
    deep = "(" * 1000 + "ALL" + ")" * 1000
    assert await refused(deep) == b"BAD Search criteria are too complex\r\n"
    assert (await refused("NOT " * 1000 + "ALL")).startswith(b"BAD")


async def test_extended_search_and_saved_results(selected: RawClient) -> None:
    """RFC 4731 and RFC 5182."""
    everything = await selected.ok("UID SEARCH RETURN (MIN MAX COUNT ALL) ALL")
    nothing = await selected.ok("SEARCH RETURN (MIN COUNT) SUBJECT nothing")
    assert await selected.ok("SEARCH RETURN (SAVE) 2:3") == []
    saved = await selected.ok("FETCH $ UID")
    await selected.ok("UID STORE $ +FLAGS.SILENT \\Deleted")
    await selected.ok("UID EXPUNGE 3")

    assert everything == [b'* ESEARCH (TAG "a3") UID MIN 1 MAX 4 ALL 1,3:4 COUNT 3\r\n']
    assert nothing == [b'* ESEARCH (TAG "a4") COUNT 0\r\n']
    assert saved == [b"* 2 FETCH (UID 3)\r\n", b"* 3 FETCH (UID 4)\r\n"]
    assert (await selected.ok("UID SEARCH UID $"))[0] == b"* SEARCH 4\r\n"


async def test_save_keeps_what_is_asked_for(selected: RawClient) -> None:
    """RFC 5182 §2.1: the smallest and the largest, if only they are."""
    await selected.ok("SEARCH RETURN (SAVE MIN MAX) ALL")
    assert await selected.ok("SEARCH $") == [b"* SEARCH 1 3\r\n"]
    await selected.ok("SEARCH RETURN (SAVE MIN) SUBJECT nothing")
    assert await selected.ok("SEARCH $") == [b"* SEARCH\r\n"]


async def test_extended_search_tells_the_mod_sequence(selected: RawClient) -> None:
    """RFC 7162 §3.1.5, §3.1.10."""
    criteria = 'MODSEQ "/flags/\\\\draft" all 5'
    *_, found = await selected.ok(f"SEARCH RETURN (COUNT) {criteria}")

    assert found.endswith(b" COUNT 1 MODSEQ 5\r\n")


async def test_messages_are_kept_as_the_api_gives_them(inbox: MemoryMailbox) -> None:
    date = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)

    uid = inbox.deliver(RAW, ["\\seen", "$Junk"], date)
    inbox.remove_flags([uid, 99], Flag.JUNK)

    [message] = inbox.messages
    assert (message.uid, message.raw, message.internal_date) == (uid, RAW, date)
    assert message.flags == {Flag.SEEN}
    assert inbox.uidnext == uid + 1


@pytest.mark.parametrize(
    ("extension", "command"),
    [
        ("MOVE", "MOVE 1 Sent"),
        ("UIDPLUS", "UID EXPUNGE 1"),
        ("IDLE", "IDLE"),
        ("UNSELECT", "UNSELECT"),
        ("ENABLE", "ENABLE CONDSTORE"),
        ("ID", "ID NIL"),
        ("NAMESPACE", "NAMESPACE"),
        ("CONDSTORE", "FETCH 1 MODSEQ"),
        ("CONDSTORE", "SELECT INBOX (CONDSTORE)"),
        ("CONDSTORE", "STATUS INBOX (HIGHESTMODSEQ)"),
        ("CONDSTORE", "SEARCH MODSEQ 1"),
        ("ESEARCH", "SEARCH RETURN (MIN) ALL"),
        ("SEARCHRES", "SEARCH RETURN (SAVE) ALL"),
        ("SEARCHRES", "SEARCH $"),
        ("WITHIN", "SEARCH OLDER 1"),
        ("STATUS=SIZE", "STATUS INBOX (SIZE)"),
        ("LIST-STATUS", 'LIST "" * RETURN (STATUS (MESSAGES))'),
        ("LIST-EXTENDED", 'LIST "" * RETURN (CHILDREN)'),
        ("SPECIAL-USE", 'LIST (SPECIAL-USE) "" *'),
        ("CREATE-SPECIAL-USE", "CREATE x (USE (\\Sent))"),
        ("QUOTA", "GETQUOTAROOT INBOX"),
        ("ACL", "GETACL INBOX"),
        ("LIST-MYRIGHTS", 'LIST "" * RETURN (MYRIGHTS)'),
        ("METADATA", 'GETMETADATA "" /private/a'),
        ("LIST-METADATA", 'LIST "" * RETURN (METADATA (/private/a))'),
        ("MULTIAPPEND", "APPEND INBOX {1+}\r\na {1+}\r\nb"),
        ("LITERAL+", "CREATE {1+}\r\na"),
        ("REPLACE", "REPLACE 1 INBOX {1+}\r\na"),
        ("UNAUTHENTICATE", "UNAUTHENTICATE"),
        ("PREVIEW", "FETCH 1 PREVIEW"),
        ("SAVEDATE", "FETCH 1 SAVEDATE"),
        ("SAVEDATE", "SEARCH SAVEDATESUPPORTED"),
        ("SAVEDATE", "SEARCH SAVEDON 1-Jan-2026"),
        ("OBJECTID", "FETCH 1 EMAILID"),
        ("OBJECTID", "SEARCH EMAILID x"),
        ("OBJECTID", "STATUS INBOX (MAILBOXID)"),
        ("SORT", "SORT (SIZE) UTF-8 ALL"),
        ("SORT=DISPLAY", "SORT (DISPLAYFROM) UTF-8 ALL"),
        ("ESORT", "SORT RETURN (COUNT) (SIZE) UTF-8 ALL"),
        ("THREAD=REFS", "THREAD REFS UTF-8 ALL"),
        ("THREAD=REFERENCES", "THREAD REFERENCES UTF-8 ALL"),
        ("THREAD=ORDEREDSUBJECT", "THREAD ORDEREDSUBJECT UTF-8 ALL"),
        ("PARTIAL", "SEARCH RETURN (PARTIAL 1:2) ALL"),
        ("PARTIAL", "UID FETCH 1:* FLAGS (PARTIAL 1:2)"),
    ],
)
async def test_disabled_extensions_are_hidden_and_refused(
    extension: str, command: str
) -> None:
    async with MemoryServer(disable=[extension]) as server:
        server.add_account("alice", "secret").mailbox("INBOX").deliver(b"x")
        async with logged_in(server.host, server.port) as client:
            [capabilities] = await client.ok("CAPABILITY")
            await client.ok("SELECT INBOX")
            refused = await client.command(command)

    assert extension.encode() not in capabilities.split()
    assert b" BAD " in refused[-1][:8]


async def test_without_uidplus_no_uids_are_told() -> None:
    async with MemoryServer(disable=["UIDPLUS"]) as server:
        server.add_account("alice", "secret", special=True)
        async with logged_in(server.host, server.port) as client:
            [_, appended] = await client.command("APPEND INBOX", RAW)
            await client.ok("SELECT INBOX")
            copied = await client.command("COPY 1 Sent")
            moved = await client.command("MOVE 1 Sent")

    assert b"UID" not in b"".join([appended, *copied, *moved])
