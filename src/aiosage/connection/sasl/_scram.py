"""SCRAM: both sides prove that they know the password (RFC 5802, RFC 7677).

The arithmetic and SASLprep are scramp's, an extra.
"""

from __future__ import annotations

import ssl
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, TypeAlias

from ...errors import IMAPConfigurationError
from ...model import Secret
from ._mechanism import Credentials, Mechanism, SaslError, octets

MAX_ITERATIONS: Final = 600_000
"""Rounds of hashing a server may ask for: 0.2 to 0.5 s, in which nothing else is
done. Usual are 4096, about 1 ms."""

Binding: TypeAlias = tuple[str, ssl.SSLObject]
"""The type of a channel binding, and the TLS session it is taken from."""


class _Client(Protocol):
    """What is used of ``scramp.ScramClient``, which carries no types."""

    iterations: object

    def get_client_first(self) -> str: ...
    def set_server_first(self, message: str) -> None: ...
    def get_client_final(self) -> str: ...
    def set_server_final(self, message: str) -> None: ...


def is_scram_installed() -> bool:
    """Return whether the extra is there."""
    return find_spec("scramp") is not None


def tls_binding(session: object) -> Binding | None:
    """Return what binds a login to the TLS *session*; None if nothing can.

    tls-unique up to TLS 1.2, which is what RFC 5802 §6.1 expects there, and
    tls-server-end-point beyond: Python does not tell tls-exporter (RFC 9266).
    """
    if not isinstance(session, ssl.SSLObject) or not is_scram_installed():
        return None
    has_unique = session.version() != "TLSv1.3" and session.get_channel_binding()
    binding = ("tls-unique" if has_unique else "tls-server-end-point", session)
    try:
        Scram("SCRAM-SHA-256-PLUS", Credentials("a", Secret("a")), binding=binding)
    except ValueError:  # of some kinds of certificate there is no hash (RFC 5929 §4.1)
        return None
    return binding


class Scram(Mechanism):
    """One of the SCRAM family.

    Args:
        name: such as ``SCRAM-SHA-256-PLUS``.
        credentials: user name and password.
        binding: for the -PLUS forms. Otherwise it tells the server that we
            would have bound the channel, had it been offered, so that a
            downgrade shows (RFC 5802 §6); None if it was offered.
        nonce: ours; None for a random one.

    Raises:
        ValueError: the user name or password cannot be sent.
        IMAPConfigurationError: the extra is not installed.
    """

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        binding: Binding | None = None,
        nonce: str | None = None,
    ) -> None:
        super().__init__(name)
        octets(credentials.username)
        octets(credentials.password)
        try:
            scramp = import_module("scramp")
        except ImportError:
            raise IMAPConfigurationError(
                [f"auth: {name} needs scramp: pip install 'aiosage[auth]'"]
            ) from None
        self._error: type[Exception] = scramp.ScramException
        self._step = 0
        try:
            self._client: _Client = scramp.ScramClient(
                [name],
                credentials.username,
                credentials.password.reveal(),
                channel_binding=binding,
                c_nonce=nonce,
            )
        except self._error as error:
            raise ValueError(str(error)) from None
        self.is_complete = False

    def _initial(self) -> bytes:
        return self._client.get_client_first().encode("utf-8")

    def _respond(self, challenge: bytes) -> bytes:
        self._step += 1
        try:
            message = challenge.decode("utf-8")
            if self._step == 1:
                return self._final(message)
            if self._step == 2:
                self._client.set_server_final(message)
                self.is_complete = True
                return b""
        except self._error as error:
            raise SaslError(f"{self.name}: {error}") from None
        except ValueError:  # not UTF-8, or not a number where one belongs
            raise SaslError(f"{self.name}: a message of the server is broken") from None
        return super()._respond(challenge)

    def _final(self, message: str) -> bytes:
        self._client.set_server_first(message)
        if int(str(self._client.iterations)) > MAX_ITERATIONS:
            raise SaslError(
                f"{self.name}: the server wants more than {MAX_ITERATIONS} iterations"
            )
        self.has_proved = True
        return self._client.get_client_final().encode("utf-8")
