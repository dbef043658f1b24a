"""STATUS (RFC 9051 §7.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import IMAPProtocolError
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_list, as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class StatusData:
    """How a mailbox stands (RFC 9051 §7.3.4).

    What was not told reads as None.

    Attributes:
        mailbox: its name.
        items: everything told, by name in upper case; None for NIL.
    """

    mailbox: str
    items: Mapping[str, int | str | None]

    @property
    def messages(self) -> int | None:
        """How many messages it has."""
        return self._number("MESSAGES")

    @property
    def recent(self) -> int | None:
        r"""How many have the flag ``\Recent`` (RFC 3501 §6.3.10)."""
        return self._number("RECENT")

    @property
    def unseen(self) -> int | None:
        r"""How many have not the flag ``\Seen``."""
        return self._number("UNSEEN")

    @property
    def deleted(self) -> int | None:
        r"""How many have the flag ``\Deleted``."""
        return self._number("DELETED")

    @property
    def uidnext(self) -> int | None:
        """A UID above all given so far."""
        return self._number("UIDNEXT")

    @property
    def uidvalidity(self) -> int | None:
        """What its UIDs are valid with."""
        return self._number("UIDVALIDITY")

    @property
    def highest_modseq(self) -> int | None:
        """Its newest change; None also where it counts none (RFC 7162 §3.1.7)."""
        return self._number("HIGHESTMODSEQ") or None

    @property
    def size(self) -> int | None:
        """All its messages, in octets (RFC 8438 §2)."""
        return self._number("SIZE")

    @property
    def deleted_storage(self) -> int | None:
        """What EXPUNGE would free, in units of 1024 octets (RFC 9208 §4.1.4)."""
        return self._number("DELETED-STORAGE")

    @property
    def append_limit(self) -> int | None:
        """The largest message it takes, in octets; None for any (RFC 7889 §4)."""
        return self._number("APPENDLIMIT")

    @property
    def mailbox_id(self) -> str | None:
        """What it keeps when it is renamed (RFC 8474 §4.3)."""
        value = self.items.get("MAILBOXID")
        return None if value is None else str(value)

    def _number(self, item: str) -> int | None:
        value = self.items.get(item)
        return value if isinstance(value, int) else None


def parse_status_data(values: list[Value], dialect: Dialect) -> StatusData:
    if len(values) < 2:
        raise IMAPProtocolError("STATUS without a mailbox and items")
    items = as_list(values[1])
    pairs: dict[str, int | str | None] = {}
    for name, value in zip(items[::2], items[1::2], strict=False):
        item = as_text(name).upper()
        if isinstance(value, list):  # MAILBOXID (id)
            value = value[0] if value else None
        # An identifier may be all digits (RFC 8474 §4).
        pairs[item] = as_text(value) if item == "MAILBOXID" and value else _plain(value)
    return StatusData(as_mailbox(values[0], dialect), pairs)


def _plain(value: Value) -> int | str | None:
    """Return a number as such, and what is neither that nor NIL as text."""
    if value is None:
        return None
    text = as_text(value)
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number else text
