"""Text without attachments, previews, and what only some servers have."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage as Composed

import pytest

from aiosage import (
    FetchOrder,
    IMAPCapabilityError,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPMessageError,
    MessagePart,
    MessageSet,
    Security,
)
from aiosage.connection import TraceRecord
from aiosage.testing import DovecotServer, MemoryServer

from ..conftest import Endpoint
from .accounts import OtherClient, client_of, open_client, small
from .relay import Relay

SECRET = b"\x00attached\xff" * 30_000


def composed(*, html: bool = True, attached: bool = True) -> bytes:
    """Return a message with plain text in German, HTML, and something attached."""
    message = Composed()
    message["Subject"] = "Grüße"
    message.set_content("Grüße aus Köln,\nschön hier.\n", cte="quoted-printable")
    if html:
        message.add_alternative("<p>Grüße aus <b>Köln</b></p>", "html", cte="base64")
    if attached:
        message.add_attachment(
            SECRET, "application", "octet-stream", filename="secret.bin"
        )
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


async def test_text_comes_without_what_is_attached(any_server: Endpoint) -> None:
    """Only parts of text are asked for, many messages at once."""
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port, max_connections=1) as client,
    ):
        inbox = client.mailbox()
        for number in range(6):
            await inbox.append(composed(html=number % 2 == 0))
        await inbox.append(small(7))
        found = [message async for message in inbox.fetch_text(await inbox.search())]

    assert [message.uid for message in found] == [1, 2, 3, 4, 5, 6, 7]
    assert all(m.text == "Grüße aus Köln,\nschön hier.\n" for m in found[:6])
    assert [bool(m.html) for m in found] == [True, False] * 3 + [False]
    assert found[0].html == "<p>Grüße aus <b>Köln</b></p>\n"
    assert found[6].text == "Hello 7\n"
    assert found[0].attachment_filenames == ("secret.bin",)
    assert found[0].attachments == ()
    assert found[0].subject == "Grüße"
    assert found[0].flags is not None
    texts = [line for line in relay.sent[0].split(b"\r\n") if b"BODY.PEEK" in line]
    assert (
        sorted(line.split(b" ", 4)[4] for line in texts)
        == [
            b"(BODY.PEEK[1.1] BODY.PEEK[1.2])",
            b"(BODY.PEEK[1])",
            b"(BODY.PEEK[1])",
        ][: len(texts)]
    )


async def test_text_of_one_message_and_of_none(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    await inbox.append(composed())
    await inbox.append(small(2))

    newest = inbox.fetch_text([1, 2, 9], MessagePart.SIZE, order=FetchOrder.AS_GIVEN)
    texts = [(m.uid, m.text, m.size, m.flags) async for m in newest]
    assert texts == [
        (1, "Grüße aus Köln,\nschön hier.\n", len(composed()), None),
        (2, "Hello 2\n", len(small(2)), None),
    ]
    other.expunge(1)
    assert [m.uid async for m in inbox.fetch_text([1])] == []


async def test_a_message_without_text_is_yielded_too(
    inbox: IMAPMailboxUIDService,
) -> None:
    head = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    await inbox.append(head + base64.encodebytes(b"pixels").replace(b"\n", b"\r\n"))

    (found,) = [m async for m in inbox.fetch_text([1])]

    assert (found.text, found.html, found.sections) == (None, None, {})


async def test_one_message_is_fetched_or_missed(inbox: IMAPMailboxUIDService) -> None:
    await inbox.append(small(1))

    assert (await inbox.fetch_one(1)).raw == small(1)
    assert (await inbox.fetch_one(1, MessagePart.SIZE)).size == len(small(1))
    with pytest.raises(IMAPMessageError, match="no message 2"):
        await inbox.fetch_one(2)


async def test_a_preview_is_had_from_any_server(any_client: IMAPClient) -> None:
    """From PREVIEW (RFC 8970), or from where the text begins."""
    inbox = any_client.mailbox()
    await inbox.append(composed())
    await inbox.append(small(2))

    found = [
        message
        async for message in inbox.fetch([1, 2], MessagePart.PREVIEW, MessagePart.FLAGS)
    ]

    assert [message.preview() for message in found] == [
        "Grüße aus Köln, schön hier.",
        "Hello 2",
    ]
    assert all(m.server_preview == m.preview() for m in found)
    assert all(m.flags is not None for m in found)


@pytest.mark.parametrize("length", [100_000, 0])
async def test_a_preview_without_the_extension_reads_but_the_beginning(
    dovecot: DovecotServer, length: int
) -> None:
    body = "<style>p{}</style><p>Füße &amp; Hände</p>" + "<p>x</p>" * length
    text = Composed()
    text.set_content(body, "html", cte="base64")
    raw = text.as_bytes(policy=text.policy.clone(linesep="\r\n"))
    async with (
        DovecotServer(capability="IMAP4rev1 LITERAL+ SASL-IR UIDPLUS") as poor,
        open_client(poor.host, poor.port, poor.new_user()) as client,
    ):
        assert "PREVIEW" not in (await client.server()).capabilities
        await client.mailbox().append(raw)
        message = await client.mailbox().fetch_one(1, MessagePart.PREVIEW)

    assert (message.server_preview or "").startswith("Füße & Hände")
    assert len(message.server_preview or "") <= 200
    assert message.sections == {}


async def test_ids_and_dates_are_typed_where_there_are_any(
    any_client: IMAPClient,
) -> None:
    """Else the capability that is missing is named, and the session stays good."""
    inbox = any_client.mailbox()
    await inbox.append(small(1))
    there = (await any_client.server()).capabilities
    for item, capability in (
        (MessagePart.EMAIL_ID, "OBJECTID"),
        (MessagePart.SAVE_DATE, "SAVEDATE"),
        (MessagePart.GMAIL_LABELS, "X-GM-EXT-1"),
        (MessagePart.binary("1"), "BINARY"),
    ):
        if capability not in there:
            with pytest.raises(IMAPCapabilityError, match=capability) as caught:
                await inbox.fetch_one(1, item)
            assert caught.value.capability == capability
            continue
        message = await inbox.fetch_one(1, item)
        assert (
            message.email_id
            or (message.save_date and message.save_date.tzinfo)
            or message.sections["BINARY[1]"] == b"Hello 1\r\n"
        )
    assert (await inbox.fetch_one(1)).raw == small(1)


@pytest.mark.parametrize("asked_for", ["BODY.PEEK[1])", "BODY.PEEK[1]<0"])
async def test_a_message_that_goes_while_it_is_read_is_left_out(asked_for: str) -> None:
    """Its text is NIL then (RFC 2180 §4.1), which is not what it said."""

    def expunge(record: TraceRecord) -> None:
        if asked_for in record.text:  # before the server reads it
            account.mailbox("INBOX").expunge([2])

    async with MemoryServer(disable=["PREVIEW"]) as server:
        account = server.add_account("jane", "secret")
        for number in range(1, 4):
            account.mailbox("INBOX").deliver(small(number))
        async with IMAPClient(
            server.host,
            "jane",
            "secret",
            port=server.port,
            security=Security.PLAIN,
            trace=expunge,
        ) as client:
            inbox = client.mailbox()
            previews = asked_for.endswith("<0")
            messages = (
                inbox.fetch([1, 2, 3], MessagePart.PREVIEW)
                if previews
                else inbox.fetch_text([1, 2, 3])
            )
            found = {
                m.uid: m.server_preview if previews else m.text async for m in messages
            }

    assert account.mailbox("INBOX").uids == [1, 3]
    assert list(found) == [1, 3]
    assert all(text and text.strip() for text in found.values())


async def test_an_empty_text_is_text(server: Endpoint) -> None:
    """A message without a body is there, unlike one that is gone."""
    async with client_of(server) as client:
        await client.mailbox().append(b"Subject: nothing\r\n\r\n")
        (message,) = [m async for m in client.mailbox().fetch_text([1])]

    assert message.text == ""


async def test_many_previews_hold_neither_memory_nor_the_loop() -> None:
    """Each is made of up to 16 KiB, and a window holds thousands of them."""
    async with MemoryServer(disable=["PREVIEW"]) as server:
        box = server.add_account("joe", "secret").mailbox("INBOX")
        for number in range(450):
            box.deliver(small(number))
        async with (
            Relay(server.host, server.port) as relay,
            open_client(relay.host, relay.port, "joe") as client,
        ):
            found = client.mailbox().fetch(range(1, 451), MessagePart.PREVIEW)
            previews = [message.preview(20) async for message in found]
            sent = b"".join(relay.sent)

    assert previews == [f"Hello {number}" for number in range(450)]
    texts = re.findall(rb"UID FETCH (\S+) \(BODY.PEEK\[1\]<0", sent)
    assert max(len(MessageSet.parse(uids.decode())) for uids in texts) == 200
