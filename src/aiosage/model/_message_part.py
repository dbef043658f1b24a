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
        "BODY",
        "RFC822.HEADER",
        "PREVIEW (LAZY)",
        "X-GM-MSGID",
        "X-GM-THRID",
        "X-GM-LABELS",
    ]
)
_MARKING_ITEMS: Final = frozenset(["RFC822", "RFC822.TEXT"])  # RFC 3501 §6.4.5
_NUMBERS: Final = r"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*"
_SECTION: Final = re.compile(
    rf"(?:{_NUMBERS}(?:\.(?:HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT|MIME))?"
    r"|HEADER(?:\.FIELDS(?:\.NOT)?)?|TEXT)?"
)
_BINARY_SECTION: Final = re.compile(rf"(?:{_NUMBERS})?")
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
        item: the name of the item in upper case; ``BODY`` for content, ``BINARY``
            for content without its transfer encoding (RFC 3516).
        of: the section of ``BODY``, ``BINARY`` and ``BINARY.SIZE``: "" is the
            whole message.
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
    BODY: ClassVar[MessagePart]
    """The structure without extension data; the answer is ``body_structure``."""
    PREVIEW: ClassVar[MessagePart]
    PREVIEW_LAZY: ClassVar[MessagePart]
    """The preview if the server has it at hand (RFC 8970 §4.1)."""
    EMAIL_ID: ClassVar[MessagePart]
    THREAD_ID: ClassVar[MessagePart]
    SAVE_DATE: ClassVar[MessagePart]
    GMAIL_MESSAGE_ID: ClassVar[MessagePart]
    GMAIL_THREAD_ID: ClassVar[MessagePart]
    GMAIL_LABELS: ClassVar[MessagePart]
    HEADER: ClassVar[MessagePart]
    TEXT: ClassVar[MessagePart]
    FULL: ClassVar[MessagePart]

    def __post_init__(self) -> None:
        if self.of is None:
            self._check_item()
            return
        if self.item not in ("BODY", "BINARY", "BINARY.SIZE"):
            raise ValueError(f"{self.item!r} has no sections")
        if self.item == "BINARY.SIZE" and (self.window or not self.peek):
            raise ValueError("a size has no range and marks nothing as seen")
        pattern = _SECTION if self.item == "BODY" else _BINARY_SECTION
        if len(self.of) > _LONGEST_SECTION or not pattern.fullmatch(self.of):
            raise ValueError(f"not a section of {self.item}: {self.of[:80]!r}")
        if self.of.endswith((".FIELDS", ".FIELDS.NOT")) != bool(self.fields):
            raise ValueError("field names go with HEADER.FIELDS, and only with it")
        for name in self.fields:
            if not _FIELD_NAME.fullmatch(name):
                raise ValueError(f"not the name of a header field: {name[:80]!r}")
        if self.window is not None:
            offset, count = self.window
            if not (0 <= offset <= _LARGEST and 1 <= count <= _LARGEST):
                raise ValueError(f"not a range of octets: {offset}.{count}")

    def _check_item(self) -> None:
        if self.item in _MARKING_ITEMS and self.peek:
            raise ValueError(f"{self.item} marks as seen: say so by peek=False")
        known = _ITEMS if self.peek else _MARKING_ITEMS
        if self.item not in known or self.fields or self.window:
            raise ValueError(f"not a fetch item: {self.item!r}")

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
    def binary(cls, section: str) -> MessagePart:
        """Return a part without its transfer encoding (RFC 3516 §4.2).

        Raises:
            ValueError: *section* is no part number, nor "" for the whole message.
        """
        return cls("BINARY", section)

    @classmethod
    def binary_size(cls, section: str) -> MessagePart:
        """Return how many octets `binary` would be (RFC 3516 §4.3).

        Raises:
            ValueError: *section* is no part number, nor "" for the whole message.
        """
        return cls("BINARY.SIZE", section)

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
        peek = ".PEEK" if self.peek and self.item != "BINARY.SIZE" else ""
        return f"{self.item}{peek}[{self._section_text()}]{window}".encode("ascii")

    @property
    def key(self) -> str:
        """The item under which the answer comes, in upper case.

        ``BODY[HEADER.FIELDS (SUBJECT)]<0>``: without PEEK and count.
        """
        if self.of is None:
            return self.item.removesuffix(" (LAZY)")
        window = "" if self.window is None else f"<{self.window[0]}>"
        return f"{self.item}[{self._section_text()}]{window}"

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
MessagePart.BODY = MessagePart("BODY")
MessagePart.PREVIEW = MessagePart("PREVIEW")
MessagePart.PREVIEW_LAZY = MessagePart("PREVIEW (LAZY)")
MessagePart.EMAIL_ID = MessagePart("EMAILID")
MessagePart.THREAD_ID = MessagePart("THREADID")
MessagePart.SAVE_DATE = MessagePart("SAVEDATE")
MessagePart.GMAIL_MESSAGE_ID = MessagePart("X-GM-MSGID")
MessagePart.GMAIL_THREAD_ID = MessagePart("X-GM-THRID")
MessagePart.GMAIL_LABELS = MessagePart("X-GM-LABELS")
MessagePart.HEADER = MessagePart.section("HEADER")
MessagePart.TEXT = MessagePart.section("TEXT")
MessagePart.FULL = MessagePart.section("")
