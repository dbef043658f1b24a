"""Messages, from whatever of them was fetched."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest

from aiosage.model import BodyStructure, EmailMessage, Envelope, Flag

RAW = b"""\
From: =?utf-8?q?J=C3=BCrgen?= <j@x.org>, "Doe, John" <jd@y.com>
Sender: Secretary <s@x.org>
To: Team: a@b.c, Bob <bob@b.c>;, a@b.c
Cc: undisclosed-recipients:;, A@B.C
Subject: Re: =?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=
 folded
Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
Message-ID: <1@x.org>
In-Reply-To: <0@x.org>
References: <00@x.org>
 <0@x.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="bb"

preamble
--bb
Content-Type: multipart/related; boundary=rr

--rr
Content-Type: multipart/alternative; boundary=aa

--aa

hello   text
--aa
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>hell=F6 <b>w</b>orld</p>
--aa--
--rr
Content-Type: image/png
Content-ID: <logo>
Content-Disposition: inline; filename=logo.png
Content-Transfer-Encoding: base64

UE5H
--rr--
--bb
Content-Type: application/pdf; name*0*=utf-8''%c3%a4; name*1=".pdf"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

aGVsbG8=
--bb
Content-Type: message/rfc822

Subject: inner

inner body
--bb
Content-Type: text/plain

