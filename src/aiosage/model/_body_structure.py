"""BODYSTRUCTURE: the MIME tree of a message (RFC 9051 §7.5.2).

Trees come from servers and from strangers' mail, so nothing here recurses:
they are built, walked, compared and shown by loops, and are at most
``MAX_DEPTH`` deep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from . import _body_structure_raw as read
from ._body_structure_raw import RawNode
from ._deferred import Deferred
from ._envelope import Envelope
from ._raw_values import RawValue, decoded, is_list, number, text

_SHOWN: Final = 8  # parts that a repr lists


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class BodyStructure(Deferred):
    """One part of a message, and the parts in it.

    Text is decoded (RFC 2047, RFC 2231); what is absent is None. Compares equal
    to a structure with the same parts. *params* and *disposition_params* are
    keyed by names in lower case, and not to be changed.

    Attributes:
        type: the media type, such as ``text``, in lower case.
        subtype: the media subtype, such as ``plain``, in lower case.
        section: what ``BODY[...]`` fetches its content (RFC 9051 §6.4.5.1):
            ``1``, ``2.1``, or ``TEXT`` and ``3.TEXT`` for the multipart that is
            the whole body of a message.
        params: the parameters of Content-Type.
        content_id: Content-ID without its angle brackets.
        description: Content-Description.
        encoding: the content transfer encoding, in lower case.
        size: octets as encoded; None for a multipart.
        lines: lines as encoded; None unless text or a message.
        md5: Content-MD5.
        disposition: ``attachment``, ``inline``, ..., in lower case.
        disposition_params: the parameters of Content-Disposition.
        language: the tags of Content-Language.
        location: Content-Location.
        envelope: of the message that a message/rfc822 part is.
        body: of the message that a message/rfc822 part is.
        parts: of a multipart, in order.
    """

    type: str
    subtype: str
    section: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    content_id: str | None = None
    description: str | None = None
    encoding: str = "7bit"
    size: int | None = None
    lines: int | None = None
    md5: str | None = None
    disposition: str | None = None
    disposition_params: Mapping[str, str] = field(default_factory=dict[str, str])
    language: tuple[str, ...] = ()
    location: str | None = None
    envelope: Envelope | None = None
    body: BodyStructure | None = None
    parts: tuple[BodyStructure, ...] = ()

    @classmethod
    def from_raw(cls, raw: RawValue) -> BodyStructure:
        """Return the structure that a server sent as nested lists.

        Both BODY and BODYSTRUCTURE will do. What is missing or of the wrong kind
        is taken as absent; parts nested deeper than ``MAX_DEPTH`` are left out.

        Args:
            raw: the parenthesised list: strings as bytes, NIL as None, numbers
                as int, or as the atoms they are.

        Raises:
            ValueError: *raw* is no body structure at all.
        """
        nodes = read.expand(raw)
        built: dict[int, BodyStructure] = {}
        # Children come after their parent, so backwards they are ready first.
        for index in range(len(nodes) - 1, -1, -1):
            built[index] = _build(nodes[index], built)
        return built[0]

    @property
    def content_type(self) -> str:
        """Type and subtype, such as ``text/plain``."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str | None:
        """The charset it declares."""
        return self.params.get("charset")

    @property
    def filename(self) -> str | None:
        """The name its sender gave it, as it was given: not safe as a path."""
        name = self.disposition_params.get("filename") or self.params.get("name")
        return (name or "").strip() or None

    @property
    def is_attachment(self) -> bool:
        """Whether it is something beside the text of the message.

        That is every part without parts that is not plain or HTML text, or that
        has a file name or the disposition ``attachment``.
        """
        if self.parts:
            return False
        return (
            self.disposition == "attachment"
            or self.filename is not None
            or self.content_type not in ("text/plain", "text/html")
        )

    @property
    def is_inline(self) -> bool:
        """Whether it is to be shown in the text, such as a picture in HTML."""
        if self.disposition is None:
            return self.content_id is not None
        return self.disposition == "inline"

    def walk(self) -> Iterator[BodyStructure]:
        """Yield this part and all in it, in order, messages in messages too."""
        stack: list[BodyStructure] = [self]
        while stack:
            part = stack.pop()
            yield part
            if part.body is not None:
                stack.append(part.body)
            stack.extend(reversed(part.parts))

    def find(self, section: str) -> BodyStructure | None:
        """Return the part that ``BODY[section]`` fetches; None if there is none."""
        section = section.upper()
        return next((part for part in self.walk() if part.section == section), None)

    def attachments(self) -> tuple[BodyStructure, ...]:
        """Return the attachments of this message, in order.

        A message in the message is one attachment; what it holds is its own.
        """
        return tuple(part for part in self.leaves() if not self.is_text_of(part))

    def text_parts(self, subtype: str) -> tuple[BodyStructure, ...]:
        """Return the parts that make the message's text, ``plain`` or ``html``."""
        return tuple(
            part
            for part in self.leaves()
            if part.subtype == subtype and self.is_text_of(part)
        )

    @property
    def text_part(self) -> BodyStructure | None:
        """The first part that is plain text and no attachment."""
        return next(iter(self.text_parts("plain")), None)

    @property
    def html_part(self) -> BodyStructure | None:
        """The first part that is HTML and no attachment."""
        return next(iter(self.text_parts("html")), None)

    def leaves(self) -> Iterator[BodyStructure]:
        """Yield the parts that have no parts, messages in messages left whole."""
        stack: list[BodyStructure] = [self]
        while stack:
            part = stack.pop()
            if part.parts:
                stack.extend(reversed(part.parts))
            else:
                yield part

    def is_text_of(self, part: BodyStructure) -> bool:
        """Whether *part*, one of ``leaves()``, is text of this message.

        Text that is all of a message is not attached to anything, even if it has
        a file name.
        """
        if part is not self:
            return not part.is_attachment
        return self.disposition != "attachment" and self.content_type in (
            "text/plain",
            "text/html",
        )

    def _key(self) -> tuple[object, ...]:
        """Return all that distinguishes this tree, flat."""
        return tuple(
            (
                *(p.type, p.subtype, p.section, p.params, p.content_id),
                *(p.description, p.encoding, p.size, p.lines, p.md5),
                *(p.disposition, p.disposition_params, p.language, p.location),
                *(p.envelope, p.body is not None, len(p.parts)),
            )
            for p in self.walk()
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BodyStructure):
            return NotImplemented
        return self is other or self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.type, self.subtype, self.section, self.size))

    def __repr__(self) -> str:
        shown: list[str] = []
        for part in self.walk():
            if len(shown) == _SHOWN:
                shown.append("...")
                break
            size = "" if part.size is None else f" {part.size}"
            shown.append(f"{part.section} {part.content_type}{size}")
        return f"<BodyStructure {', '.join(shown)}>"


