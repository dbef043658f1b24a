"""What can be fetched of a message (RFC 9051 §6.4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Final

_ITEMS: Final = frozenset(
    [
        "UID",
        "FLAGS",
        "INTERNALDATE",
        "RFC822.SIZE",
        "ENVELOPE",
        "BODYSTRUCTURE",
        "MODSEQ",
        "PREVIEW",
        "EMAILID",
        "THREADID",
        "SAVEDATE",
    ]
)
_NUMBERS: Final = r"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*"
_SECTION: Final = re.compile(
    rf"(?:{_NUMBERS}(?:\.(?:HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT|MIME))?"
    r"|HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT)?"
)
_LONGEST_SECTION: Final = 1_000
# A field name, RFC 5322 §3.6.8; and those of them that are atoms.
_FIELD_NAME: Final = re.compile(r"[!-9;-~]+")
_ATOM: Final = re.compile(r"[^\x00-\x20\x7f(){%*\"\\\]]+")
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class MessagePart:
    """One item of FETCH, such as ``MessagePart.FLAGS`` or ``MessagePart.FULL``.

    Content is fetched without setting the flag Seen (BODY.PEEK), unless
    ``marking_seen()`` is asked for by name.

    Attributes:
        item: the name of the item in upper case; ``BODY`` for content.
        of: the section of ``BODY``: "" is the whole message.
        fields: the field names of a section that ends in ``HEADER.FIELDS``.
        window: the first octet (from 0) and how many are wanted; None for all.
        peek: whether fetching it leaves the flag Seen alone.

    Raises:
        ValueError: there is no such item.
    """

    item: str
    of: str | None = None
    fields: tuple[str, ...] = ()
    window: tuple[int, int] | None = None
    peek: bool = True

    UID: ClassVar[MessagePart]
    FLAGS: ClassVar[MessagePart]
    INTERNAL_DATE: ClassVar[MessagePart]
    SIZE: ClassVar[MessagePart]
    ENVELOPE: ClassVar[MessagePart]
    BODY_STRUCTURE: ClassVar[MessagePart]
    MODSEQ: ClassVar[MessagePart]
    PREVIEW: ClassVar[MessagePart]
    HEADER: ClassVar[MessagePart]
    TEXT: ClassVar[MessagePart]
    FULL: ClassVar[MessagePart]

    def __post_init__(self) -> None:
        if self.of is None:
            if self.item not in _ITEMS or self.fields or self.window or not self.peek:
                raise ValueError(f"not a fetch item: {self.item!r}")
            return
        if self.item != "BODY":
            raise ValueError(f"{self.item!r} has no sections")
        if len(self.of) > _LONGEST_SECTION or not _SECTION.fullmatch(self.of):
            raise ValueError(f"not a section: {self.of[:80]!r}")
        if self.of.endswith((".FIELDS", ".FIELDS.NOT")) != bool(self.fields):
            raise ValueError("field names go with HEADER.FIELDS, and only with it")
        for name in self.fields:
            if not _FIELD_NAME.fullmatch(name):
                raise ValueError(f"not the name of a header field: {name[:80]!r}")
        if self.window is not None:
            offset, count = self.window
            if not (0 <= offset <= _LARGEST and 1 <= count <= _LARGEST):
                raise ValueError(f"not a range of octets: {offset}.{count}")

    @classmethod
    def section(cls, section: str) -> MessagePart:
        """Return the content of a section: ``1.2``, ``3.HEADER``, ``TEXT``, "".

        Raises:
            ValueError: it is no section by RFC 9051 §6.4.5.1.
        """
        return cls("BODY", section.upper())

    @classmethod
    def mime(cls, section: str) -> MessagePart:
        """Return the MIME header of the part *section*, such as ``1.2``.

        Raises:
            ValueError: *section* is no part number.
        """
        return cls("BODY", f"{section}.MIME")

    @classmethod
    def header_fields(
        cls, *names: str, section: str = "", excluding: bool = False
    ) -> MessagePart:
        """Return the header fields called *names*, with the empty line.

        Args:
            names: of fields, without regard to case.
            section: of the message in the message whose header is meant; "" for
                the message itself.
            excluding: return all fields but these.

        Raises:
            ValueError: a name is no field name, or there are none.
        """
        of = "HEADER.FIELDS.NOT" if excluding else "HEADER.FIELDS"
        return cls("BODY", f"{section}.{of}" if section else of, names)

    def partial(self, offset: int, count: int) -> MessagePart:
        """Return *count* octets of it from octet *offset*, counted from 0.

        Raises:
            ValueError: it is no content, or the range is none.
        """
        return replace(self, window=(offset, count))

    def marking_seen(self) -> MessagePart:
        r"""Return the same, but fetching it sets ``\Seen``.

        Raises:
            ValueError: it is no content: fetching it changes nothing.
        """
        return replace(self, peek=False)

    @property
    def wire(self) -> bytes:
        """What is put on the wire: ``BODY.PEEK[HEADER.FIELDS (SUBJECT)]<0.100>``."""
        if self.of is None:
            return self.item.encode("ascii")
        window = "" if self.window is None else "<{}.{}>".format(*self.window)
        peek = ".PEEK" if self.peek else ""
        return f"BODY{peek}[{self._section_text()}]{window}".encode("ascii")

    @property
    def key(self) -> str:
        """The item under which the answer comes, in upper case.

        ``BODY[HEADER.FIELDS (SUBJECT)]<0>``: without PEEK and count.
        """
        if self.of is None:
            return self.item
        window = "" if self.window is None else f"<{self.window[0]}>"
        return f"BODY[{self._section_text()}]{window}"

    def _section_text(self) -> str:
        if not self.fields:
            return self.of or ""
        names = " ".join(_astring(name.upper()) for name in self.fields)
        return f"{self.of} ({names})"

    def __str__(self) -> str:
        return self.wire.decode("ascii")


def _astring(name: str) -> str:
    if _ATOM.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


MessagePart.UID = MessagePart("UID")
MessagePart.FLAGS = MessagePart("FLAGS")
MessagePart.INTERNAL_DATE = MessagePart("INTERNALDATE")
MessagePart.SIZE = MessagePart("RFC822.SIZE")
MessagePart.ENVELOPE = MessagePart("ENVELOPE")
MessagePart.BODY_STRUCTURE = MessagePart("BODYSTRUCTURE")
MessagePart.MODSEQ = MessagePart("MODSEQ")
MessagePart.PREVIEW = MessagePart("PREVIEW")
MessagePart.HEADER = MessagePart.section("HEADER")
MessagePart.TEXT = MessagePart.section("TEXT")
MessagePart.FULL = MessagePart.section("")
