"""NAMESPACE (RFC 9051 §7.3.7, RFC 2342 §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .._dialect import Dialect
from .._mailbox_name import decode_mailbox_name
from .._tokens import Value
from .._values import as_list, as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class NamespacePrefix:
    """Where mailboxes of one kind are.

    Attributes:
        prefix: how their names begin.
        delimiter: between the levels below it; None if there are none.
        extensions: values of every extension, by name in upper case.
    """

    prefix: str
    delimiter: str | None
    extensions: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]], hash=False
    )

    @property
    def translation(self) -> str | None:
        """The prefix in the language of the session (RFC 5255 §3.4)."""
        values = self.extensions.get("TRANSLATION")
        if not values:
            return None
        return decode_mailbox_name(values[0].encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class NamespaceData:
    """Where mailboxes are: own, other users', shared (RFC 2342 §5)."""

    personal: tuple[NamespacePrefix, ...] = ()
    other_users: tuple[NamespacePrefix, ...] = ()
    shared: tuple[NamespacePrefix, ...] = ()


def parse_namespace(values: list[Value], dialect: Dialect) -> NamespaceData:
    personal, others, shared = (*values, None, None, None)[:3]
    return NamespaceData(
        _prefixes(personal, dialect),
        _prefixes(others, dialect),
        _prefixes(shared, dialect),
    )


def _prefixes(value: Value, dialect: Dialect) -> tuple[NamespacePrefix, ...]:
    return tuple(
        NamespacePrefix(
            as_mailbox(entry[0], dialect),
            as_text(entry[1]) if entry[1] else None,
            _extensions(entry[2:]),
        )
        for entry in as_list(value)
        if isinstance(entry, list) and len(entry) > 1
    )


def _extensions(items: list[Value]) -> dict[str, tuple[str, ...]]:
    return {
        as_text(name).upper(): tuple(
            as_text(value)
            for value in (values if isinstance(values, list) else [values])
        )
        for name, values in zip(items[::2], items[1::2], strict=False)
    }
