"""Which proxy to go through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from ..errors import IMAPConfigurationError
from ..model import Secret


class ProxyKind(StrEnum):
    """What a proxy speaks."""

    SOCKS5 = "socks5"
    """RFC 1928, with user name and password by RFC 1929."""
    SOCKS4A = "socks4a"
    """SOCKS 4 with host names; it knows a user name, but no password."""
    HTTP = "http"
    """CONNECT of HTTP/1.1 (RFC 9110 §9.3.6), with Basic authentication."""


_SCHEMES: Final = {
    "socks5": ProxyKind.SOCKS5,
    "socks5h": ProxyKind.SOCKS5,
    "socks4a": ProxyKind.SOCKS4A,
    "http": ProxyKind.HTTP,
}
_MALFORMED: Final = (
    "proxy: is not like socks5://user:password@host:1080 (or socks4a, or http),"
    " with what is special percent-encoded"
)
_LONGEST: Final = 255  # octets of each name and password in SOCKS 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy. It looks up the name of the IMAP server, which nobody else is told.

    Attributes:
        kind: what it speaks.
        host: its name or address.
        port: its port.
        username: to log in to the proxy as; empty for nobody.
        password: to log in to the proxy with.

    Raises:
        IMAPConfigurationError: with every mistake at once.
    """

    kind: ProxyKind
    host: str
    port: int
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))

    def __post_init__(self) -> None:
        """Check everything.

        Raises:
            IMAPConfigurationError: with every mistake at once.
        """
        mistakes: list[str] = []
        if not is_host(self.host):
            mistakes.append("proxy: names no host, as in socks5://host:1080")
        if not 1 <= self.port <= 65535:
            mistakes.append(f"proxy: port {self.port} is not in 1..65535")
        if self.password and not self.username:
            mistakes.append("proxy: has a password, but no user name")
        if self.kind is ProxyKind.SOCKS4A and self.password:
            mistakes.append("proxy: SOCKS 4 knows no password; use socks5")
        if self.kind is ProxyKind.HTTP and ":" in self.username:
            mistakes.append("proxy: HTTP allows no colon in the user name")
        for name, text in (
            ("user name", self.username),
            ("password", self.password.reveal()),
        ):
            try:
                size = len(text.encode())
            except UnicodeEncodeError:  # it carries the text
                mistakes.append(f"proxy: the {name} is not text")
                continue
            if size > _LONGEST or "\0" in text:
                mistakes.append(f"proxy: the {name} is too long, or holds NUL")
        if mistakes:
            raise IMAPConfigurationError(mistakes)

    @property
    def address(self) -> str:
        """Kind, host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    @classmethod
    def from_url(cls, url: str) -> Proxy:
        """Return the proxy that *url* names.

        Args:
            url: ``socks5://``, ``socks5h://`` (the same), ``socks4a://`` or
                ``http://``, then ``[user[:password]@]host:port``, with all that
                is special in user and password percent-encoded.

        Raises:
            IMAPConfigurationError: it names none.
        """
        # What is wrong is not quoted: it may be a piece of the password.
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            port, parts = None, urlsplit("")
        kind = _SCHEMES.get(parts.scheme)
        if kind is None or port is None or parts.path.strip("/") or parts.query:
            raise IMAPConfigurationError([_MALFORMED])
        return cls(
            kind=kind,
            host=parts.hostname or "",
            port=port,
            username=unquote(parts.username or ""),
            password=Secret(unquote(parts.password or "")),
        )


def is_host(host: str) -> bool:
    """Return whether *host* can be the name or address of a host."""
    if any(char.isspace() or not char.isprintable() for char in host):
        return False
    try:
        return 0 < len(host.encode("idna")) <= 253
    except UnicodeError:  # a label that is empty or too long
        return False
