"""Messages made to be appended: read by us and by the standard library."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage as Read
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Attachment, EmailAddress, EmailMessage, compose

WHEN = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
LOGO = Attachment("logo.png", "image/png", b"\x89PNG", "logo", is_inline=True)
PDF = Attachment("Übersicht 1.pdf", "application/pdf", b"%PDF\0\xff")
BROKEN = b"Subject: \xff\nReceived: x\n y\n\n--b\n\xe4 and a line" + b"x" * 2000 + b"\n"


def read(message: EmailMessage) -> Read:
    assert message.raw is not None
    return email.message_from_bytes(message.raw, policy=email.policy.default)


def test_what_is_said_is_read_again() -> None:
    message = compose(
        from_="Jörg Müller <joerg@example.de>",
        to=["Ann <ann@example.org>, bob@example.org", EmailAddress("Z", "z", "x.org")],
        cc=EmailAddress("O'Hara, Zoë", "zoe o", "example.org"),
        bcc="secret@example.org",
        reply_to="list@example.org",
        subject="Grüße 你好 " + "und noch mehr davon " * 9,
        text="Ä\nFrom here\n.\n" + "long " * 300,
        date=WHEN,
        headers={"X-Priority": "1"},
    )

    assert [str(one) for one in message.from_] == ["Jörg Müller <joerg@example.de>"]
    assert [one.address for one in message.to] == [
        "ann@example.org",
        "bob@example.org",
        "z@x.org",
    ]
    assert str(message.cc[0]) == '"O\'Hara, Zoë" <"zoe o"@example.org>'
    assert message.bcc[0].address == "secret@example.org"
    assert message.reply_to[0].address == "list@example.org"
    assert message.subject == ("Grüße 你好 " + "und noch mehr davon " * 9).strip()
    assert message.text == "Ä\nFrom here\n.\n" + "long " * 300 + "\n"
    assert message.date == WHEN
    assert message.headers["X-Priority"] == "1"
    assert message.defects == ()
    assert read(message)["cc"].addresses[0].display_name == "O'Hara, Zoë"


def test_it_can_be_sent_by_every_server() -> None:
    """Seven bits, CRLF, and no line above 998 octets (RFC 5322 §2.1.1)."""
    raw = compose(
        from_="a@x.org", text="ä", html="<p>" + "é" * 5000, attachments=[PDF]
    ).raw

    assert raw is not None
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_text_html_pictures_and_files_are_nested_as_readers_expect() -> None:
    message = compose(
        from_="a@x.org",
        text="see",
        html='<img src="cid:logo">',
        attachments=[PDF, LOGO],
    )

    tree = [part.get_content_type() for part in read(message).walk()]
    assert tree == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    logo, pdf = message.attachments
    assert (logo.content_id, logo.is_inline, logo.payload) == ("logo", True, b"\x89PNG")
    assert (pdf.filename, pdf.payload) == ("Übersicht 1.pdf", b"%PDF\0\xff")


@pytest.mark.parametrize(
    ("text", "html", "types"),
    [
        (None, None, ["text/plain"]),
        ("", None, ["text/plain"]),
        (None, "<p>", ["text/html"]),
        ("a", "<p>", ["multipart/alternative", "text/plain", "text/html"]),
    ],
)
def test_only_what_is_said_is_there(
    text: str | None, html: str | None, types: list[str]
) -> None:
    message = compose(from_="a@x.org", text=text, html=html)
    assert [part.get_content_type() for part in read(message).walk()] == types


def test_html_alone_has_its_pictures() -> None:
    message = compose(from_="a@x.org", html="<img src='cid:logo'>", attachments=[LOGO])
    types = [part.get_content_type() for part in read(message).walk()]
    assert types == ["multipart/related", "text/html", "image/png"]


def test_a_picture_without_html_is_a_file() -> None:
    message = compose(from_="a@x.org", text="x", attachments=[LOGO])
    assert [one.payload for one in message.attachments] == [b"\x89PNG"]


def test_a_message_is_attached_octet_by_octet() -> None:
    """Written anew it would be another message, and its signature would fail."""
    inner = Attachment("m.eml", "message/rfc822", BROKEN)
    message = compose(from_="a@x.org", text="look", attachments=[inner, PDF, inner])

    first, pdf, second = message.attachments
    assert first.payload == second.payload == BROKEN.replace(b"\n", b"\r\n")
    assert first.content_type == "message/rfc822"
    assert first.filename == "m.eml"
    assert pdf.payload == PDF.payload
    assert message.text == "look\n"
    assert message.headers["Content-Transfer-Encoding"] == "8bit"
    (outer,) = list(read(message).iter_attachments())[:1]
    assert outer["Content-Transfer-Encoding"] == "8bit"


def test_text_is_attached_in_its_charset() -> None:
    table = Attachment(
        "t.csv", "text/csv", "ä;ö\r\n".encode("cp1252"), charset="cp1252"
    )
    (read_again,) = compose(from_="a@x.org", attachments=[table]).attachments

    assert read_again == table
    assert read_again.text == "ä;ö\n"
    assert PDF.text is None


def test_a_file_is_attached_by_name(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.tar.gz", "c"):
        (tmp_path / name).write_bytes(b"x")

    assert Attachment.from_file(tmp_path / "a.pdf") == Attachment(
        "a.pdf", "application/pdf", b"x"
    )
    for name in ("b.tar.gz", "c"):
        made = Attachment.from_file(tmp_path / name)
        assert made.content_type == "application/octet-stream"
    assert Attachment.from_file(tmp_path / "c", "text/plain").text == "x"


def test_it_gets_an_id_and_a_date_of_its_own() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    first, second = (compose(from_="a@x.org") for _ in range(2))

    assert first.message_id != second.message_id
    assert (first.message_id or "").endswith("@x.org>")
    assert first.date is not None
    assert before <= first.date <= datetime.now(UTC)


def test_long_ids_stay_whole() -> None:
    """The standard library encodes a word that is longer than a line."""
    ids = [f"<{n}.{'x' * 150}@example.org>" for n in range(20)]
    message = compose(
        from_="a@x.org", message_id=ids[0], in_reply_to=ids[1], references=ids
    )

    assert message.message_id == ids[0]
    assert message.in_reply_to == ids[1]
    assert list(message.references) == ids


def test_addresses_beyond_ascii() -> None:
    """A host has a form in ASCII; a mailbox has none but UTF-8 (RFC 6532)."""
    host = compose(from_="a@bücher.example", subject="ü")
    assert host.from_[0].address == "a@xn--bcher-kva.example"
    assert host.raw is not None
    assert host.raw.isascii()

    mailbox = compose(from_="jörg@example.org", subject="ü")
    assert mailbox.from_[0].address == "jörg@example.org"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "Ann",
        "ann@",
        "@x.org",
        "a@x.org\r\nBcc: b@x.org",
        "undisclosed:;",
        "a@x y",
        "a@" + "x" * 300,
        EmailAddress("a\r\nBcc: b", "a", "x.org"),
        EmailAddress("a", "a\r\nb", "x.org"),
        EmailAddress("a", "a", "x.org\r\nb"),
        EmailAddress("a", "a", "x>,b@y"),
        EmailAddress(group="nobody"),
    ],
)
def test_what_is_no_address_is_refused(address: str | EmailAddress) -> None:
    for to in (address, ["b@x.org", address]):
        with pytest.raises(ValueError, match=r"address|host|CR or LF"):
            compose(from_="a@x.org", to=to)
    with pytest.raises(ValueError, match=r"address|host|CR or LF"):
        compose(from_=address)


def test_somebody_writes_it() -> None:
    with pytest.raises(ValueError, match="from somebody"):
        compose(from_=[])


@pytest.mark.parametrize(
    "text", ["1@x", "<1@x", "<a b>", "<1@x>\r\nX: y", "<é@x>", "<>"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a message id"):
        compose(from_="a@x.org", message_id=text)
    with pytest.raises(ValueError, match="not a message id"):
        compose(from_="a@x.org", in_reply_to=text)
    with pytest.raises(ValueError, match="not a message id"):
        compose(from_="a@x.org", references=["<1@x>", text])


@pytest.mark.parametrize("text", ["a\r\nBcc: b@x.org", "a\nb", "a\rb"])
def test_no_field_can_be_injected(text: str) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        compose(from_="a@x.org", subject=text)
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        compose(from_="a@x.org", headers={"X-Y": text})


ENCODED = "=?utf-8?q?a=0D=0ABcc=3A_x=40example.org?="


@pytest.mark.parametrize("subject", [ENCODED, f"Ü {ENCODED}", "=?utf-8?b?eA==?="])
def test_what_looks_encoded_is_kept_as_it_is(subject: str) -> None:
    """An answer may quote the subject of hostile mail."""
    message = compose(from_="a@b.c", subject=subject, headers={"X-Old": subject})
    assert message.subject == subject
    assert message.headers["X-Old"] == subject
    assert not message.bcc
    assert read(message)["bcc"] is None


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment(ENCODED, "text/plain", b"x"),
        Attachment("a", "image/png", b"x", "=?utf-8?q?=0D=0ABcc?=", is_inline=True),
        Attachment("a", "text/plain", b"x", charset=ENCODED),
    ],
)
def test_no_field_can_be_injected_by_encoding_it(attachment: Attachment) -> None:
    """The standard library decodes what it is given to write."""
    with pytest.raises(ValueError, match="From cannot be written"):
        compose(from_=EmailAddress(ENCODED, "a", "b.c"))
    try:
        raw = compose(from_="a@b.c", html="x", attachments=[attachment]).raw
    except ValueError:
        return
    assert raw is not None
    assert b"\nBcc" not in raw


def test_a_message_shown_in_the_text_is_attached_all_the_same() -> None:
    """Some programs give a content id to all that they attach."""
    inner = Attachment("a.eml", "message/rfc822", BROKEN, "cid", is_inline=True)
    message = compose(from_="a@b.c", html="<p>x</p>", attachments=[inner])
    (attached,) = message.attachments
    assert attached.content_type == "message/rfc822"
    assert attached.payload == BROKEN.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    "name", ["", "a b", "a:", "é", "Subject", "to", "MIME-Version", "Content-Type"]
)
def test_fields_that_are_none_or_written_already_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"not the name|written already"):
        compose(from_="a@x.org", to="b@x.org", headers={name: "x"})


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("x", "multipart/mixed", b""),
        Attachment("x", "message/partial", b""),
        Attachment("x", "text/plain; a=b", b""),
        Attachment("x", "text", b""),
        Attachment("x", "a/b\r\nX: y", b""),
        Attachment("x", "a/b", b"", content_id="a>\r\nX: y"),
    ],
)
def test_what_cannot_be_attached_is_refused(attachment: Attachment) -> None:
    with pytest.raises(ValueError, match=r"cannot be attached|not a content id"):
        compose(from_="a@x.org", attachments=[attachment])


def test_a_date_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        compose(from_="a@x.org", date=WHEN.replace(tzinfo=None))


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")),
    st.text(max_size=50),
)
def test_any_words_are_read_again(subject: str, text: str, filename: str) -> None:
    attachment = Attachment(filename, "application/x", text.encode())
    message = compose(
        from_="a@x.org", subject=subject, text=text, attachments=[attachment]
    )

    assert (message.subject or "").split() == subject.split()
    assert message.attachments[0].payload == text.encode()
    assert (message.text or "").rstrip("\n") == text.rstrip("\n")
    assert message.headers.get("MIME-Version") == "1.0"
