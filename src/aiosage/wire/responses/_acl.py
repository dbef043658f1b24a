"""ACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3.6 to §3.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import IMAPProtocolError
from ...model import Rights
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class AclData:
    """Who may do what with a mailbox (RFC 4314 §3.6).

    Attributes:
        mailbox: its name.
        rights: by identifier. Those of one that begins with ``-`` are taken
            away from whom the rest of it names (RFC 4314 §2).
    """

    mailbox: str
    rights: Mapping[str, Rights]


@dataclass(frozen=True, slots=True)
class ListRightsData:
    """What can be granted to an identifier (RFC 4314 §3.7).

    Attributes:
        mailbox: its name.
        identifier: to whom.
        required: rights it has whatever is granted.
        optional: rights that can be granted, tied to those they stand with.
    """

    mailbox: str
    identifier: str
    required: Rights
    optional: tuple[Rights, ...]


@dataclass(frozen=True, slots=True)
class MyRightsData:
    """What the user of the session may do with a mailbox (RFC 4314 §3.8)."""

    mailbox: str
    rights: Rights


def parse_acl(values: list[Value], dialect: Dialect) -> AclData:
    _expect(values, 1, "ACL without a mailbox")
    pairs = zip(values[1::2], values[2::2], strict=False)
    return AclData(
        as_mailbox(values[0], dialect),
        {as_text(identifier): _rights(rights) for identifier, rights in pairs},
    )


def parse_list_rights(values: list[Value], dialect: Dialect) -> ListRightsData:
    _expect(values, 2, "LISTRIGHTS without a mailbox and an identifier")
    required, *optional = map(_rights, values[2:] or [""])
    return ListRightsData(
        as_mailbox(values[0], dialect), as_text(values[1]), required, tuple(optional)
    )


def parse_my_rights(values: list[Value], dialect: Dialect) -> MyRightsData:
    _expect(values, 2, "MYRIGHTS without a mailbox and rights")
    return MyRightsData(as_mailbox(values[0], dialect), _rights(values[1]))


def _expect(values: list[Value], count: int, else_: str) -> None:
    if len(values) < count:
        raise IMAPProtocolError(else_)


def _rights(value: Value) -> Rights:
    return Rights.from_wire(as_text(value))
