"""Where appended messages come from, and what is refused before it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import cast

import pytest

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPCapabilityError,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPMessageError,
    Secret,
    Security,
)
from aiosage.testing import DovecotServer, MemoryServer

from ..connection.scripted import LOGGED_IN
from .accounts import raws_of, scripted_client, small
from .relay import Relay


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    """Give *pieces*, as a download does."""
    for piece in pieces:
        yield piece


async def test_a_file_is_taken_by_its_path_or_open_for_reading(
    inbox: IMAPMailboxUIDService, tmp_path: Path
) -> None:
    path = tmp_path / "message.eml"
    path.write_bytes(small(1))
    await inbox.append(path)
    with path.open("rb") as file:
        await inbox.append(file, size=len(small(1)))

    assert await raws_of(inbox) == [small(1), small(1)]


async def test_octets_that_come_piecewise_become_one_message(
    inbox: IMAPMailboxUIDService,
) -> None:
    octets = small(1)
    await inbox.append(in_pieces(octets[:7], b"", octets[7:]), size=len(octets))

    assert await raws_of(inbox) == [octets]


async def test_a_message_of_another_size_is_not_sent(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    with pytest.raises(ValueError, match="must be given"):
        await inbox.append(in_pieces(small(1)))
    with pytest.raises(ValueError, match="more than 3 octets"):
        await inbox.append(in_pieces(b"ab", b"cd", b"never read"), size=3)
    with pytest.raises(ValueError, match="has 2 octets, not 3"):
        await inbox.append(in_pieces(b"ab"), size=3)
    with pytest.raises(ValueError, match="octets, not 3"):
        await inbox.append(small(1), size=3)

    assert not await inbox.search()


@pytest.mark.parametrize("source", ["Subject: x", None, 3, bytearray(b"x"), StringIO()])
async def test_what_is_no_message_is_refused_by_its_type(
    inbox: IMAPMailboxUIDService, source: object
) -> None:
    with pytest.raises(TypeError, match=r"cannot be read from|reading octets"):
        await inbox.append(cast("bytes", source))
    with pytest.raises(TypeError, match=r"cannot be read from|reading octets"):
        await inbox.append_many([small(1), cast("bytes", source)])

    assert not await inbox.search()


async def test_one_flag_is_not_taken_for_its_letters(
    inbox: IMAPMailboxUIDService,
) -> None:
    with pytest.raises(TypeError, match=r"\['Work'\]"):
        await inbox.append(small(1), flags=cast("list[Flag]", "Work"))

    assert not await inbox.search()


async def test_a_file_that_is_not_there_costs_no_connection(
    client: IMAPClient, inbox: IMAPMailboxUIDService, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await inbox.append(tmp_path / "missing.eml")
    assert client.stats().opened == 1


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
async def test_line_ends_become_crlf_only_if_that_is_asked_for(
    inbox: IMAPMailboxUIDService, line_end: bytes
) -> None:
    octets = small(1).replace(b"\r\n", line_end)
    await inbox.append(octets, normalize_line_ends=True)

    assert await raws_of(inbox) == [small(1)]


async def test_octets_are_sent_as_they_are() -> None:
    """Servers may make lines of them, we do not."""
    async with MemoryServer() as server:
        server.add_account("user", "secret")
        async with (
            Relay(server.host, server.port) as relay,
            IMAPClient(_config(relay.host, relay.port, "user")) as client,
        ):
            await client.mailbox().append(b"Subject: a\nb: c\rd\r\n\r\n")
    assert relay.sent[0].count(b"{21+}\r\nSubject: a\nb: c\rd\r\n\r\n\r\n") == 1


def _config(host: str, port: int, username: str) -> ConnectionConfig:
    return ConnectionConfig(
        host=host,
        port=port,
        username=username,
        password=Secret("secret"),
        security=Security.PLAIN,
    )


async def test_nul_goes_as_binary(dovecot: DovecotServer) -> None:
    """RFC 3516 §4.4. Dovecot takes the literal8, and stores 0x80 for NUL."""
    user = dovecot.new_user()
    async with IMAPClient(_config(dovecot.host, dovecot.port, user)) as client:
        inbox = client.mailbox()
        result = await inbox.append(small(1) + b"a\0b\r\n")

        assert result.uid == 1
        assert await raws_of(inbox) == [small(1) + b"a\x80b\r\n"]


async def test_nul_without_binary_names_the_capability_and_sends_nothing() -> None:
    async with MemoryServer() as server:
        box = server.add_account("user", "secret").mailbox("INBOX")
        async with IMAPClient(_config(server.host, server.port, "user")) as client:
            with pytest.raises(IMAPCapabilityError) as caught:
                await client.mailbox().append(b"Subject: x\r\n\r\n\0")
        assert caught.value.capability == "BINARY"
        assert server.commands["APPEND"] == 0
        assert not box.uids


LIMITED = LOGGED_IN.replace("MOVE", "MOVE APPENDLIMIT=100")
LIMITED_BY_MAILBOX = f"""{LOGGED_IN.replace("MOVE", "MOVE APPENDLIMIT")}
C: T1 STATUS INBOX (APPENDLIMIT)
S: * STATUS INBOX (APPENDLIMIT 70000)
S: T1 OK done
"""


@pytest.mark.parametrize(
    ("script", "size"), [(LIMITED, 101), (LIMITED_BY_MAILBOX, 70_001)]
)
async def test_what_is_larger_than_the_server_takes_is_not_sent(
    script: str, size: int
) -> None:
    """RFC 7889: of the server, or of the mailbox."""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMessageError) as caught:
            await client.mailbox().append(b"x" * size)
    assert caught.value.code == "TOOBIG"
    assert str(size) in str(caught.value)


async def test_what_is_as_large_as_the_server_takes_is_sent() -> None:
    script = f"""{LIMITED}
