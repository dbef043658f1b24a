"""Replies and forwards."""

from __future__ import annotations

import pytest

from aiosage.model import (
    EmailAddress,
    EmailMessage,
    Envelope,
    compose_forward,
    compose_reply,
    quoted_text,
)

from .test_hostile_mail import generated

ME = "Me <me@x.org>"
ORIGINAL = EmailMessage.from_bytes(
    b"From: Ann <ann@x.org>\r\nTo: Me <ME@x.org>, Bob <bob@x.org>\r\n"
    b"Cc: ann@x.org, Zo\xc3\xab <z@x.org>, nobody:;\r\n"
    b"Subject: Tuesday\r\nMessage-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\n\r\n"
    b"at ten\r\n> or\r\n\r\nnine\r\n-- \r\nAnn\r\n"
)


def addresses(of: tuple[EmailAddress, ...]) -> list[str]:
    return [one.address for one in of]


def test_a_reply_goes_to_the_author_and_into_the_thread() -> None:
    reply = compose_reply(ORIGINAL, from_=ME, text="Yes")

    assert [str(one) for one in reply.to] == ["Ann <ann@x.org>"]
    assert reply.cc == ()
    assert reply.subject == "Re: Tuesday"
    assert reply.in_reply_to == "<3@x>"
    assert reply.references == ("<1@x>", "<2@x>", "<3@x>")
    assert reply.is_reply
    assert reply.text == "Yes\n"


def test_a_reply_to_all_leaves_out_the_writer_and_says_nobody_twice() -> None:
    reply = compose_reply(ORIGINAL, from_=ME, to_all=True)

    assert addresses(reply.to) == ["ann@x.org"]
    assert [str(one) for one in reply.cc] == ["Bob <bob@x.org>", "Zoë <z@x.org>"]


def test_a_reply_goes_where_it_is_asked_for() -> None:
    original = EmailMessage.from_bytes(b"From: a@x.org\r\nReply-To: l@x.org\r\n\r\n")
    assert addresses(compose_reply(original, from_=ME).to) == ["l@x.org"]


def test_a_reply_to_oneself_goes_to_whom_the_message_went() -> None:
    original = EmailMessage.from_bytes(b"From: ME@x.org\r\nTo: ann@x.org\r\n\r\n")
    assert addresses(compose_reply(original, from_=ME).to) == ["ann@x.org"]


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("a", "Re: a", "Fwd: a"),
        ("RE: a", "RE: a", "Fwd: RE: a"),
        ("AW: a", "AW: a", "Fwd: AW: a"),
        ("Fwd: a", "Re: Fwd: a", "Fwd: a"),
        ("", "Re:", "Fwd:"),
    ],
)
def test_subjects_are_marked_once(subject: str, reply: str, forward: str) -> None:
    original = EmailMessage.from_bytes(
        b"From: a@x.org\r\nSubject: " + subject.encode() + b"\r\n\r\n"
    )
    assert compose_reply(original, from_=ME).subject == reply
    assert compose_forward(original, from_=ME, to="b@x.org").subject == forward


def test_a_thread_without_references_begins_with_in_reply_to() -> None:
    """RFC 5322 §3.6.4; an envelope tells no References at all."""
    original = EmailMessage(envelope=Envelope(in_reply_to="<1@x>", message_id="<2@x>"))
    assert compose_reply(original, from_=ME).references == ("<1@x>", "<2@x>")


def test_a_long_thread_keeps_its_first_and_its_last_messages() -> None:
    ids = [f"<{n}@x>" for n in range(500)]
    original = EmailMessage.from_bytes(
        f"Message-ID: <last@x>\r\nReferences: {' '.join(ids)}\r\n\r\n".encode()
    )
    references = compose_reply(original, from_=ME).references

    assert len(references) == 30
    assert references == (ids[0], *ids[-28:], "<last@x>")


def test_a_forward_holds_the_message_as_it_came() -> None:
    forward = compose_forward(ORIGINAL, from_=ME, to="bob@x.org", text="see")

    assert addresses(forward.to) == ["bob@x.org"]
    assert forward.is_forward
    assert not forward.in_reply_to
    (attachment,) = forward.attachments
    assert attachment.payload == ORIGINAL.raw
    assert attachment.filename == "Tuesday.eml"


def test_only_a_whole_message_can_be_forwarded() -> None:
    with pytest.raises(ValueError, match="fetch FULL"):
        compose_forward(EmailMessage(header=b"\r\n"), from_=ME, to="b@x.org")


def test_text_is_quoted_without_signature() -> None:
    assert quoted_text(ORIGINAL) == "> at ten\n>> or\n>\n> nine\n"
    assert quoted_text(EmailMessage()) == ">\n"


def test_broken_mail_can_be_answered_and_forwarded() -> None:
    """What strangers write must not raise where a program did nothing wrong."""
    for seed in range(300):
        original = EmailMessage.from_bytes(generated(seed))
        reply = compose_reply(
            original, from_=ME, to_all=True, text=quoted_text(original)
        )
        forward = compose_forward(original, from_=ME, to="b@x.org")
        assert reply.from_ == forward.from_
        assert len(reply.references) <= 30
        assert forward.attachments[0].payload.replace(b"\r\n", b"\n") == (
            generated(seed).replace(b"\r\n", b"\n")
        )
