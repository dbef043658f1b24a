"""Messages made of parts of others, with CATENATE and without."""

from __future__ import annotations

import email.message
import email.policy

import pytest

from aiosage import (
    EmailMessage,
    Flag,
    IMAPClient,
    IMAPMessageError,
    MessageSection,
    UIDValidityChanged,
)

from .accounts import flags_of, raws_of, small
from .test_poor_servers import KINDS, poor_server

PICTURE = bytes(range(256)) * 20
FORWARD = (
    b"Subject: Fwd: a picture\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\n\r\nLook at this.\r\n--b\r\n"
)


def with_attachment() -> bytes:
    """Return a message whose part 2 is a picture."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = "a picture"
    message.set_content("See below.\r\n")
    message.add_attachment(PICTURE, "image", "png", filename="p.png")
    return message.as_bytes()


def forwarding(*sections: MessageSection) -> list[bytes | MessageSection]:
    """Return the parts of a message with *sections* as its attachment."""
    return [FORWARD, *sections, b"\r\n--b--\r\n"]


async def forward(client: IMAPClient, name: str) -> EmailMessage:
    """Forward the attachment of a message in the mailbox *name*; return the new one."""
    box, inbox = client.mailbox(name), client.mailbox()
    added = await box.append(with_attachment())
    assert added.uid is not None
    sections = (
        MessageSection(name, added.uid, "2.MIME", added.uidvalidity),
        MessageSection(name, added.uid, "2", added.uidvalidity),
    )
    result = await inbox.append_parts(forwarding(*sections), flags=[Flag.SEEN])
    assert result.uid == 1
    assert await flags_of(inbox, 1) == {Flag.SEEN}
    (message,) = [m async for m in inbox.fetch([1])]
    return message


@pytest.mark.parametrize("name", ["Box", "Grüße & Co"])
async def test_an_attachment_is_forwarded(client: IMAPClient, name: str) -> None:
    """The same message results, whether the server copies or we download."""
    await client.folders.create(name)
    message = await forward(client, name)

    (picture,) = message.attachments
    assert picture.filename == "p.png"
    assert picture.payload == PICTURE
    assert message.text is not None
    assert message.text.strip() == "Look at this."


@KINDS
async def test_without_catenate_the_parts_are_downloaded(
    request: pytest.FixtureRequest, kind: str
) -> None:
    async with poor_server(request, kind) as (relay, client):
        await client.folders.create("Box")
        message = await forward(client, "Box")

    assert message.attachments[0].payload == PICTURE
    assert "UID FETCH" in relay.commands


async def test_with_catenate_nothing_is_downloaded(
    dovecot_client: IMAPClient,
) -> None:
    traced: list[str] = []
    await dovecot_client.folders.create("Box")
    box = dovecot_client.mailbox("Box")
    await box.append(with_attachment())
    async with dovecot_client.pool.connection() as connection:
        connection.trace_to(lambda record: traced.append(record.text))
    await dovecot_client.mailbox().append_parts(
        forwarding(MessageSection("Box", 1, "2.MIME"), MessageSection("Box", 1, "2"))
    )

    assert dovecot_client.stats().opened == 1
    assert any("CATENATE" in text for text in traced)
    assert not any("FETCH" in text for text in traced)


async def test_whole_messages_and_headers_are_parts_too(
    client: IMAPClient,
) -> None:
    inbox = client.mailbox()
    await inbox.append(small(1))
    await inbox.append_parts([MessageSection("INBOX", 1)])
    await inbox.append_parts([MessageSection("INBOX", 1, "header"), b"other\r\n"])

    header, _, _ = small(1).partition(b"\r\n\r\n")
    assert await raws_of(inbox) == [
        small(1),
        small(1),
        header + b"\r\n\r\nother\r\n",
    ]


async def test_a_part_that_is_not_there_adds_nothing(client: IMAPClient) -> None:
    inbox = client.mailbox()
    uidvalidity = (await inbox.append(small(1))).uidvalidity
    assert uidvalidity is not None
    with pytest.raises(IMAPMessageError):
        await inbox.append_parts([b"x: y\r\n\r\n", MessageSection("INBOX", 9)])
    with pytest.raises(UIDValidityChanged):
        await inbox.append_parts(
            [MessageSection("INBOX", 1, uidvalidity=uidvalidity + 1)]
        )
    with pytest.raises(ValueError, match="no parts"):
        await inbox.append_parts([])

    assert len(await inbox.search()) == 1


@pytest.mark.parametrize("section", ["x", "1]", "1\r\nA", "1/;SECTION=2", ";x"])
def test_what_is_no_section_is_a_value_error(section: str) -> None:
    """No argument can name something else in the URL."""
    with pytest.raises(ValueError, match="section"):
        MessageSection("INBOX", 1, section)


def test_a_mailbox_is_encoded_in_the_url() -> None:
    """RFC 5092 §4: percent-encoded UTF-8."""
    section = MessageSection("Ä/b;UID=7?c", 5, "1.mime", 9)

    assert section.url == (
        "/%C3%84/b%3BUID%3D7%3Fc;UIDVALIDITY=9/;UID=5/;SECTION=1.MIME"
    )
    with pytest.raises(ValueError, match="UIDs are in"):
        MessageSection("INBOX", 0)