def _build(node: RawNode, built: Mapping[int, BodyStructure]) -> BodyStructure:
    parts = tuple([built[index] for index in node.parts])
    at = node.at
    if node.is_multipart:
        disposition, disposition_params = read.disposition(at(2))
        return BodyStructure(
            type="multipart",
            subtype=text(at(0)).lower() or "mixed",
            section=node.section,
            params=read.parameters(at(1)),
            disposition=disposition,
            disposition_params=disposition_params,
            language=read.languages(at(3)),
            location=text(at(4)) or None,
            parts=parts,
        )
    main_type = text(at(0)).lower() or "application"
    # Fields of the type come before the extension data: envelope, body, lines
    # of a message; lines of text.
    extension = 10 if node.is_message else 8 if main_type == "text" else 7
    disposition, disposition_params = read.disposition(at(extension + 1))
    envelope = at(7) if node.is_message else None
    return BodyStructure(
        type=main_type,
        subtype=text(at(1)).lower() or "octet-stream",
        section=node.section,
        params=read.parameters(at(2)),
        content_id=text(at(3)).strip("<>") or None,
        description=decoded(at(4)),
        encoding=text(at(5)).lower() or "7bit",
        size=number(at(6)),
        lines=number(at(extension - 1)) if extension > 7 else None,
        md5=text(at(extension)) or None,
        disposition=disposition,
        disposition_params=disposition_params,
        language=read.languages(at(extension + 2)),
        location=text(at(extension + 3)) or None,
        envelope=Envelope.from_list(envelope) if is_list(envelope) else None,
        body=None if node.body is None else built[node.body],
        parts=parts,
    )
