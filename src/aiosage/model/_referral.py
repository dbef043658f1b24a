"""Where a server sends users that it does not serve itself."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Referral:
    """Another server, by an IMAP URL (RFC 2221 §5, RFC 5092 §3).

    It is told, never followed: credentials are for the server they were given for.

    Attributes:
        url: as the server sent it.
        host: name or address of the other server.
        port: None for the usual one.
        username: to log in as there; None if the URL names nobody.
        mechanism: SASL mechanism to use, in upper case; None for any.
        path: the mailbox, as the URL has it; empty for the server as a whole.
    """

    url: str
    host: str
    port: int | None = None
    username: str | None = None
    mechanism: str | None = None
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> Referral:
        """Return what *url* refers to.

        Raises:
            ValueError: it is no URL of an IMAP server.
        """
        parts = urlsplit(url)
        is_imap = parts.scheme in ("imap", "imaps") and parts.hostname
        if not is_imap or not url.isprintable():
            raise ValueError(f"not the URL of an IMAP server: {url[:80]!r}")
        user, _, parameter = (parts.username or "").partition(";")
        if user.upper().startswith("AUTH="):
            user, parameter = "", user
        mechanism = unquote(parameter[len("AUTH=") :]).upper()
        return cls(
            url,
            parts.hostname or "",
            parts.port,
            unquote(user) or None,
            None if mechanism in ("", "*") else mechanism,
            unquote(parts.path.removeprefix("/")),
        )
