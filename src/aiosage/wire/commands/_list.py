"""LIST with all its options, LSUB and XLIST (RFC 9051 §6.3.9, RFC 5258)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

from ...model import Rights
from .._encoder import Encoder
from ..responses import (
    ListData,
    MetadataData,
    MyRightsData,
    Status,
    StatusData,
    Untagged,
)
from ._command import Command, of_kind
from ._mailboxes import statuses
from ._metadata import encode_entries


class ListSelect(StrEnum):
    """Which mailboxes LIST is about (RFC 9051 §6.3.9.1)."""

    SUBSCRIBED = "SUBSCRIBED"
    """Those that are subscribed to, even if they do not exist."""
    REMOTE = "REMOTE"
    """Those on other servers as well."""
    RECURSIVEMATCH = "RECURSIVEMATCH"
    """Also those above one that another option selects; see `ListData.child_info`."""
    SPECIAL_USE = "SPECIAL-USE"
    """Those with a special use (RFC 6154 §2)."""


class ListReturn(StrEnum):
    """What LIST tells of each mailbox (RFC 9051 §6.3.9.2)."""

    CHILDREN = "CHILDREN"
    SUBSCRIBED = "SUBSCRIBED"
    SPECIAL_USE = "SPECIAL-USE"
    MYRIGHTS = "MYRIGHTS"


# Each may be offered without LIST-EXTENDED.
_NEEDS: Final = {"SPECIAL-USE": "SPECIAL-USE", "MYRIGHTS": "LIST-MYRIGHTS"}
_MODIFIERS: Final = {ListSelect.REMOTE, ListSelect.RECURSIVEMATCH}


@dataclass(frozen=True, slots=True)
class ListedMailbox:
    """A mailbox, and what was told with it.

    Attributes:
        data: the LIST response.
        status: None if it was not told, as of one that cannot be selected.
        rights: of the user of the session (RFC 8440); None likewise.
        metadata: values by entry name in lower case (RFC 9590); None likewise.
    """

    data: ListData
    status: StatusData | None = None
    rights: Rights | None = None
    metadata: Mapping[str, bytes | None] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ListMailboxes(Command[tuple[ListedMailbox, ...]]):
    """List mailboxes (RFC 9051 §6.3.9).

    Attributes:
        pattern: ``*`` stands for anything, ``%`` for anything on one level.
            Several patterns need LIST-EXTENDED.
        reference: the level the patterns start at.
        select: which mailboxes only.
        returns: what is wanted with each.
        status: STATUS items wanted with each (RFC 5819 §2).
        metadata: names of annotations wanted with each (RFC 9590 §2).

    Raises:
        ValueError: there is no pattern, or RECURSIVEMATCH has nothing to match.
    """

    pattern: str | tuple[str, ...] = "*"
    reference: str = ""
    select: frozenset[ListSelect] = frozenset()
    returns: frozenset[ListReturn] = frozenset()
    status: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()

    name: ClassVar = "LIST"
    claims: ClassVar = (ListData, StatusData, MyRightsData, MetadataData)

    def __post_init__(self) -> None:
        if isinstance(self.pattern, tuple) and not self.pattern:
            raise ValueError("LIST without a pattern")
        if ListSelect.RECURSIVEMATCH in self.select and self.select <= _MODIFIERS:
            raise ValueError("RECURSIVEMATCH needs another selection option")

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield the extension of each option."""
        options = {*map(str, self.select), *map(str, self.returns)}
        needs = {_NEEDS.get(option, "LIST-EXTENDED") for option in options}
        if isinstance(self.pattern, tuple):
            needs.add("LIST-EXTENDED")
        if self.status:
            needs.add("LIST-STATUS")
        if self.metadata:
            needs.add("LIST-METADATA")
        return ((capability,) for capability in sorted(needs))

    def encode(self, to: Encoder) -> None:
        """Write selection options, reference, patterns and return options."""
        to.keyword(self.name)
        if self.select:
            to.open()
            for option in sorted(self.select):
                to.keyword(option)
            to.close()
        to.pattern(self.reference)
        if isinstance(self.pattern, str):
            to.pattern(self.pattern)
        else:
            to.open()
            for pattern in self.pattern:
                to.pattern(pattern)
            to.close()
        if self.returns or self.status or self.metadata:
            self._encode_returns(to)

    def _encode_returns(self, to: Encoder) -> None:
        to.keyword("RETURN").open()
        for option in sorted(self.returns):
            to.keyword(option)
        if self.status:
            to.keyword("STATUS").open()
            for item in self.status:
                to.keyword(item)
            to.close()
        if self.metadata:
            to.keyword("METADATA")
            encode_entries(self.metadata, to)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[ListedMailbox, ...]:
        """Return each mailbox once, with what the server told with it."""
        found = {
            data.name: data
            for data in of_kind(ListData, untagged)
            if not data.subscribed_only
        }
        status_of = statuses(untagged)
        rights = {data.mailbox: data.rights for data in of_kind(MyRightsData, untagged)}
        metadata: dict[str, dict[str, bytes | None]] = {}
        for told in of_kind(MetadataData, untagged):
            metadata.setdefault(told.mailbox, {}).update(told.values)
        return tuple(
            ListedMailbox(
                data, status_of.get(name), rights.get(name), metadata.get(name)
            )
            for name, data in found.items()
        )


@dataclass(frozen=True, slots=True)
class Lsub(Command[tuple[ListData, ...]]):
    r"""List subscribed mailboxes the old way (RFC 3501 §6.3.9).

    ``\Noselect`` may also mean that the name is not subscribed to itself, only
    one below it, and the other attributes may be wrong: where there is
    LIST-EXTENDED, `ListMailboxes` with SUBSCRIBED tells more.

    Attributes:
        pattern: as in LIST.
        reference: the level it starts at.
    """

    pattern: str = "*"
    reference: str = ""

    name: ClassVar = "LSUB"
    claims: ClassVar = (ListData,)

    def encode(self, to: Encoder) -> None:
        """Write reference and pattern."""
        to.keyword(self.name).pattern(self.reference).pattern(self.pattern)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[ListData, ...]:
        """Return each name once."""
        found = of_kind(ListData, untagged)
        return tuple(
            {data.name: data for data in found if data.subscribed_only}.values()
        )


@dataclass(frozen=True, slots=True)
class Xlist(Command[tuple[ListData, ...]]):
    r"""List mailboxes with their special use, as Google did before RFC 6154.

    It has ``\Inbox``, ``\Starred``, ``\Spam`` and ``\AllMail`` besides.

    Attributes:
        pattern: as in LIST.
        reference: the level it starts at.
    """

    pattern: str = "*"
    reference: str = ""

    name: ClassVar = "XLIST"
    requires: ClassVar = "XLIST"
    claims: ClassVar = (ListData,)

    def encode(self, to: Encoder) -> None:
        """Write reference and pattern."""
        to.keyword(self.name).pattern(self.reference).pattern(self.pattern)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[ListData, ...]:
        """Return each mailbox once."""
        return tuple(
            {
                data.name: data
                for data in of_kind(ListData, untagged)
                if not data.subscribed_only
            }.values()
        )
