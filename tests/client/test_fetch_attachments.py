"""Attachments without the rest of the messages that they are in."""

from __future__ import annotations

from email.message import EmailMessage as Composed
from pathlib import Path

import pytest

from aiosage import EmailMessage, FetchOrder, IMAPSearchCriteria, MessagePart
from aiosage.model import BodyStructure

from ..conftest import Endpoint
from .accounts import client_of, small
from .relay import Relay

Q = IMAPSearchCriteria
TEXT = "what is said beside"


def with_attachments(*attached: tuple[str, bytes]) -> bytes:
    message = Composed()
    message["Subject"] = "files"
    message.set_content(TEXT)
    for name, octets in attached:
        subtype = name.rpartition(".")[2]
        message.add_attachment(octets, "application", subtype, filename=name)
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def is_pdf(part: BodyStructure) -> bool:
    return part.content_type == "application/pdf"


def fetched_parts(relay: Relay) -> list[bytes]:
    """Return the commands that asked for content."""
    sent = b"".join(relay.sent).split(b"\r\n")
    return [line for line in sent if b"BODY.PEEK[" in line]


async def test_only_attachments_that_are_wanted_are_read(any_server: Endpoint) -> None:
    """With the message each is of, and nothing of messages that have none."""
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port, max_connections=1) as client,
    ):
        inbox = client.mailbox()
        await inbox.append(with_attachments(("a.pdf", b"\0A"), ("a.zip", b"zip")))
        await inbox.append(small(2))
        await inbox.append(with_attachments(("c.zip", b"only zip")))
        await inbox.append(with_attachments(("d.pdf", b"D"), ("e.pdf", b"E" * 999)))
        found = [
            message
            async for message in inbox.fetch_attachments(
                Q.ALL, wanted=is_pdf, order=FetchOrder.NEWEST_FIRST
            )
        ]
        asked = fetched_parts(relay)
        alone = [m async for m in inbox.fetch_attachments([2])]

    assert [
        (message.uid, [(one.filename, one.payload) for one in message.attachments])
        for message in found
    ] == [(4, [("d.pdf", b"D"), ("e.pdf", b"E" * 999)]), (1, [("a.pdf", b"\0A")])]
    assert found[0].subject == "files"
    assert found[0].text is None
    assert alone == []
    items = {line.split(b" ", 4)[4] for line in asked}
    assert items == {b"(BODY.PEEK[2])", b"(BODY.PEEK[2] BODY.PEEK[3])"}


async def test_more_attachments_than_a_command_can_name(any_server: Endpoint) -> None:
    files = [(f"{number}.bin", b"%d" % number) for number in range(120)]
    async with client_of(any_server) as client:
        inbox = client.mailbox()
        await inbox.append(with_attachments(*files))
        (message,) = [m async for m in inbox.fetch_attachments(Q.ALL, MessagePart.SIZE)]

    assert [(one.filename, one.payload) for one in message.attachments] == files
    assert message.size is not None


async def test_attachments_are_held_a_few_mib_at_once(any_server: Endpoint) -> None:
    """A window is cut by what was asked for, not by a number of messages."""
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port, max_connections=1) as client,
    ):
        inbox = client.mailbox()
        for _ in range(3):
            await inbox.append(with_attachments(("a.pdf", bytes(2**20))))
        sizes = [
            message.attachments[0].size
            async for message in inbox.fetch_attachments(Q.ALL)
        ]
        asked = fetched_parts(relay)

    assert sizes == [2**20] * 3
    assert len(asked) == 3


async def test_what_the_predicate_raises_ends_it(any_server: Endpoint) -> None:
    def fail(part: BodyStructure) -> bool:
        raise RuntimeError(part.filename)

    async with client_of(any_server) as client:
        inbox = client.mailbox()
        await inbox.append(with_attachments(("a.pdf", b"A")))
        with pytest.raises(RuntimeError, match=r"a\.pdf"):
            await anext(inbox.fetch_attachments(Q.ALL, wanted=fail))
        assert client.stats().busy == 0


async def test_a_message_goes_into_a_file_and_comes_back(
    any_server: Endpoint, tmp_path: Path
) -> None:
    raw = with_attachments(("a.pdf", b"A"))
    path = tmp_path / "mail.eml"
    async with client_of(any_server) as client:
        inbox = client.mailbox()
        await inbox.append(raw)
        (message,) = [m async for m in inbox.fetch(Q.ALL)]
        (halves,) = [
            m async for m in inbox.fetch(Q.ALL, MessagePart.HEADER, MessagePart.TEXT)
        ]
        (part,) = [m async for m in inbox.fetch_text(Q.ALL)]

    assert message.save(path) == path
    assert path.read_bytes() == raw
    assert EmailMessage.from_file(str(path)).attachment_filenames == ("a.pdf",)
    with pytest.raises(FileExistsError):
        message.save(path)
    halves.save(tmp_path / "halves.eml")
    assert (tmp_path / "halves.eml").read_bytes() == raw
    with pytest.raises(ValueError, match="fetched whole"):
        part.save(tmp_path / "part.eml")
    assert not (tmp_path / "part.eml").exists()
