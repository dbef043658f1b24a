"""What servers make of a header, against what we make of it."""

from __future__ import annotations

import pytest

from aiosage import IMAPClient, MessagePart
from aiosage.model import EmailMessage

from ..client.accounts import client_of
from ..conftest import Endpoint
from .test_message import RAW

PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nbody\r\n"
FROM = b"From: a@b.c\r\n"
HEADERS = {
    "encoded words": b"From: =?utf-8?q?Doe=2C_J?= <a@b.c>\r\n"
    b"Subject: =?utf-8?b?w6Q=?=\r\n =?utf-8?b?w7Y=?= x\r\n",
    "raw 8-bit": b"From: J\xc3\xbcrgen <a@b.c>\r\nSubject: \xc3\xa4\xc3\xb6\r\n",
    "folded": b"To: a@b.c,\r\n\td@e.f,\r\n  G H <g@h.i>\r\nSubject: a\r\n\tb\r\n c\r\n",
    "quoted": b'From: "Doe, \\"J\\" (x)" <a@b.c>\r\nTo: "a b"@c.d\r\n',
    "odd subject": FROM + b'Subject: 5* hotel  (:-) "q" \\ {3}\r\n',
    "spaces": b'From: "A  B" <a@b.c>, C  D <c@d.e>\r\n'
    b"To: =?utf-8?q?a__b?= <a@b.c>, e@f.g (H  I)\r\n"
    b"Cc: G  H: i@j.k;\r\nSubject: =?utf-8?q?a__b?=  c  d\r\n",
    "comments": b"From: a@b.c (A Name)\r\nTo: d@e.f\r\n",
    "groups": b"To: G: a@b.c, D <d@e.f>;, h@i.j\r\nCc: empty:;\r\n",
    "sender and reply-to": FROM + b"Sender: s@b.c\r\nReply-To: r@b.c\r\n",
    "no date": FROM + b"Date: some day\r\n",
    "threads": FROM + b"Message-ID: <1@b.c>\r\nIn-Reply-To: <0@b.c>\r\n",
}
MAILS = {"whole": RAW, "nothing": b"\r\nbody\r\n"} | {
    name: header + PLAIN for name, header in HEADERS.items()
}


def header_of(message: EmailMessage) -> dict[str, object]:
    """Return all that the header of *message* says."""
    return {
        "subject": message.subject,
        "date": message.date,
        "from": message.from_,
        "sender": message.sender,
        "reply_to": message.reply_to,
        "to": message.to,
        "cc": message.cc,
        "bcc": message.bcc,
        "recipients": message.all_recipients,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
    }


async def fetched(client: IMAPClient, raw: bytes, *parts: MessagePart) -> EmailMessage:
    """Return *raw* as a server gives it back, as *parts*."""
    inbox = client.mailbox()
    await inbox.append(raw)
    uids = await inbox.search()
    [message] = [message async for message in inbox.fetch(uids, *parts)]
    return message


@pytest.mark.parametrize("name", MAILS)
async def test_the_header_reads_the_same_here_and_there(
    server: Endpoint, name: str
) -> None:
    """A program must not notice whether ENVELOPE or the header was fetched."""
    async with client_of(server) as client:
        message = await fetched(client, MAILS[name], MessagePart.ENVELOPE)
    assert message.envelope is not None
    assert message.header_bytes is None

    assert header_of(message) == header_of(EmailMessage(raw=MAILS[name]))


async def test_the_parts_are_the_same_here_and_there(server: Endpoint) -> None:
    """The sections of BODYSTRUCTURE are those of our own tree."""
    async with client_of(server) as client:
        structure = (
            await fetched(client, RAW, MessagePart.BODY_STRUCTURE)
        ).body_structure
        assert structure is not None
        leaves = [part.section for part in structure.leaves()]
        uids = await client.mailbox().search()
        parts = [MessagePart.section(section) for section in leaves]
        parts.append(MessagePart.BODY_STRUCTURE)
        [message] = [m async for m in client.mailbox().fetch(uids, *parts)]
    ours = EmailMessage(raw=RAW)

    assert message.raw is None
    assert set(message.sections) == set(leaves)
    assert message.text == ours.text
    assert message.html == ours.html
    assert message.attachments == ours.attachments
    assert message.has_attachments == ours.has_attachments
