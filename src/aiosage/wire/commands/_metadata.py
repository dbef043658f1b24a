"""GETMETADATA and SETMETADATA (RFC 5464 §4.2, §4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from .._encoder import Encoder
from .._mailbox_name import with_inbox
from ..responses import Code, MetadataCode, MetadataData, Status, Untagged
from ._command import Command, of_kind

# RFC 5464 §3.2: components after slashes, of printable ASCII but "*" and "%".
_ENTRY: Final = re.compile(r"(?:/[ !-$&-)+-.0-~]+)+")
_LARGEST_NUMBER: Final = 2**32 - 1


class MetadataDepth(StrEnum):
    """How far below the entries asked for to look (RFC 5464 §4.2.2)."""

    ENTRY = "0"
    CHILDREN = "1"
    ALL = "infinity"


@dataclass(frozen=True, slots=True)
class MetadataResult:
    """What GETMETADATA found.

    Attributes:
        values: octets by entry name in lower case; None where there is none.
        longest: octets of the largest value that was left out for being larger
            than ``max_size`` (RFC 5464 §4.2.1); None if none was, or not told.
    """

    values: Mapping[str, bytes | None] = field(repr=False)
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class GetMetadata(Command[MetadataResult]):
    """Read annotations of a mailbox or of the server (RFC 5464 §4.2).

    Attributes:
        mailbox: its name; empty for the server.
        entries: names such as ``/private/comment``.
        depth: how far below these to look.
        max_size: leave out larger values, in octets; None for any.

    Raises:
        ValueError: there is no entry, or one that cannot be, or a bad size.
    """

    mailbox: str
    entries: tuple[str, ...]
    depth: MetadataDepth = MetadataDepth.ENTRY
    max_size: int | None = None

    name: ClassVar = "GETMETADATA"
    claims: ClassVar = (MetadataData,)

    def __post_init__(self) -> None:
        _check_entries(self.entries)
        if self.max_size is not None and not 0 <= self.max_size <= _LARGEST_NUMBER:
            raise ValueError("max_size is from 0 to 2^32-1")

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield METADATA; for the server's own less will do."""
        yield _needs(self.mailbox)

    @property
    def subject(self) -> str:
        """The mailbox, which the answer names."""
        return with_inbox(self.mailbox)

    def takes(self, response: Untagged | Status) -> bool:
        """Return whether *response* is about the mailbox."""
        return (
            isinstance(response, MetadataData)
            and with_inbox(response.mailbox) == self.subject
        )

    def encode(self, to: Encoder) -> None:
        """Write options, mailbox and entries."""
        to.keyword(self.name)
        if self.max_size is not None or self.depth is not MetadataDepth.ENTRY:
            # Before the mailbox, as the grammar has it: Dovecot takes them only
            # there, though the RFC's examples show them after it.
            to.open()
            if self.max_size is not None:
                to.keyword("MAXSIZE").number(self.max_size)
            if self.depth is not MetadataDepth.ENTRY:
                to.keyword("DEPTH").keyword(self.depth)
            to.close()
        _encode_mailbox(self.mailbox, to)
        encode_entries(self.entries, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> MetadataResult:
        """Return the values; several answers are one."""
        values: dict[str, bytes | None] = {}
        name = with_inbox(self.mailbox)
        for data in of_kind(MetadataData, untagged):
            if with_inbox(data.mailbox) == name:
                values.update(data.values)
        return MetadataResult(values, _longest(status.code))


@dataclass(frozen=True, slots=True)
class SetMetadata(Command[None]):
    """Change annotations of a mailbox or of the server (RFC 5464 §4.3).

    Attributes:
        mailbox: its name; empty for the server.
        values: by entry name; None removes the entry. NUL can be in octets only
            where the server has BINARY, and few take it.

    Raises:
        ValueError: there is no entry, or one that cannot be.
    """

    mailbox: str
    values: Mapping[str, bytes | str | None] = field(repr=False)

    name: ClassVar = "SETMETADATA"
    changes: ClassVar = True

    def __post_init__(self) -> None:
        _check_entries(self.values)

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield METADATA; for the server's own less will do."""
        yield _needs(self.mailbox)

    def encode(self, to: Encoder) -> None:
        """Write mailbox, entries and values."""
        to.keyword(self.name)
        _encode_mailbox(self.mailbox, to)
        to.open()
        for entry, value in self.values.items():
            to.astring(entry)
            octets = value.encode() if isinstance(value, str) else value
            if octets is None:
                to.keyword("NIL")
            elif b"\0" in octets:
                to.literal8(octets)
            else:
                to.string(octets)
        to.close()

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


def encode_entries(entries: tuple[str, ...], to: Encoder) -> None:
    """Write *entries* as a list.

    Raises:
        ValueError: there is none, or one that cannot be.
    """
    _check_entries(entries)
    to.open()
    for entry in entries:
        to.astring(entry)
    to.close()


def _check_entries(entries: Iterable[str]) -> None:
    names = tuple(entries)
    if not names:
        raise ValueError("METADATA without an entry")
    for entry in names:
        if not _ENTRY.fullmatch(entry):
            raise ValueError(f"not the name of an annotation: {entry[:80]!r}")


def _encode_mailbox(mailbox: str, to: Encoder) -> None:
    if mailbox:
        to.mailbox(mailbox)
    else:
        to.string("")


def _needs(mailbox: str) -> tuple[str, ...]:
    return ("METADATA",) if mailbox else ("METADATA", "METADATA-SERVER")


def _longest(code: Code | None) -> int | None:
    if isinstance(code, MetadataCode) and code.reason == "LONGENTRIES":
        return code.octets
    return None
