"""`LegacyProtocol`: the calls of aioimaplib's protocol that it has otherwise."""

# What the base has decorated is to a type checker no method any more.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Coroutine
from typing import Any, cast

from aioimaplib import aioimaplib

from ..errors import IMAPProtocolError, IMAPTLSError
from ..model import Secret
from ..wire import Condition
from ..wire.commands import Authenticate, StartTls
from ._legacy_arguments import astring, quoted
from ._legacy_idle import LegacyIdle
from .sasl import MECHANISMS, SCRAM, Credentials, Mechanism, XOAuth2, make, tls_binding


class LegacyProtocol(LegacyIdle):
    """`aioimaplib.IMAP4ClientProtocol` on aiosage's engine."""

    async def capability(self) -> None:
        """Ask what the server can do.

        Raises:
            aioimaplib.Error: it speaks no IMAP4.
        """
        await self._simple("CAPABILITY")
        if self.imap_version is None:
            raise aioimaplib.Error("server not IMAP4 compliant")

    async def login(self, user: str, password: str) -> Any:
        """Log in; what the server can do then is known.

        Raises:
            aioimaplib.Abort: the server takes no passwords here.
        """
        if "LOGINDISABLED" in self.capabilities:
            raise aioimaplib.Abort("the server has LOGINDISABLED: use TLS or starttls")
        # Some servers send back what they were sent.
        self.redactor.hide(password, quoted(password)[1:-1])
        return await self._log_in(
            self._simple("LOGIN", astring(user), quoted(password))
        )

    async def xoauth2(self, user: str, token: str | bytes) -> Any:
        """Log in by XOAUTH2.

        Refused, it is NO; the server's reasons are the line before, as ``+ ``
        and base64.

        Raises:
            ValueError: user or token cannot be sent.
        """
        text = token if isinstance(token, str) else token.decode(errors="replace")
        run = XOAuth2(Credentials(user, token=Secret(text)))
        encoded = b64encode(run.begin() or b"").decode("ascii")
        self.redactor.hide(text, encoded)
        return await self._log_in(self._simple("AUTHENTICATE", "XOAUTH2", encoded))

    async def authenticate(self, mechanism: str, credentials: Credentials) -> Any:
        """Log in by a SASL mechanism that the server offers (RFC 9051 §6.2.2).

        Refused, it is NO; what the server told of the reasons comes before its text.

        Raises:
            ValueError: the credentials cannot be sent by it.
            IMAPConfigurationError: it needs an extra that is not installed.
            aioimaplib.Abort: the server does not offer it here, or has not proved
                what it must.
        """
        name = mechanism.upper()
        if self.state != aioimaplib.NONAUTH:
            raise aioimaplib.Abort(
                f"command AUTHENTICATE illegal in state {self.state}"
            )
        if name not in MECHANISMS or f"AUTH={name}" not in self.capabilities:
            raise aioimaplib.Abort(f"server has not AUTH={name} capability")
        offered = frozenset(map(str.upper, self.capabilities))
        session = self.socket_transport.get_extra_info("ssl_object")
        binding = tls_binding(session) if name in SCRAM else None
        if name.endswith("-PLUS") and binding is None:
            raise aioimaplib.Abort(f"{name} needs TLS")
        run = make(name, credentials, offered=offered, binding=binding)
        # Some servers name them in what they say.
        for secret in (credentials.password, credentials.token):
            self.redactor.hide(secret.reveal() if secret else "")
        return await self._log_in(self._authenticate(run, "SASL-IR" in offered))

    async def _authenticate(self, run: Mechanism, in_one: bool) -> Any:
        pending = self.start(Authenticate(run, in_one))
        if run.initial_response:
            self.redactor.hide(b64encode(run.initial_response).decode("ascii"))
        status = await self.finish(pending)
        if run.failure and (run.error or status.condition is Condition.OK):
            failure = IMAPProtocolError(f"{run.name} failed: {run.failure}")
            self.fail(failure)  # it is not the server that it should be
            raise failure
        reasons = [
            self.redactor.text(f"{name}: {told}").encode(errors="replace")
            for name, told in run.details.items()
        ]
        code = status.code
        shown = f"[{f'{code.name} {code.text}'.rstrip()}] " if code else ""
        lines = [*reasons, f"{shown}{status.text}".encode()]
        return aioimaplib.Response(status.condition.value, lines)

    async def _log_in(self, way: Coroutine[Any, Any, Any]) -> Any:
        before = self.capabilities
        response = await way
        if response.result == "OK" and self.capabilities is before:
            await self._simple("CAPABILITY")  # the server has not told them anew
        return response

    async def select(self, mailbox: str = "INBOX") -> Any:
        """Open a mailbox."""
        return await self._simple("SELECT", mailbox)

    async def close(self) -> Any:
        """Expunge and close the mailbox; the connection stays."""
        return await self._simple("CLOSE")

    async def logout(self) -> Any:
        """End the session."""
        return await self._simple("LOGOUT")

    async def _simple(self, name: str, *args: str) -> Any:
        command = aioimaplib.Command(name, self.new_tag(), *args, loop=self._running)
        return await self.execute(command)

    async def search(
        self, *criteria: str, charset: str | None = "utf-8", by_uid: bool = False
    ) -> Any:
        """Search; without CHARSET if the server does not know that one.

        Only criteria in ASCII can do without.
        """
        base = cast("Any", super())
        response = await base.search(*criteria, charset=charset, by_uid=by_uid)
        refused = response.result == "BAD" or (
            response.result == "NO" and b"[BADCHARSET" in response.lines[-1].upper()
        )
        if charset and refused and all(str(key).isascii() for key in criteria):
            return await base.search(*criteria, charset=None, by_uid=by_uid)
        return response

    async def uid(
        self,
        command: str,
        *criteria: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as aioimaplib has it
    ) -> Any:
        """Send one of the UID commands; also SEARCH, with the criteria as given."""
        if command.upper() == "SEARCH" and criteria:
            return await self.search(*criteria, charset=None, by_uid=True)
        return await cast("Any", super()).uid(command, *criteria, timeout=timeout)

    async def append(
        self,
        message_bytes: bytes | bytearray | memoryview,
        mailbox: str = "INBOX",
        flags: str | None = None,
        date: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as aioimaplib has it
    ) -> Any:
        """Store a message.

        Raises:
            TypeError: the message is no octets.
        """
        octets = message_bytes
        if not isinstance(octets, bytes):
            octets = bytes(memoryview(octets))  # as many as are announced
        return await cast("Any", super()).append(octets, mailbox, flags, date, timeout)

    async def starttls(
        self, context: ssl.SSLContext, server_hostname: str | None
    ) -> None:
        """Go on over TLS, or end the session: never go on in the clear.

        Raises:
            aioimaplib.Abort: the server does not offer it, or refused, or TLS
                failed, or there was something in the clear behind it.
        """
        if "STARTTLS" not in self.capabilities or self.state != aioimaplib.NONAUTH:
            raise aioimaplib.Abort("server has not STARTTLS capability here")
        try:
            status = (await self.submit(StartTls())).done.result()
            if status.condition is Condition.OK:
                await self._go_over_tls(context, server_hostname)
        except (OSError, IMAPProtocolError) as error:  # ssl.SSLError is one
            failure = IMAPTLSError(f"STARTTLS failed: {error}")
            self.fail(failure)
            raise failure from error
        except BaseException:
            self.fail(IMAPTLSError("STARTTLS was cancelled"))
            raise
        if status.condition is not Condition.OK:
            raise aioimaplib.Abort(f"server refused STARTTLS: {status.text}")
        await self.capability()

    async def _go_over_tls(
        self, context: ssl.SSLContext, server_hostname: str | None
    ) -> None:
        self.pause_for_tls()
        transport = await self._running.start_tls(
            self.socket_transport, self, context, server_hostname=server_hostname
        )
        if transport is None:
            raise ConnectionAbortedError
        self.transport = cast("Any", transport)  # which the base says is None
        self.go_through(transport)
