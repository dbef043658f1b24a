"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from .._mailbox_name import with_inbox
from ..responses import QuotaData, QuotaRootData, Status, Untagged
from ._command import Command, of_kind


@dataclass(frozen=True, slots=True)
class GetQuota(Command[QuotaData]):
    """Ask what is used and limited below a quota root (RFC 9208 §4.1.1)."""

    root: str

    name: ClassVar = "GETQUOTA"
    requires: ClassVar = "QUOTA"
    claims: ClassVar = (QuotaData,)

    def encode(self, to: Encoder) -> None:
        """Write the quota root."""
        to.keyword(self.name).astring(self.root)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> QuotaData:
        """Return the limits; none if the server told none."""
        return _last(self.root, untagged) or QuotaData(self.root)


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Command[tuple[QuotaData, ...]]):
    """Ask which quota roots a mailbox has, and how they stand (RFC 9208 §4.1.2).

    The mailbox need not exist.
    """

    mailbox: str

    name: ClassVar = "GETQUOTAROOT"
    requires: ClassVar = "QUOTA"
    claims: ClassVar = (QuotaRootData, QuotaData)

    def encode(self, to: Encoder) -> None:
        """Write the mailbox."""
        to.keyword(self.name).mailbox(self.mailbox)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[QuotaData, ...]:
        """Return each quota root in the server's order; empty if there are none."""
        name = with_inbox(self.mailbox)
        roots = [
            root
            for data in of_kind(QuotaRootData, untagged)
            if with_inbox(data.mailbox) == name
            for root in data.roots
        ]
        told = {data.root: data for data in of_kind(QuotaData, untagged)}
        return tuple(told.get(root) or QuotaData(root) for root in dict.fromkeys(roots))


@dataclass(frozen=True, slots=True)
class SetQuota(Command[QuotaData | None]):
    """Replace the limits of a quota root (RFC 9208 §4.1.3).

    Limits that are not named are taken away. Servers before RFC 9208 have it
    with QUOTA; later ones announce QUOTASET where they let anybody use it.

    Attributes:
        root: the quota root.
        limits: by resource; STORAGE in units of 1024 octets.

    Raises:
        ValueError: a limit is negative or takes more than 63 bits.
    """

    root: str
    limits: Mapping[str, int]

    name: ClassVar = "SETQUOTA"
    requires: ClassVar = "QUOTA"
    claims: ClassVar = (QuotaData,)
    changes: ClassVar = True

    def __post_init__(self) -> None:
        if not all(0 <= limit < 2**63 for limit in self.limits.values()):
            raise ValueError("a quota limit is from 0 to 2^63-1")

    def encode(self, to: Encoder) -> None:
        """Write the quota root and its limits."""
        to.keyword(self.name).astring(self.root).open()
        for resource, limit in self.limits.items():
            to.keyword(resource).number(limit)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> QuotaData | None:
        """Return the limits as the server rounded them; None if it did not tell."""
        return _last(self.root, untagged)


def _last(root: str, untagged: Sequence[Untagged | Status]) -> QuotaData | None:
    found = [data for data in of_kind(QuotaData, untagged) if data.root == root]
    return found[-1] if found else None
