"""Which IMAP a session speaks, and what that implies: pure functions of sets.

A server that announces IMAP4rev2 but not IMAP4rev1 speaks IMAP4rev2 from the
greeting on. One that announces both speaks IMAP4rev1 until the client has said
ENABLE IMAP4rev2 (RFC 9051 Appendix A).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

# What was folded into IMAP4rev2 (RFC 9051 Appendix E, items 2 and 3) and can be
# used just as if it were announced. Not in it: BINARY, of which only the FETCH
# items were taken (Appendix B); SPECIAL-USE, whose attributes come unasked, but
# whose return option is no part of the grammar; CHILDREN, since they are told if
# asked for (§6.3.9.5); multiple patterns of LIST (Appendix C).
_IN_REV2: Final = frozenset(
    {
        "ENABLE",
        "ESEARCH",
        "IDLE",
        "LIST-EXTENDED",
        "LIST-STATUS",
        "LITERAL-",
        "MOVE",
        "NAMESPACE",
        "SASL-IR",
        "SEARCHRES",
        "STATUS=SIZE",
        "UIDPLUS",
        "UNSELECT",
    }
)
_IMPLIED: Final = {
    "QRESYNC": ("CONDSTORE", "ENABLE"),  # RFC 7162 §3.2.3
    "UTF8=ONLY": ("UTF8=ACCEPT", "ENABLE"),  # RFC 6855 §6
    "UTF8=ACCEPT": ("ENABLE",),  # RFC 6855 §3
    "METADATA": ("METADATA-SERVER",),  # RFC 5464 §1
    "I18NLEVEL=2": ("I18NLEVEL=1",),  # RFC 5255 §4.5
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How strings and names stand on the wire of a session.

    Attributes:
        rev2: it is an IMAP4rev2 session (RFC 9051).
        utf8_accept: UTF8=ACCEPT is enabled (RFC 6855).
    """

    rev2: bool = False
    utf8_accept: bool = False

    @classmethod
    def of(cls, announced: AbstractSet[str], enabled: AbstractSet[str]) -> Dialect:
        """Return the dialect that follows from capabilities, all in upper case.

        Args:
            announced: what the server has announced.
            enabled: what it has said to be enabled.
        """
        rev2_only = "IMAP4REV2" in announced and "IMAP4REV1" not in announced
        return cls(rev2_only or "IMAP4REV2" in enabled, "UTF8=ACCEPT" in enabled)

    @property
    def utf8(self) -> bool:
        """Whether quoted strings hold UTF-8 and mailbox names are not encoded."""
        return self.rev2 or self.utf8_accept


def with_implied(announced: AbstractSet[str], dialect: Dialect) -> frozenset[str]:
    """Return what the server can do: what it has announced, and what that implies."""
    implied = set(_IN_REV2) if dialect.rev2 else set[str]()
    for name, others in _IMPLIED.items():
        if name in announced:
            implied.update(others)
    return frozenset(announced) | implied
