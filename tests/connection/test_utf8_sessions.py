"""Sessions in UTF-8: UTF8=ACCEPT (RFC 6855) and IMAP4rev2 (RFC 9051).

No server here offers either, so transcripts stand in for them.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aiosage.client import IMAPClient
from aiosage.connection import IMAPConnection, News
from aiosage.errors import IMAPCapabilityError
from aiosage.model import IMAPSearchCriteria, MessageSet
from aiosage.wire import Dialect, ListData, StatusData
from aiosage.wire.commands import (
    Append,
    Create,
    Enable,
    GetStatus,
    ListMailboxes,
    Noop,
    UidMove,
    UidSearch,
)

from .scripted import PASSWORD, Peer, config, scripted

UTF8 = "IMAP4rev1 LITERAL+ ENABLE UTF8=ACCEPT"
BOTH = "IMAP4rev1 IMAP4rev2 LITERAL+ ENABLE"
ONLY_REV2 = "IMAP4rev2 AUTH=PLAIN"


def enabled(capabilities: str, name: str) -> str:
    """Return the transcript up to where *name* is enabled."""
    return (
        f"S: * OK [CAPABILITY {capabilities}] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        f"S: T0 OK [CAPABILITY {capabilities}] in\n"
        f"C: T1 ENABLE {name.upper()}\nS: * ENABLED {name}\nS: T1 OK\n"
    )


async def opened(port: int, *enable: str) -> IMAPConnection:
    return await IMAPConnection.open(replace(config(port), enable=enable))


async def test_names_travel_as_utf8_once_that_is_enabled() -> None:
    script = (
        f"{enabled(UTF8, 'UTF8=ACCEPT')}"
        'C: T2 LIST "" *\n'
        'S: * LIST () "/" "Entwürfe"\nS: * LIST () "/" "R&D"\n'
        'S: * LIST () "/" "&AOk-"\nS: T2 OK\n'
        'C: T3 STATUS "Entwürfe" (MESSAGES)\nS: * STATUS "Entwürfe" (MESSAGES 3)\n'
        "S: T3 OK\nC: T4 SELECT R&D\nS: T4 OK\nC: T5 SELECT &AOk-\nS: T5 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port, "UTF8=ACCEPT")
        listed = await connection.execute(ListMailboxes())
        assert [item.data.name for item in listed] == ["Entwürfe", "R&D", "&AOk-"]
        status = await connection.execute(GetStatus("Entwürfe", ("MESSAGES",)))
        assert status.items == {"MESSAGES": 3}
        for name in ("R&D", "&AOk-"):
            await connection.select(name)
        connection.abort()


async def test_a_name_asked_for_during_enable_goes_as_utf8() -> None:
    """It waits its turn, but what the session speaks has changed by then."""
    script = (
        f"S: * OK [CAPABILITY {UTF8}] hi\nC: T0 LOGIN joe {PASSWORD}\nS: T0 OK "
        f"[CAPABILITY {UTF8}] in\nC: T1 ENABLE UTF8=ACCEPT\n"
        'S: * ENABLED UTF8=ACCEPT\nS: T1 OK\nC: T2 CREATE "ä"\nS: T2 OK'
    )
    async with scripted(script) as port:
        connection = await opened(port)
        await asyncio.gather(
            connection.execute(Enable(("UTF8=ACCEPT",))),
            connection.execute(Create("ä")),
        )
        connection.abort()


async def test_search_and_append_in_a_session_of_utf8() -> None:
    """No CHARSET (RFC 6855 §3); a header in UTF-8 is said to be one (§4)."""
    message = "Subject: ä\r\n\r\nx".encode()
    script = (
        f"{enabled(UTF8, 'UTF8=ACCEPT')}C: T2 SELECT INBOX\nS: T2 OK\n"
        'C: T3 UID SEARCH SUBJECT "ä"\nS: * SEARCH 4\nS: T3 OK\n'
        "C: T4 APPEND INBOX UTF8 (~{16+}\nC: Subject: ä\nC: \nC: x)\nS: T4 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port, "UTF8=ACCEPT")
        await connection.select("INBOX")
        search = UidSearch(IMAPSearchCriteria.subject("ä"), charset=True)
        assert await connection.execute(search) == MessageSet([4])
        await connection.execute(Append("INBOX", message))
        connection.abort()


async def test_a_mailbox_with_a_raw_name_opens_without_utf8() -> None:
    """Listed on one connection and opened on another, as clients do."""
    listing = (
        f"S: * OK [CAPABILITY IMAP4rev1 LITERAL+] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        "S: T0 OK [CAPABILITY IMAP4rev1 LITERAL+] in\n"
        'C: T1 LIST "" *\nS: * LIST () "/" "Entwürfe"\nS: T1 OK\n'
        "C: T2 EXAMINE {9+}\nC: Entwürfe\nS: * OK [UIDVALIDITY 7] x\nS: T2 OK\n"
        "C: T3 UID SEARCH ...\nS: * SEARCH 4\nS: T3 OK"
    )
    async with scripted(listing) as port, IMAPClient(config(port)) as client:
        (mailbox,) = await client.folders.list()
        assert mailbox.name == "Entwürfe"
        found = await client.mailbox(mailbox.name).search(IMAPSearchCriteria.ALL)
        assert list(found) == [4]


async def test_a_session_of_rev2() -> None:
    """RFC 9051 §6.3.2, §7.3.4: LIST and CLOSED at SELECT, ESEARCH, no RECENT."""
    script = (
        f"{enabled(BOTH, 'IMAP4rev2')}"
        'C: T2 SELECT "ä"\nS: * 2 EXISTS\nS: * FLAGS (\\Seen)\n'
        'S: * OK [UIDVALIDITY 7] x\nS: * LIST () "/" "ä"\nS: T2 OK [READ-WRITE] x\n'
        'C: T3 UID SEARCH ALL\nS: * ESEARCH (TAG "T3") UID ALL 4:5\nS: T3 OK\n'
        'C: T4 UID SEARCH UNSEEN\nS: * ESEARCH (TAG "T4") UID\nS: T4 OK\n'
        "C: T5 UID MOVE 4 b&c\nS: * OK [COPYUID 9 4 1] x\nS: T5 OK\n"
        "C: T6 SELECT b&c\nS: * OK [CLOSED] x\nS: * 1 EXISTS\n"
        'S: * OK [UIDVALIDITY 9] x\nS: * LIST () "/" "b&c" ("OLDNAME" ("b"))\n'
        'S: T6 OK x\nC: T7 STATUS "ä" (DELETED SIZE)\n'
        'S: * STATUS "ä" (DELETED 2 SIZE 8589934592)\nS: T7 OK'
    )
    heard: list[News] = []
    async with scripted(script) as port:
        connection = await opened(port, "IMAP4rev2")
        connection.add_listener(heard.append)
        first = await connection.select("ä")
        assert (first.mailbox, first.exists, first.uidvalidity) == ("ä", 2, 7)
        search = UidSearch(IMAPSearchCriteria.ALL)
        assert await connection.execute(search) == MessageSet([4, 5])
        unseen = UidSearch(IMAPSearchCriteria.unseen())
        assert await connection.execute(unseen) == MessageSet()
        moved = await connection.execute(UidMove(MessageSet([4]), "b&c"))
        assert moved is not None
        second = await connection.select("b&c")
        assert (second.exists, second.uidvalidity, second.flags) == (1, 9, frozenset())
        status = await connection.execute(GetStatus("ä", ("DELETED", "SIZE")))
        assert status.items == {"DELETED": 2, "SIZE": 2**33}
        connection.abort()
    assert [news.name for news in heard if isinstance(news, ListData)] == ["ä", "b&c"]
    assert StatusData("ä", {"DELETED": 2, "SIZE": 2**33}) in heard


async def test_a_server_of_rev2_alone_needs_no_enable() -> None:
    """What is in IMAP4rev2 is used without being announced, SASL-IR included."""
    script = (
        f"S: * OK [CAPABILITY {ONLY_REV2}] hi\nC: T0 AUTHENTICATE PLAIN ...\n"
        f"S: T0 OK [CAPABILITY {ONLY_REV2}] in\n"
        "C: T1 APPEND ...\nC: x\nS: T1 OK [APPENDUID 1 1] x\n"
        'C: T2 SELECT "ä"\nS: T2 OK\nC: T3 UNSELECT\nS: T3 OK'
    )
    async with scripted(script) as port:
        connection = await opened(port)
        assert connection.supports("MOVE")
        assert connection.supports("IDLE")
        await connection.execute(Append("ä", b"x"))  # at once: it has LITERAL-
        await connection.select("ä")
        await connection.unselect()
        connection.abort()


async def test_what_rev2_has_is_not_there_before_it_is_enabled() -> None:
    """RFC 9051 Appendix A."""
    script = (
        f"S: * OK [CAPABILITY {BOTH}] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        f"S: T0 OK [CAPABILITY {BOTH}] in\nC: T1 SELECT &AOQ-\nS: T1 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        await connection.select("ä")
        with pytest.raises(IMAPCapabilityError):
            await connection.execute(UidMove(MessageSet([1]), "b"))
        connection.abort()


async def test_an_enabled_that_nobody_waits_for_counts() -> None:
    """The caller was cancelled; the server has changed its tongue all the same."""
    asked = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.play("C: T1 ENABLE UTF8=ACCEPT")
        asked.set()
        await peer.play(
            'S: * ENABLED UTF8=ACCEPT\nS: T1 OK\nC: T2 NOOP\nS: * LIST () "/" "&AOk-"\n'
            'S: T2 OK\nC: T3 CREATE "ä"\nS: T3 OK'
        )

    login = enabled(UTF8, "").partition("C: T1")[0]
    heard: list[News] = []
    async with scripted(login, serve) as port:
        connection = await opened(port)
        connection.add_listener(heard.append)
        enabling = asyncio.ensure_future(connection.execute(Enable(("UTF8=ACCEPT",))))
        await asked.wait()
        enabling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await enabling
        await connection.execute(Noop())
        assert connection.enabled == {"UTF8=ACCEPT"}
        await connection.execute(Create("ä"))
        connection.abort()
    assert ListData("&AOk-", "/", frozenset()) in heard


async def test_what_nobody_has_asked_to_enable_is_not_enabled() -> None:
    """A server could tell of it without end."""
    script = (
        f"S: * OK [CAPABILITY {UTF8}] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        f"S: T0 OK [CAPABILITY {UTF8}] in\n"
        "C: T1 NOOP\nS: * ENABLED UTF8=ACCEPT X\nS: T1 OK\n"
        "C: T2 CREATE &AOQ-\nS: T2 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        await connection.noop()
        assert connection.enabled == frozenset()
        await connection.execute(Create("ä"))
        connection.abort()


def test_plain_is_the_dialect_without_anything() -> None:
    assert not Dialect().utf8
