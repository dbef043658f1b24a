"""LIST and LSUB (RFC 9051 §7.3.1, RFC 3501 §7.2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import IMAPProtocolError
from ...model import Flag
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_flags, as_mailbox, as_text


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


def parse_list(values: list[Value], dialect: Dialect) -> ListData:
    if len(values) < 3:
        raise IMAPProtocolError("LIST without attributes, delimiter and name")
    delimiter = values[1]
    return ListData(
        as_mailbox(values[2], dialect),
        as_text(delimiter) if delimiter else None,
        as_flags(values[0]),
    )


def parse_lsub(values: list[Value], dialect: Dialect) -> ListData:
    data = parse_list(values, dialect)
    return ListData(data.name, data.delimiter, data.attributes, subscribed_only=True)
