"""Why a command is refused: what becomes a tagged NO or BAD."""

from __future__ import annotations


class Refusal(Exception):
    """A command ends here, with *response* after its tag (RFC 9051 §7.1)."""

    status = b"NO"

    def __init__(self, text: str, *, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code

    @property
    def response(self) -> bytes:
        """The status, the response code and the text."""
        code = f"[{self.code}] " if self.code else ""
        return self.status + b" " + (code + self.text).encode()


class No(Refusal):
    """The command was understood, but fails."""


class Bad(Refusal):
    """The command is not valid IMAP, or not valid now."""

    status = b"BAD"
