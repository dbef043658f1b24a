"""What a server can say, one frozen value per response (RFC 9051 §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from ..model import BodyStructure, Envelope, Flag, MessageSet

Value: TypeAlias = "str | bytes | list[Value] | None"
"""A parsed token: atom (str), string (bytes), list, or NIL (None)."""


class Condition(StrEnum):
    """How a command or a session stands (RFC 9051 §7.1)."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    BYE = "BYE"
    PREAUTH = "PREAUTH"


@dataclass(frozen=True, slots=True)
class Code:
    """A response code: what stands in brackets before the text.

    Attributes:
        name: upper case, such as ``TRYCREATE``.
        text: what follows the name, undecoded beyond UTF-8; empty if nothing.
    """

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NumberCode(Code):
    """UIDVALIDITY, UIDNEXT, UNSEEN, HIGHESTMODSEQ and their like."""

    value: int = 0


@dataclass(frozen=True, slots=True)
class CapabilityCode(Code):
    """CAPABILITY, as sent with the greeting and after LOGIN."""

    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PermanentFlagsCode(Code):
    r"""PERMANENTFLAGS: what can be changed for good; ``\*`` allows new keywords."""

    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class AppendUidCode(Code):
    """APPENDUID: the UIDs that appended messages got (RFC 4315 §3)."""

    uidvalidity: int = 0
    uids: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CopyUidCode(Code):
    """COPYUID: which UIDs became which (RFC 4315 §3).

    Attributes:
        uidvalidity: of the destination mailbox.
        source: ascending ranges, in the order the server sent them.
        destination: as many UIDs, in the same order.
    """

    uidvalidity: int = 0
    source: tuple[tuple[int, int], ...] = ()
    destination: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many messages were copied."""
        return count_uids(self.source)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield (source UID, destination UID), first to first."""
        return zip(_expand(self.source), _expand(self.destination), strict=True)


def count_uids(ranges: tuple[tuple[int, int], ...]) -> int:
    """Return how many UIDs are in *ranges*."""
    return sum(last - first + 1 for first, last in ranges)


def _expand(ranges: tuple[tuple[int, int], ...]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


@dataclass(frozen=True, slots=True)
class Continuation:
    """``+``: the server waits for more of a command (RFC 9051 §7.6)."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """The greeting, the end of a command, or news about the session.

    Attributes:
        tag: of the command that ended; None if untagged.
        condition: how it went.
        code: the response code; None if there was none.
        text: for humans.
    """

    tag: str | None
    condition: Condition
    code: Code | None
    text: str


@dataclass(frozen=True, slots=True)
class CapabilityData:
    """What the server can do, in upper case (RFC 9051 §7.2.2)."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class EnabledData:
    """What ENABLE turned on (RFC 9051 §7.2.1)."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class FlagsData:
    """Flags that exist in the mailbox (RFC 9051 §7.3.5)."""

    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class ExistsData:
    """How many messages the mailbox has (RFC 9051 §7.4.1)."""

    count: int


@dataclass(frozen=True, slots=True)
class RecentData:
    """How many messages are recent (RFC 3501 §7.3.2)."""

    count: int


@dataclass(frozen=True, slots=True)
class ExpungeData:
    """The message with this number is gone, those above move down one."""

    seq: int


@dataclass(frozen=True, slots=True)
class VanishedData:
    """These UIDs are gone (RFC 7162 §3.2.10).

    Attributes:
        uids: what is gone.
        earlier: they went before now, so message numbers do not change.
    """

    uids: MessageSet
    earlier: bool


class FetchData(NamedTuple):
    """What one FETCH response says about a message (RFC 9051 §7.5.2).

    An item that was not in the response is None, never a default. The envelope
    and the structure are built when one of their fields is first read. (A named
    tuple, since one is made per message: a frozen dataclass takes four times as
    long to make.)

    Attributes:
        seq: message number.
        size: RFC822.SIZE in octets.
        envelope: what the header says; fields that are odd are empty.
        body_structure: of BODYSTRUCTURE or BODY.
        sections: ``BODY[...]`` items by name in upper case; None for NIL.
        others: every other item by name in upper case.
    """

    seq: int
    uid: int | None = None
    flags: frozenset[Flag] | None = None
    internal_date: datetime | None = None
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    body_structure: BodyStructure | None = None
    sections: Mapping[str, bytes | None] = MappingProxyType({})
    others: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ListData:
    r"""A mailbox, by LIST or LSUB (RFC 9051 §7.3.1).

    Attributes:
        name: decoded.
        delimiter: of its hierarchy; None for a flat name.
        attributes: such as ``\Noselect``.
        subscribed_only: the answer is to LSUB.
    """

    name: str
    delimiter: str | None
    attributes: frozenset[Flag]
    subscribed_only: bool = False


@dataclass(frozen=True, slots=True)
class StatusData:
    """The answer to STATUS: item names in upper case (RFC 9051 §7.3.4)."""

    mailbox: str
    items: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class SearchData:
    """The answer to SEARCH (RFC 3501 §7.2.5): numbers or UIDs, as asked."""

    numbers: tuple[int, ...]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ESearchData:
    """The answer to SEARCH RETURN (RFC 9051 §7.3.4); None for what it lacks."""

    tag: str | None
    uid: bool
    all: MessageSet | None = None
    count: int | None = None
    min: int | None = None
    max: int | None = None
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class NamespaceData:
    """Prefixes and delimiters: own, other users', shared (RFC 2342 §5)."""

    personal: tuple[tuple[str, str | None], ...]
    other_users: tuple[tuple[str, str | None], ...]
    shared: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class IdData:
    """What the server says it is (RFC 2971 §3.2)."""

    fields: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Unknown:
    """An untagged response aiosage has no type for.

    Attributes:
        raw: as it was sent, without the last CRLF.
    """

    raw: bytes


Untagged: TypeAlias = (
    CapabilityData
    | EnabledData
    | FlagsData
    | ExistsData
    | RecentData
    | ExpungeData
    | VanishedData
    | FetchData
    | ListData
    | StatusData
    | SearchData
    | ESearchData
    | NamespaceData
    | IdData
    | Unknown
)
"""Untagged data; an untagged OK, NO, BAD or BYE is a `Status`."""

Response: TypeAlias = Continuation | Status | Untagged
