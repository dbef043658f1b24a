"""QUOTA and QUOTAROOT (RFC 9208 §4.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import IMAPProtocolError
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_list, as_mailbox, as_number, as_text


@dataclass(frozen=True, slots=True)
class QuotaResource:
    """How much of something is used, and how much may be (RFC 9208 §5).

    Attributes:
        name: in upper case, such as STORAGE, MESSAGE or MAILBOX.
        usage: of STORAGE and ANNOTATION-STORAGE in units of 1024 octets, else
            how many.
        limit: in the same unit. The usage may be above it.
    """

    name: str
    usage: int
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaData:
    """The limits that hold below a quota root (RFC 9208 §4.2.1).

    Attributes:
        root: its name, which may be empty.
        resources: those that are limited.
    """

    root: str
    resources: tuple[QuotaResource, ...] = ()

    def resource(self, name: str) -> QuotaResource | None:
        """Return the limit on *name*; None if there is none."""
        found = (item for item in self.resources if item.name == name.upper())
        return next(found, None)


@dataclass(frozen=True, slots=True)
class QuotaRootData:
    """The quota roots of a mailbox (RFC 9208 §4.2.2)."""

    mailbox: str
    roots: tuple[str, ...]


def parse_quota(values: list[Value]) -> QuotaData:
    if not values:
        raise IMAPProtocolError("QUOTA without a quota root")
    items = as_list(values[1] if len(values) > 1 else None)
    return QuotaData(
        as_text(values[0]),
        tuple(
            QuotaResource(as_text(name).upper(), as_number(usage), as_number(limit))
            for name, usage, limit in zip(
                items[::3], items[1::3], items[2::3], strict=False
            )
        ),
    )


def parse_quota_root(values: list[Value], dialect: Dialect) -> QuotaRootData:
    if not values:
        raise IMAPProtocolError("QUOTAROOT without a mailbox")
    mailbox, *roots = values
    return QuotaRootData(as_mailbox(mailbox, dialect), tuple(map(as_text, roots)))
