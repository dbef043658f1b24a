"""What is composed arrives on real servers, and they read it as it was meant."""

from __future__ import annotations

from aiosage import (
    Attachment,
    MessagePart,
    compose,
    compose_forward,
    compose_reply,
)

from ..conftest import Endpoint
from .accounts import client_of


async def test_servers_read_what_was_composed(any_server: Endpoint) -> None:
    sent = compose(
        from_="Jörg <joerg@example.org>",
        to="ann@example.org, Zoë <z@example.org>",
        cc="bob@example.org",
        subject="Grüße 你好 " + "noch mehr " * 20,
        text="Ä\n",
        html='<img src="cid:logo">',
        attachments=[
            Attachment("logo.png", "image/png", b"\x89PNG", "logo", is_inline=True),
            Attachment("Übersicht.pdf", "application/pdf", b"%PDF"),
        ],
    )
    reply = compose_reply(sent, from_="ann@example.org", to_all=True, text="ok")
    forward = compose_forward(sent, from_="ann@example.org", to="eve@example.org")
    parts = MessagePart.ENVELOPE, MessagePart.BODY_STRUCTURE, MessagePart.FULL
    async with client_of(any_server) as client:
        inbox = client.mailbox()
        for message in (sent, reply, forward):
            await inbox.append(message)
        stored = [message async for message in inbox.fetch([1, 2, 3], *parts)]

    for message, read in zip((sent, reply, forward), stored, strict=True):
        envelope = read.envelope
        assert (read.raw, read.size) == (message.raw, message.size)
        assert read.mailbox == "INBOX"
        assert envelope is not None
        assert envelope.subject == message.subject
        assert (envelope.to, envelope.cc) == (message.to, message.cc)
        assert envelope.message_id == message.message_id
        assert envelope.in_reply_to == message.in_reply_to
        assert envelope.date == message.date
    structures = [read.body_structure for read in stored]
    assert [
        [part.content_type for part in structure.leaves()] if structure else []
        for structure in structures
    ] == [
        ["text/plain", "text/html", "image/png", "application/pdf"],
        ["text/plain"],
        ["text/plain", "message/rfc822"],
    ]
    assert structures[0] is not None
    assert [part.filename for part in structures[0].attachments()] == [
        "logo.png",
        "Übersicht.pdf",
    ]
