"""Keeping secrets out of what a server says, which ends up in logs and errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..wire import Code, Frame, Status

SHORTEST_SECRET: Final = 4  # hiding a shorter one would make holes in every text


class Redactor:
    """Blots secrets out of text: some servers send back what they were told.

    Args:
        secrets: what nobody must see.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Blot these out, too."""
        self._secrets += tuple(
            secret for secret in secrets if len(secret) >= SHORTEST_SECRET
        )

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def status(self, status: Status) -> Status:
        """Return *status* without secrets in its text and its code."""
        if not self._secrets:
            return status
        status = replace(status, text=self.text(status.text))
        if status.code is not None and self.text(status.code.text) != status.code.text:
            status = replace(status, code=Code(status.code.name, "***"))
        return status

    def is_given_away_by(self, frame: Frame) -> bool:
        """Return whether a secret stands in *frame*."""
        return any(
            secret.encode("utf-8", "surrogatepass") in part
            for secret in self._secrets
            for part in frame
        )
