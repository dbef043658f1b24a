"""Names of mailboxes that can be (RFC 9051 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Controls, line and paragraph separators, and lone surrogates, which are no text.
_FORBIDDEN: Final = re.compile("[\0-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def check_new_name(name: str, delimiter: str | None) -> None:
    """Refuse a name that servers refuse, or take for another without a word.

    A delimiter at the end is good: it says that there will be mailboxes below
    (RFC 9051 §6.3.4).

    Raises:
        ValueError: it is empty, has a level without a name or a character that
            cannot be in a name.
    """
    if not name:
        raise ValueError("a mailbox name cannot be empty")
    if found := _FORBIDDEN.search(name):
        raise ValueError(f"a mailbox name cannot hold {found[0]!r}")
    if delimiter and (name == delimiter or delimiter * 2 in name):
        raise ValueError(f"a level of the mailbox name {name[:80]!r} is empty")


def join_levels(levels: Iterable[str], delimiter: str | None) -> str:
    """Return the name of the mailbox at the end of *levels*.

    Raises:
        ValueError: a level is empty or has the delimiter in it, or there are
            several where mailboxes have no levels.
    """
    parts = tuple(levels)
    for part in parts:
        if delimiter and delimiter in part:
            raise ValueError(
                f"{part[:80]!r} in a mailbox name holds {delimiter!r}, which"
                " separates its levels"
            )
        if not part:
            raise ValueError("a level of a mailbox name cannot be empty")
    if not delimiter and len(parts) > 1:
        raise ValueError("mailbox names of this server have no levels")
    name = (delimiter or "").join(parts)
    check_new_name(name, delimiter)
    return name


def canonical(name: str) -> str:
    """Return *name*, INBOX in capitals: in a pattern of LIST its case may count."""
    # Only ASCII letters have no case here: "\u0131".upper() is "I", too.
    return "INBOX" if name.isascii() and name.upper() == "INBOX" else name
