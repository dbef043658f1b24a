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
    IMAPCapabilityError,
    IMAPConnectError,
    IMAPConnectionLost,
    IMAPGreetingError,
    IMAPProtocolError,
    IMAPTimeoutError,
    IMAPTLSError,
)
from ..wire import Condition, Status
from ..wire.commands import (
    AuthenticatePlain,
    Capability,
    Command,
    Login,
    SessionState,
    StartTls,
)
from ._config import ConnectionConfig, Security
from ._protocol import IMAPProtocol


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

_SHORTEST_SECRET: Final = 4  # hiding a shorter one would make holes in every text

# What a server answers when the same credentials may work later (RFC 5530 §3).
_TEMPORARY: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})


async def open_session(config: ConnectionConfig) -> IMAPProtocol:
    """Connect, secure the connection and log in.

    Cancelling closes whatever was open.

    Raises:
        IMAPConnectError: no session came about.
        IMAPTimeoutError: not within ``config.connect_timeout``.
        IMAPAuthenticationError: the server refused the credentials.
        IMAPCapabilityError: it offers no way to log in that aiosage knows.
    """
    loop = asyncio.get_running_loop()
    protocol = IMAPProtocol(
        loop,
        limits=config.limits,
        read_timeout=config.read_timeout,
        secrets=_secrets(config),
    )
    step = _CONNECT
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
            await _log_in(config, protocol)
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
            raise step.error(
                f"{step.doing} {config.address}: {error.message}",
                hint=error.hint or step.hint,
            ) from error
        raise
    return protocol


def _secrets(config: ConnectionConfig) -> tuple[str, ...]:
    """Return what a server may send back to us and nobody must see."""
    password = config.password.reveal()
    if len(password) < _SHORTEST_SECRET:
        return ()
    plain = f"\0{config.username}\0{password}".encode(errors="replace")
    quoted = password.replace("\\", r"\\").replace('"', r"\"")
    return password, quoted, base64.b64encode(plain).decode("ascii")


async def _connect(
    config: ConnectionConfig, protocol: IMAPProtocol, context: ssl.SSLContext | None
) -> None:
    loop = asyncio.get_running_loop()
    implicit = context if config.security is Security.TLS else None
    try:
        await loop.create_connection(
            lambda: protocol, config.host, config.effective_port, ssl=implicit
        )
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


async def run(protocol: IMAPProtocol, command: Command[object]) -> Status:
    """Send *command* and return its tagged response, whatever it says."""
    pending = await protocol.submit(command)
    return pending.done.result()


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
    protocol.resume_over(transport)


async def ensure_capabilities(protocol: IMAPProtocol) -> None:
    """Ask for the capabilities unless the server has told them unasked."""
    if not protocol.capabilities:
        await run(protocol, Capability())


async def _log_in(config: ConnectionConfig, protocol: IMAPProtocol) -> None:
    if protocol.session_state is not SessionState.NOT_AUTHENTICATED:
        await ensure_capabilities(protocol)
        return
    await ensure_capabilities(protocol)
    command = _login_command(config, protocol.capabilities)
    protocol.capabilities = set()  # what was announced before logging in is void
    try:
        status = await run(protocol, command)
    except ValueError:
        # Without its cause: that may hold the password.
        raise IMAPAuthenticationError(
            f"{config.address} cannot be sent this user name or password",
            hint="They hold NUL or what is not a character: check where they come"
            " from.",
        ) from None
    if status.condition is not Condition.OK:
        raise _refused(config, status)
    await ensure_capabilities(protocol)


def _login_command(config: ConnectionConfig, capabilities: set[str]) -> Command[None]:
    """Return the best way to log in that the server offers.

    PLAIN before LOGIN: it can say any character.
    """
    if "AUTH=PLAIN" in capabilities:
        return AuthenticatePlain(
            config.username, config.password, "SASL-IR" in capabilities
        )
    if "LOGINDISABLED" not in capabilities:
        return Login(config.username, config.password)
    if config.security is Security.PLAIN:
        hint = "Use security='tls' or 'starttls': the server wants passwords encrypted."
    else:
        hint = "It may want OAuth 2.0 or another mechanism."
    raise IMAPCapabilityError(
        f"{config.address} offers no way to log in with a password",
        capability="AUTH=PLAIN",
        hint=hint,
    )


def _refused(config: ConnectionConfig, status: Status) -> IMAPAuthenticationError:
    code = status.code.name if status.code else None
    retryable = code in _TEMPORARY
    return IMAPAuthenticationError(
        f"{config.address} refused to log in {config.username!r}: {status.text}",
        code=code,
        text=status.text,
        retryable=retryable,
        hint="Try again later."
        if retryable
        else "Check user name and password; many providers want an app password.",
    )