C: T1 APPEND INBOX {{100+}}
C: {"x" * 100}
S: T1 OK [APPENDUID 7 12] done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().append(b"x" * 100)
    assert (result.uidvalidity, result.uid) == (7, 12)


async def test_without_uidplus_the_uid_is_found_by_message_id() -> None:
    async with MemoryServer(disable=["UIDPLUS"]) as server:
        box = server.add_account("user", "secret").mailbox("INBOX")
        for number in (1, 2, 2):
            box.deliver(small(number))
        async with IMAPClient(_config(server.host, server.port, "user")) as client:
            found = await client.mailbox().append(small(2))
            without = await client.mailbox().append(b"Subject: x\r\n\r\n")

    assert (found.uid, found.uidvalidity) == (4, box.uidvalidity)
    assert (without.uid, without.uidvalidity) == (None, None)


async def test_a_uid_that_is_not_certain_is_not_told() -> None:
    """Somebody else adds the same message in between."""
    async with MemoryServer(disable=["UIDPLUS"]) as server:
        box = server.add_account("user", "secret").mailbox("INBOX")
        async with (
            Relay(server.host, server.port) as relay,
            IMAPClient(_config(relay.host, relay.port, "user")) as client,
        ):

            def add_before_append(sent: bytes) -> None:
                if b" APPEND " in sent:
                    box.deliver(small(1))

            relay.before_sending = add_before_append
            result = await client.mailbox().append(small(1))

    assert box.uids == [1, 2]
    assert (result.uid, result.uidvalidity) == (None, None)


async def test_an_append_whose_uid_cannot_be_searched_for_has_still_happened() -> None:
    """The search is cut: the message is there, and no error may say otherwise."""
    async with MemoryServer(disable=["UIDPLUS"]) as server:
        box = server.add_account("user", "secret").mailbox("INBOX")
        async with (
            Relay(server.host, server.port) as relay,
            IMAPClient(_config(relay.host, relay.port, "user")) as client,
        ):

            def cut_before_search(sent: bytes) -> None:
                if b"UID SEARCH" in sent:
                    relay.cut()

            relay.before_sending = cut_before_search
            result = await client.mailbox().append(small(1))

    assert box.uids == [1]
    assert result.uid is None
