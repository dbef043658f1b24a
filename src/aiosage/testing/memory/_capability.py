"""What the server offers, and what a test has taken away from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

ALWAYS: Final = ("IMAP4rev1",)

BEFORE_LOGIN: Final = ("SASL-IR", "LITERAL+", "ID", "ENABLE", "AUTH=PLAIN")
"""Offered before and after login; AUTH=PLAIN only before."""

AFTER_LOGIN: Final = (
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UNSELECT",
    "UIDPLUS",
    "MOVE",
    "MULTIAPPEND",
    "REPLACE",
    "UNAUTHENTICATE",
    "CONDSTORE",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "PREVIEW",
    "SAVEDATE",
    "OBJECTID",
    "PARTIAL",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=REFERENCES",
    "THREAD=REFS",
    "THREAD=ORDEREDSUBJECT",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "STATUS=SIZE",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "QUOTA",
    "ACL",
    "LIST-MYRIGHTS",
    "METADATA",
    "LIST-METADATA",
)

_KNOWN: Final = frozenset({*BEFORE_LOGIN, *AFTER_LOGIN, "STARTTLS"})


class Capabilities:
    """The extensions in force.

    Args:
        disabled: extensions to hide and to refuse.
        announced: what to announce after login instead of the truth; what the
            server does is not changed by it.
        with_tls: whether STARTTLS can be offered.
        require_tls: whether login is refused until TLS is on.

    Raises:
        ValueError: *disabled* names what the server never offers.
    """

    def __init__(
        self,
        *,
        disabled: Iterable[str],
        announced: Iterable[str] | None,
        with_tls: bool,
        require_tls: bool,
    ) -> None:
        self._disabled = frozenset(name.upper() for name in disabled)
        if unknown := self._disabled - _KNOWN:
            raise ValueError(f"cannot disable {', '.join(sorted(unknown))}")
        self._announced = None if announced is None else tuple(announced)
        self._with_tls = with_tls and "STARTTLS" not in self._disabled
        self._require_tls = require_tls

    def offers(self, name: str) -> bool:
        """Return whether extension *name* (upper case) is in force."""
        return name not in self._disabled

    def offers_starttls(self, *, is_encrypted: bool) -> bool:
        """Return whether STARTTLS is possible now."""
        return self._with_tls and not is_encrypted

    def allows_login(self, *, is_encrypted: bool) -> bool:
        """Return whether a password may be sent now."""
        return is_encrypted or not self._require_tls

    def before_login(self, *, is_encrypted: bool) -> bytes:
        """Return the list announced before login."""
        names = [*ALWAYS, *filter(self.offers, BEFORE_LOGIN)]
        if not self.allows_login(is_encrypted=is_encrypted):
            names = [name for name in names if not name.startswith("AUTH=")]
            names.append("LOGINDISABLED")
        if self.offers_starttls(is_encrypted=is_encrypted):
            names.append("STARTTLS")
        return " ".join(names).encode()

    def after_login(self) -> bytes:
        """Return the list announced after login."""
        if self._announced is not None:
            return " ".join(self._announced).encode()
        before = [name for name in BEFORE_LOGIN if not name.startswith("AUTH=")]
        names = [*ALWAYS, *filter(self.offers, (*before, *AFTER_LOGIN))]
        return " ".join(names).encode()
