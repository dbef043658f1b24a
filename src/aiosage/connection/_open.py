"""From a configuration to a session that is logged in.

Each step is awaited under one deadline, `ConnectionConfig.connect_timeout`, and
each way it can go wrong becomes the error that tells the caller what to do.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import socket
import ssl
from typing import Final, NamedTuple

import async_timeout

from ..errors import (
    IMAPAuthenticationError,
    IMAPConnectError,
    IMAPConnectionLost,
    IMAPGreetingError,
    IMAPProtocolError,
    IMAPTimeoutError,
    IMAPTLSError,
)
from ..model import Secret
from ..wire import Condition
from ..wire.commands import Compress, SessionState, StartTls
from ._config import ConnectionConfig, Security
from ._introduction import introduce
from ._login import ensure_capabilities, log_in, run
from ._protocol import IMAPProtocol, News
from ._proxy import Proxy
from ._redaction import SHORTEST_SECRET
from ._token import TokenMemory, TokenRequest, tells_of_expiry
from ._tunnel import connect_through


class _Step(NamedTuple):
    """What is being done, and what it means if the session ends meanwhile."""

    doing: str
    error: type[IMAPConnectError]
    hint: str


_CONNECT: Final = _Step("connecting to", IMAPConnectError, "Check host and port.")
_GREETING: Final = _Step(
    "waiting for the greeting of",
    IMAPGreetingError,
    "Check that this is the port of an IMAP server; one with too many connections"
    " may close them at once.",
)
_STARTTLS: Final = _Step(
    "starting TLS with",
    IMAPTLSError,
    "Use security='tls' on port 993, or try again later.",
)
_LOGIN: Final = _Step(
    "logging in to",
    IMAPConnectError,
    "Try again later: it may be busy, or have seen too many failures.",
)
_COMPRESS: Final = _Step(
    "starting compression with", IMAPConnectError, "Use compress=False."
)


async def open_session(config: ConnectionConfig) -> IMAPProtocol:
    """Connect, secure the connection and log in.

    A token provider whose token is refused is asked once more, and what it gives
    then is tried on a new connection: some servers close the old one. Cancelling
    closes whatever was open.

    Raises:
        IMAPConnectError: no session came about.
        IMAPTimeoutError: not within ``config.connect_timeout``.
        IMAPAuthenticationError: the server refused the credentials.
        IMAPCapabilityError: it offers no way to log in that aiosage knows.
        IMAPConfigurationError: logging in needs an extra that is not installed.
    """
    memory = config.token_memory
    expired = memory.expired
    token = await _token(config, expired)
    try:
        protocol = await _open(config, token)
        if token != expired and memory.expired == expired:
            memory.expired = None  # the provider has another now
        return protocol
    except IMAPAuthenticationError as error:
        if token is None or not callable(config.token) or error.retryable:
            raise
        fresh = await _token(config, token)
        if fresh is None or fresh == token:
            raise
        return await _open(config, fresh)


async def _token(config: ConnectionConfig, refused: Secret | None) -> Secret | None:
    """Return the access token to log in with; None to use the password."""
    provider = config.token
    if provider is None or isinstance(provider, Secret):
        return provider
    request = TokenRequest(config.host, config.effective_port, config.username, refused)
    deadline = async_timeout.timeout(config.connect_timeout)
    try:
        async with deadline:
            token = await provider(request)
    except TimeoutError:
        raise IMAPTimeoutError(
            f"the token provider for {config.address} took more than"
            f" {config.connect_timeout:g} s",
            seconds=config.connect_timeout,
            hint="Let it keep valid tokens; raise connect_timeout if it is that slow.",
        ) from None
    return token if isinstance(token, Secret) else Secret(token)


def _note_expiry(protocol: IMAPProtocol, memory: TokenMemory, token: Secret) -> None:
    """Let the next session know when this one ends since its token has expired."""

    def listen(news: News) -> None:
        if isinstance(news, IMAPConnectionLost) and tells_of_expiry(news.message):
            memory.expired = token

    protocol.add_listener(listen)


async def _open(config: ConnectionConfig, token: Secret | None) -> IMAPProtocol:
    loop = asyncio.get_running_loop()
    protocol = IMAPProtocol(
        loop,
        limits=config.limits,
        read_timeout=config.read_timeout,
        secrets=_secrets(config, token),
    )
    protocol.trace_to(config.trace, literals=config.trace_literals)
    if token is not None:
        _note_expiry(protocol, config.token_memory, token)
    step = _CONNECT
    if isinstance(config.proxy, Proxy):
        through = f"connecting through the proxy {config.proxy.address} to"
        step = step._replace(doing=through)
    try:
        async with async_timeout.timeout(config.connect_timeout):
            context = (
                None if config.security is Security.PLAIN else config.make_ssl_context()
            )
            await _connect(config, protocol, context)
            step = _GREETING
            await asyncio.shield(protocol.greeting)
            if config.security is Security.STARTTLS:
                step = _STARTTLS
                await _start_tls(config, protocol, context)
            step = _LOGIN
            await log_in(config, protocol, token)
            await introduce(config, protocol)
            step = _COMPRESS
            if config.compress:
                await _compress(protocol)
    except BaseException as error:
        protocol.fail(IMAPConnectionLost("the connection was given up"))
        if isinstance(error, TimeoutError) and not isinstance(error, IMAPTimeoutError):
            raise IMAPTimeoutError(
                f"{step.doing} {config.address} took more than"
                f" {config.connect_timeout:g} s",
                seconds=config.connect_timeout,
                hint="Check host, port and security (a TLS port is silent to a plain"
                " client); raise connect_timeout if the server is that slow.",
            ) from None
        if isinstance(
            error, IMAPConnectionLost | IMAPProtocolError | IMAPGreetingError
        ):
            failure = step.error(
                f"{step.doing} {config.address}: {error.message}",
                hint=error.hint or step.hint,
            )
            failure.retry_after = error.retry_after
            if isinstance(error, IMAPGreetingError):
                failure.referral = error.referral
            raise failure from error
        raise
    return protocol


def _secrets(config: ConnectionConfig, token: Secret | None) -> tuple[str, ...]:
    """Return what a server may send back to us and nobody must see."""
    tokens = (token.reveal(),) if token else ()
    return *tokens, *_password_forms(config)


def _password_forms(config: ConnectionConfig) -> tuple[str, ...]:
    password = config.password.reveal()
    if len(password) < SHORTEST_SECRET:
        return ()
    plain = f"\0{config.username}\0{password}".encode(errors="replace")
    quoted = password.replace("\\", r"\\").replace('"', r"\"")
    return password, quoted, base64.b64encode(plain).decode("ascii")


async def _connect(
    config: ConnectionConfig, protocol: IMAPProtocol, context: ssl.SSLContext | None
) -> None:
    loop = asyncio.get_running_loop()
    implicit = context if config.security is Security.TLS else None
    host, port = config.host, config.effective_port
    try:
        if isinstance(config.proxy, Proxy):
            sock = await connect_through(config.proxy, host, port)
            await loop.create_connection(
                lambda: protocol,
                sock=sock,
                ssl=implicit,
                server_hostname=host if implicit else None,
            )
        else:
            await loop.create_connection(lambda: protocol, host, port, ssl=implicit)
    except OSError as error:  # ssl.SSLError is one
        raise _connect_error(config, error, in_tls=implicit is not None) from error


def _is_refused(error: OSError) -> bool:
    """Return whether every address of the host refused; asyncio joins the texts."""
    if isinstance(error, ConnectionRefusedError):
        return True
    text = str(error)
    refused = text.count(f"[Errno {errno.ECONNREFUSED}]")
    return refused > 0 and refused == text.count("[Errno ")


def _connect_error(
    config: ConnectionConfig, error: OSError, *, in_tls: bool
) -> IMAPConnectError:
    """Return what a failed connect means to the caller."""
    address = config.address
    if isinstance(error, ssl.SSLCertVerificationError):
        return IMAPTLSError(
            f"the certificate of {address} is not trusted: {error.verify_message}",
            hint="Use the name in the certificate as host; for a private CA set"
            " ca_file or ssl_context.",
        )
    if isinstance(error, ssl.SSLError):
        return IMAPTLSError(
            f"TLS with {address} failed: {error.reason or error}",
            hint=_TLS_HINT[config.security],
        )
    if isinstance(error, socket.gaierror):
        return IMAPConnectError(
            f"the host {config.host!r} is not known: {error.strerror}",
            hint="Check its spelling and the name server.",
        )
    if _is_refused(error):
        return IMAPConnectError(
            f"{address} refused the connection",
            hint="Check host and port: is the server running there?",
        )
    if in_tls and isinstance(error, ConnectionError):
        return IMAPTLSError(
            f"{address} closed the connection during the TLS handshake",
            hint=_TLS_HINT[config.security],
        )
    return IMAPConnectError(
        f"cannot connect to {address}: {error}", hint="Check host, port and network."
    )


_TLS_HINT: Final = {
    Security.TLS: "If this port speaks plain IMAP first, use security='starttls'.",
    Security.STARTTLS: "If this goes on, use security='tls' on port 993.",
}


async def _start_tls(
    config: ConnectionConfig, protocol: IMAPProtocol, context: ssl.SSLContext | None
) -> None:
    """Upgrade, or have no session at all: never go on in the clear."""
    if protocol.session_state is not SessionState.NOT_AUTHENTICATED:
        raise IMAPTLSError(
            f"{config.address} greeted with PREAUTH, which forbids STARTTLS",
            hint="Somebody may be in between; use security='tls'.",
        )
    await ensure_capabilities(protocol)
    if "STARTTLS" not in protocol.capabilities:
        raise IMAPTLSError(
            f"{config.address} does not offer STARTTLS",
            hint="Use security='tls' on port 993, or 'plain' on a network you trust.",
        )
    status = await run(protocol, StartTls())
    if status.condition is not Condition.OK:
        raise IMAPTLSError(
            f"{config.address} refused STARTTLS: {status.text}", hint=_STARTTLS.hint
        )
    protocol.pause_for_tls()
    assert context is not None
    loop = asyncio.get_running_loop()
    try:
        transport = await loop.start_tls(
            protocol.socket_transport, protocol, context, server_hostname=config.host
        )
        if transport is None:
            raise ConnectionAbortedError
    except OSError as error:  # ssl.SSLError is one
        raise _connect_error(config, error, in_tls=True) from error
    protocol.go_through(transport)


async def _compress(protocol: IMAPProtocol) -> None:
    """Turn on compression, unless the server or TLS has something against it."""
    if Compress.requires not in protocol.capabilities:
        return
    session = protocol.socket_transport.get_extra_info("ssl_object")
    if session is not None and session.compression() is not None:
        return  # RFC 4978 §3: once is enough
    await run(protocol, Compress())  # refused, it is done without
