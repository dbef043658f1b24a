"""Message flags and keywords (RFC 9051 §2.3.2)."""

from __future__ import annotations

import re
from typing import Final

# atom-char of RFC 9051 §9: no control, space, list, wildcard, quote or "]".
_KEYWORD: Final = re.compile(r"\\?[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]+")


class Flag(str):
    r"""A system flag such as ``\Seen`` or a keyword such as ``$Forwarded``.

    A flag is its name; names compare without regard to case, as servers do
    (RFC 9051 §2.3.2), so ``Flag("\\SEEN") == Flag.SEEN``.

    Raises:
        ValueError: the name is not a flag that a server could be sent.
    """

    __slots__ = ()

    SEEN: Flag
    ANSWERED: Flag
    FLAGGED: Flag
    DELETED: Flag
    DRAFT: Flag
    RECENT: Flag
    FORWARDED: Flag
    MDN_SENT: Flag
    JUNK: Flag
    NOT_JUNK: Flag
    PHISHING: Flag
    IMPORTANT: Flag
    SUBMIT_PENDING: Flag
    SUBMITTED: Flag

    def __new__(cls, name: str) -> Flag:
        """Check *name* and return it as a flag."""
        if not _KEYWORD.fullmatch(name):
            raise ValueError(f"not a flag or keyword: {name!r}")
        return str.__new__(cls, name)

    @classmethod
    def from_wire(cls, name: str) -> Flag:
        """Return the flag a server reported, however odd its name."""
        return str.__new__(cls, name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self.lower() == other.lower()
        return NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.lower())

    def __repr__(self) -> str:
        return f"Flag({str(self)!r})"

    @property
    def is_system(self) -> bool:
        r"""Whether the flag is defined by IMAP itself (it starts with ``\``)."""
        return self.startswith("\\")


Flag.SEEN = Flag("\\Seen")
Flag.ANSWERED = Flag("\\Answered")
Flag.FLAGGED = Flag("\\Flagged")
Flag.DELETED = Flag("\\Deleted")
Flag.DRAFT = Flag("\\Draft")
Flag.RECENT = Flag("\\Recent")
Flag.FORWARDED = Flag("$Forwarded")
Flag.MDN_SENT = Flag("$MDNSent")
Flag.JUNK = Flag("$Junk")
Flag.NOT_JUNK = Flag("$NotJunk")
Flag.PHISHING = Flag("$Phishing")
Flag.IMPORTANT = Flag("$Important")  # RFC 8457
Flag.SUBMIT_PENDING = Flag("$SubmitPending")  # RFC 5550 §5.10
Flag.SUBMITTED = Flag("$Submitted")
