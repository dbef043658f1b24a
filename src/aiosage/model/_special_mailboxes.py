"""Which mailbox is for what: as the server says, else by the name it has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ._mailbox import MailboxInfo, SpecialUse
from ._special_names import SPECIAL_NAMES

_VIRTUAL: Final = {SpecialUse.ALL, SpecialUse.FLAGGED, SpecialUse.IMPORTANT}
"""Views of mail kept elsewhere, which are in brackets where no attribute tells."""

_BETWEEN_WORDS: Final = re.compile(r"[\s_\-'\u2019\u200c]+")


def special_mailboxes(
    mailboxes: Iterable[MailboxInfo],
    preferred: Mapping[SpecialUse, Sequence[str]] | None = None,
) -> dict[SpecialUse, MailboxInfo]:
    """Return which of *mailboxes* is for what.

    What the server says counts (RFC 6154); names only tell for what it is silent
    on, and only of mailboxes on the first level, below INBOX, or in brackets as
    ``[Gmail]/...``, to which it gives no other use.

    Args:
        mailboxes: all of an account.
        preferred: names that this server is known to use, to look for first.
    """
    found: dict[SpecialUse, MailboxInfo] = {}
    usual: dict[str, MailboxInfo] = {}
    bracketed: dict[str, MailboxInfo] = {}
    selectable = (info for info in mailboxes if info.is_selectable)
    for info in sorted(selectable, key=lambda info: (len(info.name), info.name)):
        above = (info.parent or "").upper()
        if (use := info.special_use) is not None:
            found.setdefault(use, info)
        elif above.startswith("["):
            bracketed.setdefault(_folded(info.level), info)
        elif above in ("", "INBOX"):
            usual.setdefault(_folded(info.level), info)
    for use, names in SPECIAL_NAMES.items():
        if use in found:
            continue
        known = (preferred or {}).get(use, ())
        places = (bracketed,) if use in _VIRTUAL else (bracketed, usual)
        candidates = (
            place[name]
            for name in map(_folded, (*known, *names))
            for place in places
            if name in place
        )
        if (named := next(candidates, None)) is not None:
            found[use] = named
    return found


def _folded(name: str) -> str:
    """Return *name* without what people write differently."""
    return _BETWEEN_WORDS.sub("", unicodedata.normalize("NFKC", name).casefold())
