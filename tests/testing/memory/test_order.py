"""What Dovecot 2.3 has not, or does not refuse, of SORT, THREAD and PARTIAL."""

from __future__ import annotations

import pytest

from aiosage.testing.memory import MemoryMailbox

from .raw_client import RawClient


@pytest.fixture
async def five(inbox: MemoryMailbox, client: RawClient) -> RawClient:
    """Alice, with five messages that get smaller, and UIDs from 2 on."""
    for size in (9, 5, 4, 3, 2, 1):
        inbox.deliver(b"Subject: s\r\n\r\n" + b"x" * size)
    inbox.expunge([1])
    await client.ok("SELECT INBOX")
    return client


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("UID SEARCH RETURN (PARTIAL 1:2) ALL", b"UID PARTIAL (1:2 2:3)"),
        ("UID SEARCH RETURN (PARTIAL 4:9) ALL", b"UID PARTIAL (4:9 5:6)"),
        ("UID SEARCH RETURN (PARTIAL 6:9) ALL", b"UID PARTIAL (6:9 NIL)"),
        ("SEARCH RETURN (PARTIAL -1:-2) ALL", b"PARTIAL (-1:-2 4:5)"),
        ("SEARCH RETURN (PARTIAL -2:-2) ALL", b"PARTIAL (-2:-2 4)"),
        ("SEARCH RETURN (PARTIAL -4:-99) ALL", b"PARTIAL (-4:-99 1:2)"),
        ("SEARCH RETURN (PARTIAL 1:9) SUBJECT no", b"PARTIAL (1:9 NIL)"),
        (
            "SEARCH RETURN (COUNT MIN PARTIAL 2:2) 2:5",
            b"MIN 2 PARTIAL (2:2 3) COUNT 4",
        ),
        ("UID SORT RETURN (PARTIAL 1:2) (SIZE) UTF-8 ALL", b"UID PARTIAL (1:2 6,5)"),
        ("UID SORT RETURN (MIN MAX) (SIZE) UTF-8 ALL", b"UID MIN 6 MAX 2"),
    ],
)
async def test_a_page_of_results(five: RawClient, command: str, answer: bytes) -> None:
    """RFC 9394 §3.1; SORT counts in its own order (RFC 5267 §3.1)."""
    [response] = await five.ok(command)

    assert response.split(b") ", 1)[1] == answer + b"\r\n"


async def test_a_page_of_messages_is_fetched_by_uid(five: RawClient) -> None:
    """RFC 9394 §3.3."""
    first = await five.ok("UID FETCH 1:* UID (PARTIAL 1:2)")
    last = await five.ok("UID FETCH 3:* UID (PARTIAL -1:-1 CHANGEDSINCE 1)")

    assert [line.split(b"(")[0] for line in first] == [b"* 1 FETCH ", b"* 2 FETCH "]
    assert [line[:20] for line in last if b"FETCH" in line] == [b"* 5 FETCH (UID 6 MOD"]


@pytest.mark.parametrize(
    ("returned", "saved"),
    [
        ("SAVE PARTIAL 2:3", b"3:4"),
        ("SAVE MAX PARTIAL 2:3", b"3:4,6"),
        ("SAVE COUNT PARTIAL 1:1", b"2"),
        ("SAVE", b"2:6"),
    ],
)
async def test_a_page_can_be_saved(
    five: RawClient, returned: str, saved: bytes
) -> None:
    """RFC 9394 §3.2."""
    await five.ok(f"UID SEARCH RETURN ({returned}) ALL")
    [response] = await five.ok("UID SEARCH RETURN (ALL) $")

    assert response.endswith(b" ALL " + saved + b"\r\n")


async def test_what_sort_saves_is_by_its_order(five: RawClient) -> None:
    """So the smallest message, which came last, is the lowest."""
    await five.ok("UID SORT RETURN (SAVE MIN) (SIZE) UTF-8 ALL")
    [response] = await five.ok("UID SEARCH $")

    assert response == b"* SEARCH 6\r\n"


@pytest.mark.parametrize(
    "command",
    [
        "SEARCH RETURN (PARTIAL 1:2 ALL) ALL",
        "SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
        "SEARCH RETURN (PARTIAL) ALL",
        "SEARCH RETURN (PARTIAL 0:2) ALL",
        "SEARCH RETURN (PARTIAL -1:2) ALL",
        "FETCH 1:* UID (PARTIAL 1:2)",
        "UID FETCH 1:* UID (CHANGEDSINCE x)",
        "UID FETCH 1:* UID (CHANGEDSINCE)",
        "SORT () UTF-8 ALL",
        "SORT (REVERSE) UTF-8 ALL",
        "SORT (REVERSE REVERSE SIZE) UTF-8 ALL",
        "SORT (COLOUR) UTF-8 ALL",
        "SORT (RELEVANCY) UTF-8 ALL",
        "SORT (SIZE) UTF-8",
        "THREAD REFERENCES UTF-8",
        "THREAD COLOUR UTF-8 ALL",
    ],
)
async def test_what_cannot_be_is_refused(five: RawClient, command: str) -> None:
    """The session stays good."""
    assert b" BAD " in (await five.command(command))[-1][:10]
    assert b" OK " in (await five.command("NOOP"))[-1][:10]


@pytest.mark.parametrize("command", ["SORT (SIZE)", "THREAD REFERENCES"])
async def test_an_unknown_charset_is_told(five: RawClient, command: str) -> None:
    """RFC 5256 §3: with BADCHARSET."""
    [refused] = await five.command(f"{command} klingon ALL")

    assert b" NO [BADCHARSET (US-ASCII UTF-8)] " in refused


async def test_a_thread_may_be_as_deep_as_mail_is_answered(
    inbox: MemoryMailbox, client: RawClient
) -> None:
    """Two answers to each message but the last: every level branches."""
    depth = 1500
    raw = b"Message-ID: <%d.%d@x>\r\nReferences: <%d.0@x>\r\n\r\nx"
    for level in range(depth):
        for branch in (0, 1):
            inbox.deliver(raw % (level, branch, level - 1))
    await client.ok("SELECT INBOX")
    [response] = await client.ok("THREAD REFS UTF-8 ALL")

    assert response.count(b"(") == response.count(b")") >= 2 * depth - 2
