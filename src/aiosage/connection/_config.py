"""How to reach an account."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import IMAPConfigurationError
from ..model import Secret
from ..wire import Limits
from ._client_id import check_client_id, check_enable, default_client_id
from ._proxy import Proxy, is_host
from ._token import TokenMemory, TokenProvider
from ._trace import Trace
from .sasl import MECHANISMS, OAUTH, WITH_AUTHZID


class Security(StrEnum):
    """How the connection is protected."""

    TLS = "tls"
    """TLS from the first octet (RFC 8314)."""
    STARTTLS = "starttls"
    """TLS before logging in, or no session at all."""
    PLAIN = "plain"
    """None: everybody on the way can read along."""


AUTO: Final = "auto"
"""Stands for the best mechanism that the server offers."""

_PORTS: Final = {Security.TLS: 993, Security.STARTTLS: 143, Security.PLAIN: 143}
_SCHEMES: Final = {"imaps": Security.TLS, "imap": Security.STARTTLS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionConfig:
    """One account: where it is, who we are, how long to wait.

    Attributes:
        host: name or address of the server.
        username: to log in as.
        password: a `Secret`; a plain str given here becomes one.
        auth: ``"auto"`` for the strongest way to log in that the server offers and
            the credentials allow, or the name of a SASL mechanism.
        authzid: as whom to act, where it is not the user who logs in.
        token: an OAuth 2.0 access token, used instead of the password; or what
            to await for one whenever a session is opened.
        port: None for the usual one, 993 for TLS and 143 otherwise.
        security: how the connection is protected.
        ssl_context: None for the system's trust store, verified.
        ca_file: a PEM file to trust instead of the system's store.
        proxy: a `Proxy`, or the URL of one (see `Proxy.from_url`), to go through;
            None to connect directly.
        connect_timeout: seconds for name lookup, TCP, TLS, greeting and login
            together.
        read_timeout: seconds without any progress after which a command, and
            its connection, has failed. Long answers may take any time.
        idle_renewal: seconds after which IDLE is renewed (RFC 2177 §3 wants
            less than 30 minutes).
        idle_check: seconds without news in IDLE after which the server is asked
            whether there are any: servers do lose what they should tell, and
            connections die without a sign.
        poll_interval: seconds between two looks where the server lacks IDLE, or
            NOTIFY for several mailboxes on one connection.
        compress: use COMPRESS where the server offers it (RFC 4978).
        limits: how much a server may make us hold.
        enable: extensions to turn on after logging in, where the server offers
            them (RFC 9051 §6.3.1). None by default, since each changes what the
            server says; but UTF8=ACCEPT is, where nothing goes without it.
        client_id: what to tell the server about this program (RFC 2971), since
            some let only those in who tell; empty to only ask what the server
            is, None to say nothing.
        trace: told of all that goes over each connection, without secrets.
        trace_literals: tell it also what literals hold, such as messages.

    Raises:
        IMAPConfigurationError: with every mistake at once.
    """

    host: str
    username: str
    password: Secret = field(default_factory=lambda: Secret(""))
    auth: str = AUTO
    authzid: str | None = None
    token: TokenProvider | Secret | None = field(default=None, repr=False)
    port: int | None = None
    security: Security = Security.TLS
    ssl_context: ssl.SSLContext | None = None
    ca_file: str | None = None
    proxy: Proxy | str | None = None
    connect_timeout: float = 30.0
    read_timeout: float = 60.0
    idle_renewal: float = 29 * 60.0
    idle_check: float = 5 * 60.0
    poll_interval: float = 30.0
    compress: bool = False
    limits: Limits = field(default_factory=Limits)
    enable: tuple[str, ...] = ()
    client_id: Mapping[str, str] | None = field(
        default_factory=default_client_id, hash=False
    )
    trace: Trace | None = field(default=None, repr=False)
    trace_literals: bool = False
    token_memory: TokenMemory = field(
        default_factory=TokenMemory, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Check everything.

        Raises:
            IMAPConfigurationError: with every mistake at once.
        """
        if isinstance(self.password, str):
            object.__setattr__(self, "password", Secret(self.password))
        mistakes: list[str] = []
        # os.environ.get() gives None, and not everybody checks types.
        if not isinstance(self.password, Secret):  # pyright: ignore[reportUnnecessaryIsInstance]
            mistakes.append(f"password: is {type(self.password).__name__}, not str")
        if not self.host or not is_host(self.host):
            mistakes.append(f"host: {self.host!r} is not the name of a server")
        if not self.username:
            mistakes.append("username: is empty")
        port = self.port
        if port is not None and not (
            isinstance(port, int)  # pyright: ignore[reportUnnecessaryIsInstance]
            and 1 <= port <= 65535
        ):
            mistakes.append(f"port: {port!r} is not in 1..65535")
        try:
            object.__setattr__(self, "security", Security(self.security))
        except ValueError:
            mistakes.append(
                f"security: {self.security!r} is not one of"
                f" {', '.join(map(repr, map(str, Security)))}"
            )
        for name in (
            "connect_timeout",
            "read_timeout",
            "idle_renewal",
            "idle_check",
            "poll_interval",
        ):
            value: object = getattr(self, name)
            if not (isinstance(value, int | float) and value > 0):
                mistakes.append(
                    f"{name}: {value!r} is not a positive number of seconds"
                )
        if isinstance(self.token, str):
            object.__setattr__(self, "token", Secret(self.token))
        mistakes.extend(self._check_auth())
        mistakes.extend(self._check_introduction())
        if isinstance(self.proxy, str):
            try:
                object.__setattr__(self, "proxy", Proxy.from_url(self.proxy))
            except IMAPConfigurationError as error:
                object.__setattr__(self, "proxy", None)  # a URL may hold a password
                mistakes.extend(error.mistakes)
        if self.ssl_context is not None and self.ca_file is not None:
            mistakes.append("ca_file: goes with the default ssl_context only")
        if mistakes:
            raise IMAPConfigurationError(mistakes)

    def _check_auth(self) -> Iterator[str]:
        """Yield what is wrong with how to log in."""
        if self.auth.lower() == AUTO:
            object.__setattr__(self, "auth", AUTO)
            return
        name = self.auth.upper()
        object.__setattr__(self, "auth", name)
        if name not in MECHANISMS:
            yield f"auth: {self.auth!r} is not 'auto' or one of {', '.join(MECHANISMS)}"
            return
        if (name in OAUTH) != (self.token is not None):
            needs = "needs a token" if name in OAUTH else "does not use the token"
            yield f"auth: {name} {needs}"
        if self.authzid is not None and name not in WITH_AUTHZID:
            yield f"authzid: {name} cannot say as whom to act"
        if self.security is Security.PLAIN and name.endswith("-PLUS"):
            yield f"auth: {name} is bound to TLS, which security='plain' has not"

    def _check_introduction(self) -> Iterator[str]:
        """Yield what is wrong with what to say after logging in."""
        if isinstance(self.enable, str):
            yield f"enable: is str, not a tuple of them: ({self.enable!r},)"
        else:
            names = tuple(name.upper() for name in self.enable)
            object.__setattr__(self, "enable", names)
            yield from check_enable(names)
        if self.client_id is not None:
            object.__setattr__(self, "client_id", dict(self.client_id))
            yield from check_client_id(self.client_id)

    @property
    def effective_port(self) -> int:
        """The port, with the usual one filled in."""
        return self.port if self.port is not None else _PORTS[self.security]

    @property
    def address(self) -> str:
        """Host and port, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.effective_port}"

    @property
    def account(self) -> str:
        """User name and server, for people: how this account is told apart."""
        return f"{self.username}@{self.address}"

    @classmethod
    def from_url(
        cls, url: str, *, password: str | Secret | None = None
    ) -> ConnectionConfig:
        """Return the account that *url* names.

        Args:
            url: ``imaps://user@host[:port]`` for TLS or ``imap://...`` for
                STARTTLS, ``?security=plain`` for none. Characters such as ``@``
                in the user name are percent-encoded; one ``@`` may stand.
            password: the password. One inside the URL is accepted too, but URLs
                end up in logs and process lists.

        Raises:
            IMAPConfigurationError: it does not name an account.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            # What Python says quotes the URL, and what it took for a port may
            # be a piece of the password.
            raise IMAPConfigurationError(
                ["url: host or port is malformed, or a / ? # @ not percent-encoded"]
            ) from None
        mistakes: list[str] = []
        if parts.scheme not in _SCHEMES:
            mistakes.append(f"url: the scheme is imaps or imap, not {parts.scheme!r}")
        if not parts.username:
            mistakes.append("url: names no user, as in imaps://user@host")
        if not parts.hostname:
            mistakes.append("url: names no host, as in imaps://user@host")
        options = dict(parse_qsl(parts.query))
        security = options.pop("security", _SCHEMES.get(parts.scheme, Security.TLS))
        ca_file = options.pop("ca_file", None)
        if parts.scheme == "imaps" and security != Security.TLS:
            mistakes.append(f"url: imaps is TLS; security={security} goes with imap")
        if parts.path.strip("/"):
            mistakes.append("url: names a mailbox, where only an account can be named")
        mistakes.extend(f"url: unknown option {name!r}" for name in options)
        if mistakes:
            raise IMAPConfigurationError(mistakes)
        if password is None:
            password = unquote(parts.password or "")
        return cls(
            host=parts.hostname or "",
            username=unquote(parts.username or ""),
            password=password if isinstance(password, Secret) else Secret(password),
            port=port,
            security=security,  # type: ignore[arg-type]  # checked in __post_init__
            ca_file=ca_file,
        )

    @classmethod
    def from_env(
        cls, prefix: str = "AIOSAGE_", *, environ: Mapping[str, str] | None = None
    ) -> ConnectionConfig:
        """Return the account the environment describes.

        Reads ``AIOSAGE_URL``, or ``AIOSAGE_HOST``, ``_USERNAME``, ``_PORT`` and
        ``_SECURITY``; and ``AIOSAGE_PASSWORD`` or, better for containers,
        ``AIOSAGE_PASSWORD_FILE``; and ``AIOSAGE_PROXY``, the URL of a proxy.

        Raises:
            IMAPConfigurationError: something needed is missing or wrong.
        """
        env = os.environ if environ is None else environ
        password = env.get(f"{prefix}PASSWORD")
        if path := env.get(f"{prefix}PASSWORD_FILE"):
            try:
                with open(path, encoding="utf-8") as file:
                    password = file.read().rstrip("\r\n")
            except OSError as error:
                raise IMAPConfigurationError(
                    [f"{prefix}PASSWORD_FILE: {error.strerror}: {path}"]
                ) from None
            except UnicodeDecodeError:  # it carries the octets of the password
                raise IMAPConfigurationError(
                    [f"{prefix}PASSWORD_FILE: not in UTF-8: {path}"]
                ) from None
        proxy = env.get(f"{prefix}PROXY") or None
        if url := env.get(f"{prefix}URL"):
            config = cls.from_url(url, password=password)
            return replace(config, proxy=proxy) if proxy else config
        mistakes = [
            f"{prefix}{name}: is not set"
            for name in ("HOST", "USERNAME")
            if not env.get(f"{prefix}{name}")
        ]
        port = env.get(f"{prefix}PORT", "")
        if port and not port.isdecimal():
            mistakes.append(f"{prefix}PORT: {port!r} is not a number")
        if mistakes:
            raise IMAPConfigurationError(mistakes)
        return cls(
            host=env[f"{prefix}HOST"],
            username=env[f"{prefix}USERNAME"],
            password=Secret(password or ""),
            port=int(port) if port else None,
            proxy=proxy,
            security=env.get(f"{prefix}SECURITY", "tls"),  # type: ignore[arg-type]  # checked in __post_init__
        )

    def with_password(self, password: str | Secret) -> ConnectionConfig:
        """Return the same account with another password."""
        if isinstance(password, str):
            password = Secret(password)
        return replace(self, password=password)

    def prepared(self) -> ConnectionConfig:
        """Return the same account with its TLS context made, to be shared.

        Raises:
            IMAPConfigurationError: the CA file cannot be read.
        """
        if self.security is Security.PLAIN or self.ssl_context is not None:
            return self
        return replace(self, ssl_context=self.make_ssl_context(), ca_file=None)

    def make_ssl_context(self) -> ssl.SSLContext:
        """Return the context to connect with. Costs 20 ms: share it.

        Raises:
            IMAPConfigurationError: the CA file cannot be read.
        """
        if self.ssl_context is not None:
            return self.ssl_context
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise IMAPConfigurationError(
                [f"ca_file: {error}: {self.ca_file}"]
            ) from None
