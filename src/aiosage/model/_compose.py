"""Messages to be appended or sent, made of what they are to say (RFC 5322)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address, UnstructuredHeader
from email.message import EmailMessage as Draft
from email.policy import SMTP, EmailPolicy
from typing import Final, TypeAlias
from uuid import uuid4

from ._address import EmailAddress
from ._address_list import parse_addresses
from ._attachment import Attachment, safe_filename
from ._message import EmailMessage

Addresses: TypeAlias = str | EmailAddress | Iterable[str | EmailAddress]
"""``ann@example.org``, ``Ann <ann@example.org>, bob@example.org``, or several."""

_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]+>")
_HOST: Final = re.compile(r"[\w.-]+|\[[\w.:-]+\]", re.ASCII)
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]+")
_CONTENT_TYPE: Final = re.compile(r"([\w!#$&^.+-]+)/([\w!#$&^.+-]+)", re.ASCII)
_FIELD_NAME: Final = re.compile(r"[!-9;-~]+")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_LINE_END: Final = re.compile(rb"\r\n(?![ \t])|\r(?!\n)|(?<!\r)\n")  # of the field
_MARK: Final = re.compile(rb"[0-9a-f]{32}")
_LONGEST_LINE: Final = 998  # RFC 5322 §2.1.1
_IDS: Final = frozenset(["message-id", "in-reply-to", "references"])


class _Policy(EmailPolicy):
    """That of the standard library, which would encode long message ids.

    It would also decode what looks encoded, though what is given is the very text.
    A subject that says ``=?utf-8?q?=0D=0ABcc:...?=`` would become a field.
    """

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        stored = super().header_store_parse(name, value)  # refuses line ends
        is_text = isinstance(stored[1], UnstructuredHeader)
        if is_text and "=?" in value:
            return name, Header(value, "utf-8", header_name=name).encode()
        return stored

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _IDS:
            folded = "\r\n ".join(value.split())
            return f"{name}: {folded}\r\n".encode()
        field = super().fold_binary(name, value)
        if _LINE_END.search(field, 0, len(field) - 2):
            raise ValueError(f"{name} cannot be written: {value[:80]!r}")
        return field


# Without 8-bit text the message can be sent by every server.
_POLICY: Final = _Policy(linesep=SMTP.linesep, cte_type="7bit")


def compose(
    *,
    from_: Addresses,
    to: Addresses = (),
    cc: Addresses = (),
    bcc: Addresses = (),
    reply_to: Addresses = (),
    subject: str = "",
    text: str | None = None,
    html: str | None = None,
    attachments: Iterable[Attachment] = (),
    in_reply_to: str | None = None,
    references: Iterable[str] = (),
    message_id: str | None = None,
    date: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """Return a message of these parts: a draft, or what was sent.

    With both *text* and *html* readers choose between them. Attachments that are
    ``is_inline`` and have a ``content_id`` are pictures of *html*, as ``cid:``
    URLs name them; those of type ``message/rfc822`` are kept octet by octet.

    Args:
        from_: who writes it.
        to: the recipients; none is fine for a draft.
        cc: the recipients of copies.
        bcc: the recipients of blind copies. They are written: whoever sends the
            message has to take them out.
        reply_to: where answers go, if not to *from_*.
        subject: one line.
        text: the plain text; None for none if there is *html*.
        html: the HTML text.
        attachments: what goes with it; names are made safe.
        in_reply_to: the id of the message it answers, angle brackets included.
        references: the ids of its thread, oldest first.
        message_id: its id, angle brackets included; None for a new one.
        date: aware; None for now.
        headers: further fields by name.

    Raises:
        ValueError: an address, an id or a field cannot be written, or *date* is
            naive.
    """
    senders = _addresses(from_)
    if not senders:
        raise ValueError("a message is from somebody")
    recipients = {
        name: _addresses(given)
        for name, given in (
            ("To", to),
            ("Cc", cc),
            ("Bcc", bcc),
            ("Reply-To", reply_to),
        )
    }
    draft = Draft(_policy_for(senders, *recipients.values()))
    draft["From"] = senders
    for name, addresses in recipients.items():
        if addresses:
            draft[name] = addresses
    draft["Subject"] = subject
    draft["Date"] = _aware(date)
    domain = senders[0].domain
    draft["Message-ID"] = _id(message_id or f"<{uuid4()}@{domain}>")
    if in_reply_to is not None:
        draft["In-Reply-To"] = _id(in_reply_to)
    if ids := [_id(one) for one in references]:
        draft["References"] = " ".join(ids)
    for name, value in (headers or {}).items():
        _add_field(draft, name, value)
    return EmailMessage.from_bytes(_with_content(draft, text, html, attachments))


def _policy_for(*fields: list[Address]) -> EmailPolicy:
    """Return a policy that can write the addresses: beyond ASCII as RFC 6532 has it."""
    is_ascii = all(one.username.isascii() for field in fields for one in field)
    return _POLICY if is_ascii else _POLICY.clone(utf8=True)


def _addresses(given: Addresses) -> list[Address]:
    """Return the addresses *given*.

    Raises:
        ValueError: one is none.
    """
    several = [given] if isinstance(given, str | EmailAddress) else given
    addresses: list[Address] = []
    for one in several:
        found = [one] if isinstance(one, EmailAddress) else _parsed(one)
        addresses.extend(map(header_address, found))
    return addresses


def _parsed(text: str) -> tuple[EmailAddress, ...]:
    """Return the addresses in *text*, in which nothing may need to be guessed."""
    defects: list[str] = []
    found = parse_addresses(text.encode(), defects.append)
    is_guessed = any(one.name for one in found) and not set("<(") & set(text)
    if defects or is_guessed or not (found and text.isprintable()):
        raise ValueError(f"not an address: {text[:80]!r}")
    return found


def header_address(address: EmailAddress) -> Address:
    """Return *address* as it is written.

    Raises:
        ValueError: no mail can be sent to it.
    """
    if not (address.mailbox and address.host and address.mailbox.isprintable()):
        raise ValueError(f"not an address: {str(address)[:80]!r}")
    try:
        # Names of hosts have a form in ASCII, which every server takes.
        host = address.host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"not a host: {address.host[:80]!r}") from None
    if not _HOST.fullmatch(host):
        raise ValueError(f"not a host: {host[:80]!r}")
    return Address(address.name or "", address.mailbox, host)


def _aware(date: datetime | None) -> datetime:
    if date is None:
        return datetime.now(UTC)
    if date.tzinfo is None:
        raise ValueError("a date needs a time zone")
    return date


def _id(text: str) -> str:
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(f"not a message id in angle brackets: {text[:80]!r}")
    return text


def _add_field(draft: Draft, name: str, value: str) -> None:
    lower = name.lower()
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not the name of a header field: {name[:80]!r}")
    if lower in draft or lower.startswith("content-") or lower == "mime-version":
        raise ValueError(f"{name} is written already")
    draft[name] = value


# Content


def _with_content(
    draft: Draft,
    text: str | None,
    html: str | None,
    attachments: Iterable[Attachment],
) -> bytes:
    """Return the message *draft* with this content."""
    attachments = list(attachments)
    pictures = [one for one in attachments if html and _is_picture(one)]
    if text is not None or html is None:
        draft.set_content(text or "")
        if html is not None:
            draft.add_alternative(html, subtype="html")
    else:
        draft.set_content(html, subtype="html")
    if pictures:
        shown = list(draft.iter_parts())[-1] if draft.is_multipart() else draft
        assert isinstance(shown, Draft)
        for picture in pictures:
            _attach(shown, picture, is_related=True)
    messages: dict[bytes, bytes] = {}
    for attachment in attachments:
        if attachment in pictures:
            continue
        if attachment.content_type == "message/rfc822":
            mark = secrets.token_hex(16)
            messages[mark.encode()] = _BARE_LF.sub(b"\r\n", attachment.payload)
            _attach_message(draft, attachment, mark)
        else:
            _attach(draft, attachment, is_related=False)
    raw = draft.as_bytes()
    if messages:
        raw = _MARK.sub(lambda found: messages.get(found[0], found[0]), raw)
    return raw


def _is_picture(attachment: Attachment) -> bool:
    if attachment.content_type == "message/rfc822":
        return False  # some programs give all attachments a content id
    return attachment.is_inline and attachment.content_id is not None


def _attach(draft: Draft, attachment: Attachment, *, is_related: bool) -> None:
    match = _CONTENT_TYPE.fullmatch(attachment.content_type)
    if match is None or match[1].lower() in ("multipart", "message"):
        raise ValueError(f"cannot be attached: {attachment.content_type[:80]!r}")
    content_id = attachment.content_id
    if content_id is not None and not _CONTENT_ID.fullmatch(content_id):
        raise ValueError(f"not a content id: {content_id[:80]!r}")
    add = draft.add_related if is_related else draft.add_attachment
    add(
        attachment.payload,
        maintype=match[1],
        subtype=match[2],
        disposition="inline" if attachment.is_inline else "attachment",
        filename=_filename(attachment),
        cid=None if content_id is None else f"<{content_id}>",
        params={"charset": attachment.charset} if attachment.charset else None,
    )


def _attach_message(draft: Draft, attachment: Attachment, mark: str) -> None:
    """Attach a message, in whose place *mark* is written.

    The standard library would parse it and write what it has understood: broken
    mail would come out otherwise, and signatures would fail.
    """
    if draft.get_content_type() != "multipart/mixed":
        draft.make_mixed()
    part = Draft(draft.policy)
    part["Content-Type"] = "message/rfc822"
    filename = _filename(attachment)
    part.add_header(
        "Content-Disposition",
        "attachment",
        **({} if filename is None else {"filename": filename}),
    )
    payload = attachment.payload
    if not payload.isascii() or max(map(len, payload.split(b"\n"))) > _LONGEST_LINE:
        # It must not be encoded otherwise, nor what it is in (RFC 2046 §5.2.1).
        part["Content-Transfer-Encoding"] = "8bit"
        if "content-transfer-encoding" not in draft:
            draft["Content-Transfer-Encoding"] = "8bit"
    part.set_payload(mark)
    draft.attach(part)


def _filename(attachment: Attachment) -> str | None:
    if attachment.filename is None:
        return None
    return safe_filename(attachment.filename, attachment.content_type)
