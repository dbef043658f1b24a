"""Keeping secrets out of what a server says, which ends up in logs and errors."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ..wire import BadUrlCode, Code, EncodedCommand, Frame, ReferralCode, Status

SHORTEST_SECRET: Final = 4  # hiding a shorter one would make holes in every text
RECENT: Final = 64
"""How many secrets of commands are kept: what comes of one echoes it soon, if ever."""

HIDDEN: Final = "***"
"""What stands in the place of a secret."""

# The end of an authorized URL, which is all that is secret of it (RFC 4467 §6). No
# two ways to match: a text of many such beginnings takes time by its length.
_URLAUTH: Final = re.compile(r"(;urlauth=[^:;\s]*:[^:;\s]*:)[0-9a-z]+", re.IGNORECASE)

# Codes that may hold what the client said. Others are numbers and words of the
# protocol, and a UIDVALIDITY must not get lost since a password is part of it.
_TELLS_BACK: Final = (Code, BadUrlCode, ReferralCode)


class Redactor:
    """Blots secrets out of text: some servers send back what they were told.

    The keys of URLs authorized by URLAUTH are known by their form, too, since it
    is the server that makes them.

    Args:
        secrets: what nobody must see.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._recent: deque[str] = deque(maxlen=RECENT)
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Blot these out, too, for as long as the session lasts."""
        self._secrets += tuple(
            secret for secret in secrets if len(secret) >= SHORTEST_SECRET
        )

    def hide_secrets_of(self, encoded: EncodedCommand) -> None:
        """Blot out what is secret of a command, until `RECENT` others have come."""
        for secret in _secrets_of(encoded):
            if len(secret) < SHORTEST_SECRET:
                continue
            if secret in self._recent:
                self._recent.remove(secret)
            self._recent.append(secret)

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        for secret in self._all():
            text = text.replace(secret, HIDDEN)
        return _URLAUTH.sub(rf"\1{HIDDEN}", text)

    def status(self, status: Status) -> Status:
        """Return *status* without secrets in its text and its code."""
        text, code = self.text(status.text), status.code
        if type(code) in _TELLS_BACK:
            assert code is not None
            # The name was put into capitals.
            is_secret = any(secret.upper() == code.name for secret in self._all())
            if is_secret or self.text(code.text) != code.text:
                name = HIDDEN if is_secret else code.name
                return replace(status, text=text, code=Code(name, HIDDEN))
        return status if text == status.text else replace(status, text=text)

    def is_given_away_by(self, frame: Frame) -> bool:
        """Return whether a secret stands in *frame*."""
        return any(
            self.text(text) != text
            for text in (part.decode("utf-8", "surrogateescape") for part in frame)
        )

    def _all(self) -> Iterator[str]:
        yield from self._secrets
        yield from self._recent


def _secrets_of(encoded: EncodedCommand) -> Iterator[str]:
    """Yield the secrets of a command as they were sent, and as they are."""
    for flight, piece, start, stop in encoded.secrets:
        octets = encoded.flights[flight][piece][start:stop]
        text = octets.decode("utf-8", "surrogateescape")
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
            yield re.sub(r"\\(.)", r"\1", text)
        yield text
