"""Commands of any state and those before login (RFC 9051 §6.1, §6.2)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Final

from ._arguments import Arguments
from ._refusal import Bad, No
from ._session import Session

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]+={0,2}|=")


async def capability(session: Session, arguments: Arguments, uid: bool) -> str:
    """CAPABILITY."""
    arguments.end()
    session.write(b"* CAPABILITY " + session.capability_list + b"\r\n")
    return "Capability completed."


async def noop(session: Session, arguments: Arguments, uid: bool) -> str:
    """NOOP: an occasion to tell the news."""
    arguments.end()
    return "NOOP completed."


async def logout(session: Session, arguments: Arguments, uid: bool) -> str:
    """LOGOUT: says BYE; the connection is closed after the answer."""
    arguments.end()
    session.unselect()
    session.write(b"* BYE Logging out\r\n")
    session.is_over = True
    return "Logout completed."


async def unauthenticate(session: Session, arguments: Arguments, uid: bool) -> str:
    """UNAUTHENTICATE (RFC 8437): everything but the connection is anew."""
    arguments.end()
    session.log_out()
    return "Unauthenticate completed."


async def identify(session: Session, arguments: Arguments, uid: bool) -> str:
    """ID (RFC 2971)."""
    arguments.space()
    if not arguments.accept(b"NIL"):
        arguments.open()
        while not arguments.accept(b")"):
            arguments.string()
            arguments.space()
            if not arguments.accept(b"NIL"):
                arguments.string()
            arguments.accept(b" ")
    arguments.end()
    session.write(b'* ID ("name" "aiosage MemoryServer")\r\n')
    return "ID completed."


async def starttls(session: Session, arguments: Arguments, uid: bool) -> str:
    """STARTTLS; what the client sent along is dropped (RFC 9051 §11.1)."""
    arguments.end()
    context = session.settings.ssl_context
    is_encrypted = session.stream.is_encrypted
    capabilities = session.settings.capabilities
    if context is None or not capabilities.offers_starttls(is_encrypted=is_encrypted):
        raise Bad("TLS is not available")
    session.write(session.tag + b" OK Begin TLS negotiation now.\r\n")
    await session.start_tls(context)
    return ""


async def login(session: Session, arguments: Arguments, uid: bool) -> str:
    """LOGIN."""
    arguments.space()
    username = arguments.astring()
    arguments.space()
    password = arguments.astring()
    arguments.end()
    return _log_in(session, username, password)


async def authenticate(session: Session, arguments: Arguments, uid: bool) -> str:
    """AUTHENTICATE PLAIN, with and without initial response (RFC 4616, 4959)."""
    arguments.space()
    mechanism = arguments.keyword("a mechanism")
    _require_privacy(session)
    if mechanism != "PLAIN" or not session.offers("AUTH=PLAIN"):
        raise No("Unsupported authentication mechanism.")
    if arguments.accept(b" "):
        session.require("SASL-IR", "An initial response")
        response = arguments.match(_BASE64, "base64")[0]
        arguments.end()
    else:
        session.write(b"+ \r\n")
        await session.flush()
        response = await session.stream.read_line(session.settings.max_line)
        if response == b"*":
            raise Bad("Authentication aborted by client.")
    try:
        decoded = base64.b64decode(b"" if response == b"=" else response, validate=True)
    except binascii.Error:
        raise No("Invalid base64 in response") from None
    identity, *credentials = decoded.split(b"\0")
    if len(credentials) != 2 or identity not in (b"", credentials[0]):
        raise _failed()
    return _log_in(session, *credentials)


def _log_in(session: Session, username: bytes, password: bytes) -> str:
    _require_privacy(session)
    account = session.settings.find_account(username.decode("utf-8", "replace"))
    expected = account.password.reveal().encode() if account else b""
    if account is None or not hmac.compare_digest(expected, password):
        raise _failed()
    session.log_in(account)
    return f"[CAPABILITY {session.capability_list.decode()}] Logged in"


def _require_privacy(session: Session) -> None:
    is_encrypted = session.stream.is_encrypted
    if not session.settings.capabilities.allows_login(is_encrypted=is_encrypted):
        raise No(
            "Plaintext authentication is not allowed without TLS.",
            code="PRIVACYREQUIRED",
        )


def _failed() -> No:
    return No("Authentication failed.", code="AUTHENTICATIONFAILED")