-- footer
--bb--
epilogue
""".replace(b"\n", b"\r\n")


def test_the_header_is_read() -> None:
    message = EmailMessage.from_bytes(RAW)

    assert message.subject == "Re: \u00e4\u00f6 folded"
    assert message.date == datetime(
        1996, 7, 17, 2, 23, 25, tzinfo=timezone(timedelta(hours=-7))
    )
    assert [str(a) for a in message.from_] == [
        "J\u00fcrgen <j@x.org>",
        '"Doe, John" <jd@y.com>',
    ]
    assert str(message.from_address) == "J\u00fcrgen <j@x.org>"
    assert str(message.sender) == "Secretary <s@x.org>"
    assert message.reply_to == message.from_
    assert [(a.address, a.group) for a in message.to] == [
        ("a@b.c", "Team"),
        ("bob@b.c", "Team"),
        ("a@b.c", None),
    ]
    assert [str(a) for a in message.all_recipients] == ["a@b.c", "Bob <bob@b.c>"]
    assert message.bcc == ()
    assert message.message_id == "<1@x.org>"
    assert message.in_reply_to == "<0@x.org>"
    assert message.references == ("<00@x.org>", "<0@x.org>")
    assert message.is_reply
    assert not message.is_forward
    assert message.headers["mime-version"] == "1.0"
    assert message.header_bytes == RAW[: RAW.index(b"preamble")]


def test_the_content_is_read() -> None:
    message = EmailMessage.from_bytes(RAW)

    assert message.text == message.plain_body == "hello   text\n-- footer"
    assert message.html == message.html_body == "<p>hell\u00f6 <b>w</b>orld</p>"
    assert [
        (a.filename, a.content_type, a.payload, a.content_id, a.is_inline)
        for a in message.attachments
    ] == [
        ("logo.png", "image/png", b"PNG", "logo", True),
        ("\u00e4.pdf", "application/pdf", b"hello", None, False),
        (None, "message/rfc822", b"Subject: inner\r\n\r\ninner body", None, False),
    ]
    assert message.has_attachments
    assert message.preview() == message.get_body_preview() == "hello text -- footer"
    assert message.preview(9) == "hello te\N{HORIZONTAL ELLIPSIS}"
    assert message.defects == ()


def test_an_attached_message_is_read_from_its_payload() -> None:
    inner = EmailMessage.from_bytes(EmailMessage.from_bytes(RAW).attachments[2].payload)

    assert (inner.subject, inner.text) == ("inner", "inner body")


def test_what_was_not_fetched_is_none() -> None:
    message = EmailMessage(uid=5)

    assert message.uid == 5
    assert message.flags is None
    assert message.subject is None
    assert message.date is None
    assert message.from_ == ()
    assert message.sender is None
    assert message.text is None
    assert message.html is None
    assert message.attachments == ()
    assert message.has_attachments is None
    assert message.header_bytes is None
    assert len(message.headers) == 0
    assert message.preview() == ""
    assert message.defects == ()
    assert not message.is_reply


def envelope() -> Envelope:
    """Return the envelope of RAW as a server sends it."""
    return Envelope.from_raw(
        b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
        b"Re: =?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?= folded",
        [
            (b"=?utf-8?q?J=C3=BCrgen?=", None, b"j", b"x.org"),
            (b"Doe, John", None, b"jd", b"y.com"),
        ],
        [(b"Secretary", None, b"s", b"x.org")],
        [
            (b"=?utf-8?q?J=C3=BCrgen?=", None, b"j", b"x.org"),
            (b"Doe, John", None, b"jd", b"y.com"),
        ],
        [
            (None, None, b"Team", None),
            (None, None, b"a", b"b.c"),
            (b"Bob", None, b"bob", b"b.c"),
            (None, None, None, None),
            (None, None, b"a", b"b.c"),
        ],
        [
            (None, None, b"undisclosed-recipients", None),
            (None, None, None, None),
            (None, None, b"A", b"B.C"),
        ],
        (),
        b"<0@x.org>",
        b"<1@x.org>",
    )


@pytest.mark.parametrize(
    "name",
    [
        "subject",
        "date",
        "from_",
        "from_address",
        "sender",
        "reply_to",
        "to",
        "cc",
        "bcc",
        "all_recipients",
        "message_id",
        "in_reply_to",
        "is_reply",
        "is_forward",
    ],
)
def test_the_envelope_and_the_header_say_the_same(name: str) -> None:
    """A program must not notice what was fetched."""
    whole = EmailMessage(raw=RAW)
    head = EmailMessage(header=RAW[: RAW.index(b"preamble")])
    enveloped = EmailMessage(envelope=envelope())

    assert getattr(whole, name) == getattr(head, name) == getattr(enveloped, name)


def test_some_fields_of_the_header_complete_the_envelope() -> None:
    """FETCH ENVELOPE BODY[HEADER.FIELDS (REFERENCES)] is how threads are read."""
    message = EmailMessage(
        envelope=envelope(), header=b"References: <a@b>\r\nSubject: other\r\n\r\n"
    )

    assert message.references == ("<a@b>",)
    assert message.subject == "other"
    assert [str(address) for address in message.to] == [
        "a@b.c",
        "Bob <bob@b.c>",
        "a@b.c",
    ]


def test_sections_are_read_by_the_structure() -> None:
    """Text without attachments: BODYSTRUCTURE first, then the parts wanted."""
    structure = BodyStructure.from_raw(
        [
            [
                b"TEXT",
                b"PLAIN",
                [b"CHARSET", b"iso-8859-1"],
                None,
                None,
                b"BASE64",
                b"8",
                b"1",
            ],
            [b"TEXT", b"HTML", None, None, None, b"7BIT", b"8", b"1"],
            [b"IMAGE", b"PNG", [b"NAME", b"a.png"], None, None, b"BASE64", b"8"],
            [b"IMAGE", b"GIF", [b"NAME", b"a.gif"], None, None, b"BASE64", b"8"],
            b"MIXED",
        ]
    )
    message = EmailMessage(
        body_structure=structure, sections={"1": b"5A==", "3": b"UE5H"}
    )

    assert message.text == "\u00e4"
    assert message.html is None
    assert [(a.filename, a.payload) for a in message.attachments] == [("a.png", b"PNG")]
    assert message.has_attachments


def test_header_and_text_are_the_whole() -> None:
    """FETCH BODY[HEADER] BODY[TEXT] leaves out nothing."""
    at = RAW.index(b"preamble")
    message = EmailMessage(header=RAW[:at], sections={"TEXT": RAW[at:]})

    assert message.text == EmailMessage(raw=RAW).text
    assert message.attachments == EmailMessage(raw=RAW).attachments


def test_a_structure_alone_tells_of_attachments() -> None:
    plain = BodyStructure.from_raw(
        [b"TEXT", b"PLAIN", None, None, None, b"7BIT", b"8", b"1"]
    )
    pdf = BodyStructure.from_raw(
        [b"APPLICATION", b"PDF", None, None, None, b"BASE64", b"8"]
    )

    assert EmailMessage(body_structure=plain).has_attachments is False
    assert EmailMessage(body_structure=pdf).has_attachments is True
    assert EmailMessage(body_structure=pdf).attachments == ()


@pytest.mark.parametrize(
    ("subject", "is_reply", "is_forward"),
    [
        (b"Re: x", True, False),
        (b"RE[2]: x", True, False),
        (b"AW: x", True, False),
        (b"Fwd: x", False, True),
        (b"FW: x", False, True),
        (b"Fw [list]: x", False, True),
        (b"WG: x", False, True),
        (b"Regarding: x", False, False),
        (b"x", False, False),
        (b"", False, False),
    ],
)
def test_replies_and_forwards_are_known_by_their_subject(
    subject: bytes, is_reply: bool, is_forward: bool
) -> None:
    message = EmailMessage(raw=b"Subject: " + subject + b"\r\n\r\n")

    assert (message.is_reply, message.is_forward) == (is_reply, is_forward)


def test_a_preview_is_made_from_html_if_there_is_no_text() -> None:
    html = (
        b"Content-Type: text/html\r\n\r\n"
        b"<html><head><title>T</title></head><style>p{}</style>"
        b"<!-- no > no -->\r\n<p>Tom &amp; <b>J</b>erry</p><br>more<script>x()</script>"
        b"&#" + b"9" * 9999 + b";<div>end"
    )

    assert EmailMessage(raw=html).text is None
    assert EmailMessage(raw=html).preview() == "Tom & Jerry more ; end"


@pytest.mark.parametrize(
    ("raw", "text", "defect"),
    [
        (b"Content-Transfer-Encoding: base64\n\naGVsbG8", "hello", "broken base64"),
        (
            b"Content-Type: text/plain; charset=x-odd\n\n\xe4",
            "\u00e4",
            "unknown charset 'x-odd'",
        ),
        (
            b"Content-Type: text/plain; charset=utf-8\n\n\xe4 b",
            "\u00e4 b",
            "text is not valid utf-8",
        ),
        (b"Content-Type: odd\n\nx", "x", "not a content type: 'odd'"),
        (
            b"Content-Type: multipart/x; boundary=b\n\n--b\n\nx",
            "x",
            "a multipart is not closed",
        ),
        (
            b"Content-Transfer-Encoding: odd\n\nx",
            "x",
            "unknown transfer encoding 'odd'",
        ),
        (b"Date: someday\n\nx", "x", "Date is not a date"),
        (b'To: "a\n\nx', "x", "unterminated quoted string in an address"),
    ],
)
def test_broken_mail_is_read_and_what_was_wrong_is_told(
    raw: bytes, text: str, defect: str
) -> None:
    message = EmailMessage(raw=raw)

    assert message.defects == (defect,)
    assert message.text == text


def test_what_is_attached_is_known_without_its_content() -> None:
    whole = EmailMessage.from_bytes(RAW)
    structure = whole._root()
    outline = EmailMessage(body_structure=structure, envelope=Envelope(subject="s"))

    assert outline.attachment_filenames == ("logo.png", "\u00e4.pdf")
    assert whole.attachment_filenames == outline.attachment_filenames
    assert outline.has_attachments
    assert (outline.attachments, outline.text, outline.subject) == ((), None, "s")
    assert EmailMessage().attachment_filenames == ()


def test_parts_may_come_without_their_encoding() -> None:
    """What BINARY[2] gives is no base64 any more (RFC 3516 §4.2)."""
    structure = EmailMessage.from_bytes(RAW)._root()
    message = EmailMessage(body_structure=structure, sections={"BINARY[2]": b"hello"})

    (attachment,) = message.attachments
    assert (attachment.filename, attachment.payload) == ("\u00e4.pdf", b"hello")
    assert message.defects == ()


def test_tnef_is_an_attachment_as_it_is() -> None:
    """What Outlook packs in winmail.dat is for other libraries to unpack."""
    message = EmailMessage.from_bytes(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
        b"Content-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: base64\n\neJ8+Ig==\n--b--\n"
    )

    assert message.text == "text"
    (tnef,) = message.attachments
    assert tnef.content_type == "application/ms-tnef"
    assert tnef.payload == b"\x78\x9f\x3e\x22"  # its signature


def test_the_size_is_known_of_a_whole_message() -> None:
    assert EmailMessage(raw=b"12345").size == 5
    assert EmailMessage(raw=b"12345", size=7).size == 7  # as the server has it
    assert EmailMessage(header=b"\r\n").size is None


def test_the_servers_preview_stands_in_for_text_that_was_not_fetched() -> None:
    assert (
        EmailMessage(server_preview="See you  on Tuesday").preview(9) == "See you\u2026"
    )
    assert EmailMessage(server_preview="x", raw=b"\ntext").preview() == "text"


def test_defects_are_few_however_many_there_are() -> None:
    parts = b"".join(b"--b\nContent-Type: odd%d\n\nx\n" % n for n in range(1000))
    message = EmailMessage(raw=b"Content-Type: multipart/x; boundary=b\n\n" + parts)

    assert len(message.defects) == 100


def test_it_cannot_be_changed() -> None:
    message = EmailMessage(uid=5, flags=frozenset({Flag.SEEN}))

    with pytest.raises(FrozenInstanceError):
        message.uid = 6  # type: ignore[misc]  # that is what is tested


def test_each_thing_is_worked_out_once() -> None:
    message = EmailMessage.from_bytes(RAW)

    assert message.attachments is message.attachments
    assert message.headers is message.headers
    assert message.from_ is message.from_


def test_repr_tells_nothing_of_what_it_says() -> None:
    message = EmailMessage(uid=5, size=len(RAW), raw=RAW)

    assert repr(message) == f"<EmailMessage uid=5 {len(RAW)} octets>"


def test_it_survives_pickling() -> None:
    message = EmailMessage(uid=5, internal_date=datetime.now(UTC), raw=RAW)
    assert message.text

    copy = pickle.loads(pickle.dumps(message))

    assert (copy.uid, copy.internal_date) == (5, message.internal_date)
    assert copy.attachments == message.attachments


def test_a_message_that_was_read_is_freed_at_once() -> None:
    """A cycle would keep megabytes until the garbage collector comes by."""
    message = EmailMessage(raw=b"Subject: =?x?b?broken?=\r\nFrom: (\r\n\r\nbody")
    assert message.subject is not None
    assert message.text is not None
    assert message.defects
    gone = weakref.ref(message)
    gc.disable()
    try:
        del message
        assert gone() is None
    finally:
        gc.enable()
