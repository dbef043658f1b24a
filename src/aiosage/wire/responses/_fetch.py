"""FETCH responses (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from ...errors import IMAPProtocolError
from ...model import BodyStructure, Envelope, Flag
from .._date_time import parse_date_time
from .._repairs import section_name
from .._tokens import Value
from .._values import (
    as_count,
    as_flags,
    as_list,
    as_octets,
    as_text,
    as_uid,
)
from . import _fetch_items as items

_SECTIONS: Final = ("BODY[", "BODY.PEEK[", "BINARY[", "BINARY.PEEK[")
_WHOLE: Final = frozenset({"RFC822", "RFC822.HEADER", "RFC822.TEXT"})
# Shared, since dictionaries that are kept set off the garbage collector.
NO_SECTIONS: Final[Mapping[str, bytes | None]] = MappingProxyType({})
NO_OTHERS: Final[Mapping[str, Value]] = MappingProxyType({})


class FetchData(NamedTuple):
    """What one FETCH response says about a message (RFC 9051 §7.5.2).

    An item that was not in the response is None, never a default. The envelope
    and the structure are built when one of their fields is first read. (A named
    tuple, since one is made per message: a frozen dataclass takes four times as
    long to make.)

    Attributes:
        seq: message number; None in a session by UID only (RFC 9586 §3.3).
        size: RFC822.SIZE in octets.
        envelope: what the header says; fields that are odd are empty.
        body_structure: of BODYSTRUCTURE or BODY.
        sections: ``BODY[...]``, ``BINARY[...]``, ``RFC822``, ``RFC822.HEADER``
            and ``RFC822.TEXT`` by name in upper case; None for NIL.
        others: every other item by name in upper case, such as ``ANNOTATION``;
            those of extensions that have a property are read from here.
    """

    seq: int | None
    uid: int | None = None
    flags: frozenset[Flag] | None = None
    internal_date: datetime | None = None
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    body_structure: BodyStructure | None = None
    sections: Mapping[str, bytes | None] = NO_SECTIONS
    others: Mapping[str, Value] = NO_OTHERS

    def __reduce__(self) -> tuple[type[FetchData], tuple[object, ...]]:
        # What is shared when there is nothing cannot be pickled.
        return FetchData, (*self[:-2], dict(self.sections), dict(self.others))

    def __repr__(self) -> str:
        """Return what is there, of content only the names: logs must not have it."""
        told = self._asdict()
        told.update(
            sections=list(self.sections) or None, others=list(self.others) or None
        )
        items = (
            f"{name}={value!r}" for name, value in told.items() if value is not None
        )
        return f"FetchData({', '.join(items)})"

    @property
    def email_id(self) -> str | None:
        """What copies of the message share (RFC 8474 §5.1)."""
        return items.object_id(self.others.get("EMAILID"))

    @property
    def thread_id(self) -> str | None:
        """What the messages of its thread share (RFC 8474 §5.2)."""
        return items.object_id(self.others.get("THREADID"))

    @property
    def preview(self) -> str | None:
        """The beginning of the text (RFC 8970 §3.2); "" if there is none.

        None also if the server has it not at hand and was asked to be lazy.
        """
        return items.text(self.others.get("PREVIEW"))

    @property
    def save_date(self) -> datetime | None:
        """When the message came into this mailbox (RFC 8514 §4.2)."""
        return items.date_time(self.others.get("SAVEDATE"))

    @property
    def binary_sizes(self) -> dict[str, int]:
        """Octets of decoded sections, by number such as ``1.2`` (RFC 3516 §4.3)."""
        return items.binary_sizes(self.others)

    @property
    def gmail_message_id(self) -> int | None:
        """Gmail's X-GM-MSGID: one for all copies of the message."""
        return items.gmail_id(self.others.get("X-GM-MSGID"))

    @property
    def gmail_thread_id(self) -> int | None:
        """Gmail's X-GM-THRID."""
        return items.gmail_id(self.others.get("X-GM-THRID"))

    @property
    def gmail_labels(self) -> tuple[str, ...] | None:
        """Gmail's X-GM-LABELS."""
        return items.labels(self.others.get("X-GM-LABELS"))


def parse_uid_fetch(uid: int, values: list[Value]) -> FetchData:
    """Return what a UIDFETCH response about *uid* says (RFC 9586 §3.3)."""
    data = parse_fetch(None, values)
    return data._replace(uid=as_uid(str(uid)))


def parse_fetch(seq: int | None, values: list[Value]) -> FetchData:
    """Return what the response about message *seq* says.

    Raises:
        IMAPProtocolError: it is not a list of names and values.
    """
    told = as_list(values[0]) if values else []
    if len(told) % 2:
        raise IMAPProtocolError("FETCH with an item that has no value")
    uid: int | None = None
    flags = internal_date = size = modseq = None
    envelope: Envelope | None = None
    body_structure: BodyStructure | None = None
    sections: dict[str, bytes | None] = {}
    others: dict[str, Value] = {}
    pairs = iter(told)
    for name, value in zip(pairs, pairs, strict=True):
        key = name.upper() if isinstance(name, str) else as_text(name).upper()
        if key == "UID":
            uid = as_uid(value)
        elif key == "FLAGS":
            flags = as_flags(value)
        elif key == "INTERNALDATE":
            internal_date = parse_date_time(as_octets(value) or b"")
        elif key == "RFC822.SIZE":
            size = as_count(value)
        elif key == "MODSEQ":
            modseq = as_count(value)
        elif key == "ENVELOPE":
            fields = as_list(value)
            envelope = Envelope.deferred(partial(Envelope.from_list, fields))
        elif key == "BODYSTRUCTURE" or key == "BODY":
            structure = as_list(value)
            body_structure = None
            if structure:  # what is none is none that a server knows
                body_structure = BodyStructure.deferred(
                    partial(BodyStructure.from_raw, structure)
                )
        elif key.startswith(_SECTIONS) or key in _WHOLE:
            sections[section_name(key)] = as_octets(value)
        else:
            others[key] = value
    return FetchData(
        seq,
        uid,
        flags,
        internal_date,
        size,
        modseq,
        envelope,
        body_structure,
        sections or NO_SECTIONS,
        others or NO_OTHERS,
    )
