"""What every SASL mechanism is: a state machine that answers challenges.

::

    begin() -> initial response, or None if the server speaks first
    answer(challenge) -> answer ... until the server's tagged response

A run ends when the server says so; `Mechanism.failure` then tells whether an OK
may be believed. Nothing here does I/O.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ...model import Secret

MAX_CHALLENGE: Final = 16 * 2**10
"""Octets of the longest challenge looked at; real ones have some hundred."""


class SaslError(Exception):
    """The exchange cannot go on. The text is fit to show."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in, and by what.

    Attributes:
        authzid: as whom to act, if not as *username* (RFC 4422 §3.4.1).
        token: an OAuth 2.0 access token.
        host: name of the server, which OAUTHBEARER tells.
        port: likewise.
    """

    username: str
    password: Secret = field(default_factory=lambda: Secret(""))
    authzid: str | None = None
    token: Secret | None = None
    host: str = ""
    port: int = 0


class Mechanism(ABC):
    """One run of a SASL mechanism.

    Attributes:
        name: as ``AUTH=`` announces it.
        error: why the run was given up; empty if it was not.
        is_complete: whether the server has proved what it must.
        initial_response: as it was sent; None if not, or not yet.
        has_proved: whether the server has been sent anything that depends on
            the password or token. A refusal before that is not about them.
        details: what the server told of a refusal, beyond its text.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.error = ""
        self.is_complete = True
        self.initial_response: bytes | None = None
        self.has_proved = False
        self.details: Mapping[str, str] = {}
        self._begun = False

    @property
    def failure(self) -> str:
        """Why the run is no success, whatever the server says; empty if it may be."""
        if self.error or self.is_complete:
            return self.error
        return "the server has not proved that it knows the password"

    def begin(self) -> bytes | None:
        """Return the initial response; None if the server speaks first."""
        self._begun = True
        self.initial_response = self._initial()
        return self.initial_response

    def answer(self, challenge: bytes) -> bytes | None:
        """Return the answer to *challenge*; None to give the run up."""
        if not self._begun and (first := self.begin()) is not None:
            return first  # the challenge only asked for it
        if len(challenge) > MAX_CHALLENGE:
            self.error = f"a challenge is longer than {MAX_CHALLENGE} octets"
            return None
        try:
            return self._respond(challenge)
        except SaslError as error:
            self.error = str(error)
            return None

    @abstractmethod
    def _initial(self) -> bytes | None:
        """Return the initial response; None if the server speaks first."""

    def _respond(self, challenge: bytes) -> bytes:
        """Return the answer to a challenge after the initial response.

        Raises:
            SaslError: there is none.
        """
        raise SaslError(f"{self.name} has nothing more to say, but the server asks")


def octets(value: str | Secret) -> bytes:
    """Return *value* as mechanisms send it.

    Raises:
        ValueError: it holds NUL, or what is not a character.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    if "\0" in text:
        raise ValueError("NUL cannot stand in a user name or password")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # which would show all of it
        raise ValueError("half a surrogate pair is no character") from None
