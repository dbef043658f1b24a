"""Mechanisms without a secret: EXTERNAL and ANONYMOUS."""

from __future__ import annotations

from ._mechanism import Credentials, Mechanism, octets


class External(Mechanism):
    """Who we are is known from elsewhere: the client certificate (RFC 4422 §A)."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__("EXTERNAL")
        self._authzid = octets(credentials.authzid or "")

    def _initial(self) -> bytes:
        self.has_proved = True
        return self._authzid


class Anonymous(Mechanism):
    """Nobody in particular; the user name is left as a trace (RFC 4505)."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__("ANONYMOUS")
        self._trace = octets(credentials.username)

    def _initial(self) -> bytes:
        self.has_proved = True
        return self._trace
