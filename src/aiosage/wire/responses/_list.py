"""LIST and LSUB (RFC 9051 §7.3.1, RFC 3501 §7.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import IMAPProtocolError
from ...model import Flag
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_atoms, as_flags, as_list, as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class ListData:
    r"""A mailbox, by LIST, XLIST or LSUB (RFC 9051 §7.3.1).

    Attributes:
        name: decoded.
        delimiter: of its hierarchy; None for a flat name.
        attributes: such as ``\Noselect``.
        subscribed_only: the answer is to LSUB.
        child_info: CHILDINFO, the selection options that mailboxes below it
            meet, in upper case (RFC 5258 §3.5); None if it was not told.
        old_name: OLDNAME, what it was called before a server renamed it or
            corrected how it is written (RFC 9051 §6.3.9.7); None if not told.
        extended: every other extended data item by name in upper case.
    """

    name: str
    delimiter: str | None
    attributes: frozenset[Flag]
    subscribed_only: bool = False
    child_info: frozenset[str] | None = None
    old_name: str | None = None
    extended: Mapping[str, Value] = field(
        default_factory=dict[str, Value], kw_only=True, hash=False
    )


def parse_list(values: list[Value], dialect: Dialect) -> ListData:
    return _read(values, dialect, subscribed_only=False)


def parse_lsub(values: list[Value], dialect: Dialect) -> ListData:
    return _read(values, dialect, subscribed_only=True)


def _read(values: list[Value], dialect: Dialect, *, subscribed_only: bool) -> ListData:
    if len(values) < 3:
        raise IMAPProtocolError("LIST without attributes, delimiter and name")
    attributes, delimiter, name = values[:3]
    found = ListData(
        as_mailbox(name, dialect),
        as_text(delimiter) if delimiter else None,
        as_flags(attributes),
        subscribed_only,
    )
    return _extended(found, as_list(values[3]), dialect) if len(values) > 3 else found


def _extended(plain: ListData, items: list[Value], dialect: Dialect) -> ListData:
    """Return *plain* with its extended data items (RFC 5258 §6)."""
    extended = {
        as_text(name).upper(): value
        for name, value in zip(items[::2], items[1::2], strict=False)
    }
    child_info = extended.pop("CHILDINFO", None)
    old_name = extended.pop("OLDNAME", None)
    if isinstance(old_name, list):
        old_name = old_name[0] if old_name else None
    return ListData(
        plain.name,
        plain.delimiter,
        plain.attributes,
        plain.subscribed_only,
        None
        if child_info is None
        else frozenset(name.upper() for name in as_atoms(as_list(child_info))),
        None if old_name is None else as_mailbox(old_name, dialect),
        extended=extended,
    )
