"""A message, read when asked for, from whatever of it was fetched."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from ._address import EmailAddress
from ._address_list import parse_addresses
from ._attachment import Attachment
from ._body_structure import BodyStructure
from ._charset import decode_charset
from ._computed import computed
from ._dates import parse_date
from ._encoded_words import decode_phrase, unfold
from ._envelope import Envelope
from ._flags import Flag
from ._headers import Headers, header_end
from ._html_preview import html_words
from ._html_text import html_to_text
from ._mime import MimeTree, parse_mime
from ._new_file import write_new_file
from ._transfer_encoding import decode_transfer

_MESSAGE_ID: Final = re.compile(r"<[^<>\s]++>")
# RFC 5256 §2.1, and what mailers in other languages write.
REPLY_PREFIX: Final = re.compile(
    r"\s*(?:re|aw|sv|antw)\s*(?:\[[^\]]*\]\s*)?:", re.IGNORECASE
)
_FORWARD: Final = re.compile(
    r"\s*(?:fwd?|wg|tr|rv)\s*(?:\[[^\]]*\]\s*)?:", re.IGNORECASE
)
_MAX_DEFECTS: Final = 100
_MAX_MESSAGES: Final = 50  # whose text is looked for in one: each level is a copy


class _Defects:
    """What was wrong with a message, each thing once.

    What reports to it does not hold the message, which would then stay in memory
    until the garbage collector comes by.
    """

    def __init__(self) -> None:
        self.found: dict[str, None] = {}

    def __call__(self, defect: str) -> None:
        if len(self.found) < _MAX_DEFECTS:
            self.found[defect] = None


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EmailMessage:
    """A message: a `FetchedMessage`, or what some bytes hold.

    It is made of what was fetched; what was not is None. Everything else is
    worked out when first asked for, from the best source there is: the whole
    message, else its header, else its envelope. Broken mail never raises; what
    was wrong is told by ``defects``.

    Attributes:
        uid: its UID, if it is in a mailbox.
        mailbox: where it is, likewise.
        flags: its flags and keywords.
        internal_date: when the server received it, aware.
        size: octets of the whole message (RFC822.SIZE, or those of ``raw``).
        modseq: its mod-sequence (RFC 7162).
        envelope: its envelope, as the server reads the header.
        body_structure: its MIME tree, as the server reads it.
        header: its header, or some fields of it, with the empty line.
        raw: the whole message.
        sections: content of parts by section (``1.2``, ``TEXT``), as encoded, or
            without the encoding (``BINARY[1.2]``).
        server_preview: the first words, as PREVIEW tells them (RFC 8970).
        email_id: what copies of the message share (RFC 8474).
        thread_id: what the messages of its thread share (RFC 8474).
        save_date: when it came into this mailbox, aware (RFC 8514).
        gmail_message_id: what copies of the message share at Gmail.
        gmail_thread_id: what the messages of its thread share at Gmail.
        gmail_labels: the labels it has at Gmail.
    """

    uid: int | None = None
    mailbox: str | None = None
    flags: frozenset[Flag] | None = None
    internal_date: datetime | None = None
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    body_structure: BodyStructure | None = None
    header: bytes | None = None
    raw: bytes | None = None
    sections: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    server_preview: str | None = None
    email_id: str | None = None
    thread_id: str | None = None
    save_date: datetime | None = None
    gmail_message_id: int | None = None
    gmail_thread_id: int | None = None
    gmail_labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.size is None and self.raw is not None:
            object.__setattr__(self, "size", len(self.raw))

    @classmethod
    def from_bytes(cls, raw: bytes) -> EmailMessage:
        """Return the message that *raw* is, such as the content of an .eml file."""
        return cls(raw=raw)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> EmailMessage:
        """Return the message in the file at *path*, such as ``mail.eml``. It blocks.

        Raises:
            OSError: the file cannot be read.
        """
        return EmailMessage.from_bytes(Path(path).read_bytes())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the message, as it is, to a new file at *path*; return the path.

        It blocks: from asyncio, use ``asyncio.to_thread(message.save, path)``. One
        that has not been fetched goes into a file by ``download_to``.

        Raises:
            ValueError: the message was not fetched whole.
            FileExistsError: there is such a file; it stays as it is.
            OSError: the file cannot be written. Nothing of it is left.
        """
        whole = self._whole
        if whole is None:
            raise ValueError("only a message that was fetched whole can be saved")
        write_new_file(Path(path), whole)
        return Path(path)

    # Where things are read from

    @property
    def header_bytes(self) -> bytes | None:
        """The header with its empty line; None if it was not fetched."""
        if self.raw is not None:
            return self.raw[: header_end(self.raw)]
        return self.header

    @computed
    def headers(self) -> Headers:
        """The fields of the header, decoded; none if it was not fetched."""
        return Headers(self.header_bytes or b"", report=self._report)

    @property
    def _whole(self) -> bytes | None:
        """The whole message; None if it was not fetched, not even in two pieces."""
        if self.raw is None and self.header is not None and "TEXT" in self.sections:
            return self.header + self.sections["TEXT"]
        return self.raw

    @computed
    def _parsed(self) -> tuple[bytes, MimeTree] | None:
        """The whole message and its parts; None if it was not fetched."""
        whole = self._whole
        return None if whole is None else (whole, parse_mime(whole, self._report))

    @computed
    def _report(self) -> _Defects:
        return _Defects()

    def _bodies(self, name: str) -> list[bytes]:
        """Return the fields called *name*; none if no header was fetched."""
        if self.raw is None and self.header is None:
            return []
        return self.headers.raw(name)

    def _line(self, name: str) -> str | None:
        """Return the first field called *name*, unfolded; None if not there."""
        bodies = self._bodies(name)
        return unfold(bodies[0]) if bodies else None

    def _addresses(
        self, name: str, of_envelope: Callable[[Envelope], tuple[EmailAddress, ...]]
    ) -> tuple[EmailAddress, ...]:
        """Return the addresses of all fields called *name*, else the envelope's."""
        bodies = self._bodies(name)
        if not bodies:
            return of_envelope(self.envelope) if self.envelope else ()
        return tuple(
            address
            for body in bodies
            for address in parse_addresses(body, self._report)
        )

    # The header

    @computed
    def subject(self) -> str | None:
        """The subject, decoded; None if absent or empty.

        Runs of spaces are one space, as in ENVELOPE; ``headers`` keeps them.
        """
        line = self._line("subject")
        if line is None:
            return self.envelope.subject if self.envelope else None
        return decode_phrase(line, self._report) or None

    @computed
    def date(self) -> datetime | None:
        """The Date field, aware; without zone it is taken as UTC."""
        line = self._line("date")
        if line is None:
            return self.envelope.date if self.envelope else None
        date = parse_date(line)
        if date is None:
            self._report("Date is not a date")
        return date

    @computed
    def from_(self) -> tuple[EmailAddress, ...]:
        """Who wrote the message."""
        return self._addresses("from", lambda envelope: envelope.from_)

    @property
    def from_address(self) -> EmailAddress | None:
        """The first of ``from_``; None if there is none."""
        return self.from_[0] if self.from_ else None

    @computed
    def sender(self) -> EmailAddress | None:
        """Who sent the message: Sender, else the first of From."""
        senders = self._addresses("sender", lambda envelope: envelope.sender)
        return senders[0] if senders else self.from_address

    @computed
    def reply_to(self) -> tuple[EmailAddress, ...]:
        """Where answers go: Reply-To, else From."""
        return (
            self._addresses("reply-to", lambda envelope: envelope.reply_to)
            or self.from_
        )

    @computed
    def to(self) -> tuple[EmailAddress, ...]:
        """The recipients."""
        return self._addresses("to", lambda envelope: envelope.to)

    @computed
    def cc(self) -> tuple[EmailAddress, ...]:
        """The recipients of copies."""
        return self._addresses("cc", lambda envelope: envelope.cc)

    @computed
    def bcc(self) -> tuple[EmailAddress, ...]:
        """The recipients of blind copies, where a draft or sent mail names them."""
        return self._addresses("bcc", lambda envelope: envelope.bcc)

    @property
    def all_recipients(self) -> tuple[EmailAddress, ...]:
        """To, Cc and Bcc, each address once, without groups that are empty."""
        seen: dict[str, EmailAddress] = {}
        for address in (*self.to, *self.cc, *self.bcc):
            if address.address:
                seen.setdefault(address.address.lower(), address)
        return tuple(seen.values())

    @computed
    def message_id(self) -> str | None:
        """The Message-ID, angle brackets included; None if absent or empty."""
        line = self._line("message-id")
        if line is None:
            return self.envelope.message_id if self.envelope else None
        return line or None

    @computed
    def in_reply_to(self) -> str | None:
        """The In-Reply-To field, usually one ``<id>``; None if absent or empty."""
        line = self._line("in-reply-to")
        if line is None:
            return self.envelope.in_reply_to if self.envelope else None
        return line or None

    @computed
    def references(self) -> tuple[str, ...]:
        """The message ids of References, oldest first. No envelope has them."""
        return tuple(_MESSAGE_ID.findall(self._line("references") or ""))

    @property
    def is_reply(self) -> bool:
        """Whether it answers a message: by In-Reply-To, References or ``Re:``."""
        if self.in_reply_to or self.references:
            return not self.is_forward
        return REPLY_PREFIX.match(self.subject or "") is not None

    @property
    def is_forward(self) -> bool:
        """Whether its subject says that it forwards a message."""
        return _FORWARD.match(self.subject or "") is not None

    # The content

    def _root(self) -> BodyStructure | None:
        return self._parsed[1].root if self._parsed else self.body_structure

    def _has_content(self) -> bool:
        """Whether the content of any part was fetched."""
        return self.raw is not None or bool(self.sections)

    def _content(self, part: BodyStructure) -> bytes | None:
        """Return the decoded content of *part*; None if it was not fetched."""
        if self._parsed:
            whole, tree = self._parsed
            start, end = tree.ranges[part.section]
            encoded = whole[start:end]
        elif (binary := f"BINARY[{part.section}]") in self.sections:
            return self.sections[binary]
        elif part.section in self.sections:
            encoded = self.sections[part.section]
        else:
            return None
        return decode_transfer(encoded, part.encoding, self._report)

    def _text(self, subtype: str) -> str | None:
        """Return the text of all parts of *subtype* that are no attachments."""
        root = self._root() if self._has_content() else None
        texts: list[str] = []
        for part in root.text_parts(subtype) if root else ():
            content = self._content(part)
            if content is not None:
                text = decode_charset(content, part.charset, self._report)
                texts.append(text.replace("\r\n", "\n"))
        return "\n".join(texts) if texts else None

    @computed
    def text(self) -> str | None:
        """The plain text, lines ended by LF; None if there is none, or not fetched.

        Several parts of plain text, such as a list's footer, are joined.
        """
        return self._text("plain")

    @computed
    def html(self) -> str | None:
        """The HTML text, lines ended by LF; None if there is none, or not fetched.

        It is what the sender wrote: to be shown, it must be sanitised.
        """
        return self._text("html")

    def readable_text(self) -> str | None:
        """Return the text as people read it: the plain text, else that of the HTML.

        None if there is neither, or it was not fetched. See `html_to_text`.

        Raises:
            ImportError: there is only HTML, and lxml is not installed.
        """
        if (self.text or "").strip() or self.html is None:
            return self.text
        return html_to_text(self.html)

    def iter_texts(self) -> Iterator[str]:
        """Yield the text of every part that is text and was fetched.

        Attachments, and messages in the message, are among them: what a search
        for BODY looks at. HTML is as it stands.
        """
        messages: list[EmailMessage] = [self]
        for inner in messages:
            root = inner._root() if inner._has_content() else None
            for part in root.walk() if root else ():
                is_text = part.content_type.startswith("text/")
                is_message = part.content_type == "message/rfc822" and not part.body
                if not (is_text or is_message):
                    continue
                content = inner._content(part)
                if content is None:
                    continue
                if is_text:
                    yield decode_charset(content, part.charset, inner._report)
                elif len(messages) < _MAX_MESSAGES:
                    messages.append(EmailMessage.from_bytes(content))

    @property
    def plain_body(self) -> str | None:
        """The same as ``text``."""
        return self.text

    @property
    def html_body(self) -> str | None:
        """The same as ``html``."""
        return self.html

    @computed
    def attachments(self) -> tuple[Attachment, ...]:
        """The attachments whose content was fetched, in order.

        Pictures in HTML are among them (``is_inline``), and messages in the
        message. What there is without its content tells
        ``body_structure.attachments()``.
        """
        root = self._root() if self._has_content() else None
        attachments: list[Attachment] = []
        for part in root.attachments() if root else ():
            content = self._content(part)
            if content is not None:
                attachments.append(
                    Attachment(
                        filename=part.filename,
                        content_type=part.content_type,
                        payload=content,
                        content_id=part.content_id,
                        is_inline=part.is_inline,
                        charset=part.charset,
                    )
                )
        return tuple(attachments)

    @property
    def attachment_filenames(self) -> tuple[str, ...]:
        """The names of the attachments, as given; not safe as paths.

        Known from ``body_structure`` too, without their content.
        """
        root = self._root()
        parts = root.attachments() if root else ()
        return tuple(part.filename for part in parts if part.filename)

    @property
    def has_attachments(self) -> bool | None:
        """Whether there is an attachment a reader would be offered.

        Pictures that its HTML shows do not count. Known from ``body_structure``
        too; None if neither that nor the content was fetched.
        """
        root = self._root()
        if root is None:
            return None
        return any(
            not (part.is_inline and part.content_id) for part in root.attachments()
        )

    def preview(self, length: int = 100) -> str:
        """Return the first words of the text on one line, at most *length* long.

        Taken from the plain text, else from the HTML, else from what the server
        tells; "" if none was fetched.

        Args:
            length: how many characters, the final ellipsis included.
        """
        text = self.text
        if text is None or not text.strip():
            text = html_words(self.html or "") or self.server_preview or ""
        # A word cut off by this limit lies far behind what is shown.
        words = " ".join(text[: 100 * length + 10_000].split())
        if len(words) <= length:
            return words
        return words[: max(0, length - 1)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"

    def get_body_preview(self, length: int = 100) -> str:
        """The same as ``preview``."""
        return self.preview(length)

    @property
    def defects(self) -> tuple[str, ...]:
        """What is wrong with the message, one sentence each; reads all of it."""
        _ = (self.subject, self.date, self.from_, self.sender, self.reply_to)
        _ = (self.to, self.cc, self.bcc, self.text, self.html, self.attachments)
        return tuple(self._report.found)

    def __repr__(self) -> str:
        """Show what identifies it, nothing of what it says."""
        uid = "" if self.uid is None else f" uid={self.uid}"
        size = "" if self.size is None else f" {self.size} octets"
        return f"<{type(self).__name__}{uid}{size}>"
