"""Replies and forwards: messages made of a message (RFC 5322 §3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from ._address import EmailAddress
from ._attachment import Attachment
from ._compose import Addresses, compose, header_address
from ._message import REPLY_PREFIX, EmailMessage

_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")
_MOST_REFERENCES: Final = 30
_LONGEST_SUBJECT: Final = 500


def compose_reply(
    original: EmailMessage,
    *,
    from_: str | EmailAddress,
    text: str | None = None,
    html: str | None = None,
    to_all: bool = False,
    attachments: Iterable[Attachment] = (),
    date: datetime | None = None,
) -> EmailMessage:
    """Return an answer to *original*, in its thread.

    It goes to Reply-To, else to From; an answer to one's own message goes to
    whom that went to. `quoted_text` gives the lines to answer.

    Args:
        original: with its header, or its envelope, which knows no References.
        from_: who answers.
        text: as of `compose`.
        html: as of `compose`.
        to_all: send copies to all others that had the original.
        attachments: as of `compose`.
        date: aware; None for now.

    Raises:
        ValueError: as `compose`.
    """
    own = compose(from_=from_).from_
    others = _usable(original.reply_to)
    if not _without(others, own):
        others = _usable(original.to) or others
    copies = _usable(original.all_recipients) if to_all else []
    parent = _MESSAGE_ID.findall(original.message_id or "")
    is_reply = REPLY_PREFIX.match(original.subject or "") is not None
    return compose(
        from_=from_,
        to=others,
        cc=_without(copies, (*own, *others)),
        subject=_subject("Re: ", original, skip=is_reply),
        text=text,
        html=html,
        attachments=attachments,
        in_reply_to=parent[0] if parent else None,
        references=_thread_ids(original),
        date=date,
    )


def compose_forward(
    original: EmailMessage,
    *,
    from_: str | EmailAddress,
    to: Addresses,
    text: str | None = None,
    html: str | None = None,
    date: datetime | None = None,
) -> EmailMessage:
    """Return a message with *original* attached, octet by octet as it came.

    Args:
        original: fetched whole.
        from_: who forwards it.
        to: to whom.
        text: what is said about it.
        html: the same in HTML.
        date: aware; None for now.

    Raises:
        ValueError: *original* is not whole, or as `compose`.
    """
    if original.raw is None:
        raise ValueError("only a whole message can be forwarded: fetch FULL")
    subject = _subject("Fwd: ", original, skip=original.is_forward)
    attached = Attachment(
        filename=f"{_one_line(original.subject) or 'message'}.eml",
        content_type="message/rfc822",
        payload=original.raw,
    )
    return compose(
        from_=from_,
        to=to,
        subject=subject,
        text=text,
        html=html,
        attachments=[attached],
        references=_thread_ids(original),
        date=date,
    )


def quoted_text(message: EmailMessage) -> str:
    """Return the text of *message* as an answer quotes it, without signature.

    Every line begins with ``>``. What it is introduced by is up to the writer.

    Raises:
        ImportError: as `EmailMessage.readable_text`.
    """
    lines = (message.readable_text() or "").rstrip("\n").split("\n")
    if "-- " in lines:  # RFC 3676 §4.3
        lines = lines[: lines.index("-- ")]
    return "".join(
        f">{'' if line.startswith('>') or not line else ' '}{line}\n" for line in lines
    )


def _usable(addresses: Iterable[EmailAddress]) -> list[EmailAddress]:
    """Return those of *addresses* that mail can be sent to: strangers wrote them."""
    usable: list[EmailAddress] = []
    for one in addresses:
        address = EmailAddress(_one_line(one.name) or None, one.mailbox, one.host)
        with suppress(ValueError):
            header_address(address)
            usable.append(address)
    return usable


def _without(
    addresses: Iterable[EmailAddress], others: Iterable[EmailAddress]
) -> list[EmailAddress]:
    left_out = {other.address.lower() for other in others}
    return [one for one in addresses if one.address.lower() not in left_out]


def _thread_ids(original: EmailMessage) -> list[str]:
    """Return References of an answer to *original* (RFC 5322 §3.6.4)."""
    ids = [one for one in original.references if _MESSAGE_ID.fullmatch(one)]
    if not ids:
        ids = _MESSAGE_ID.findall(original.in_reply_to or "")[:1]
    ids += [
        one
        for one in _MESSAGE_ID.findall(original.message_id or "")[:1]
        if one not in ids
    ]
    if len(ids) > _MOST_REFERENCES:  # the first is what threads hang on
        ids = [ids[0], *ids[1 - _MOST_REFERENCES :]]
    return ids


def _subject(prefix: str, original: EmailMessage, *, skip: bool) -> str:
    subject = _one_line(original.subject)
    return subject if skip else (prefix + subject).rstrip()


def _one_line(text: str | None) -> str:
    """Return *text* as a header can hold it, whoever wrote it."""
    printable = (c if c.isprintable() else " " for c in (text or "")[:_LONGEST_SUBJECT])
    return " ".join("".join(printable).split())
