"""What decides where a message is in a thread (RFC 5256 §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ._base_subject import base_subject, collation_key
from ._message import EmailMessage
from ._order import EARLIEST, sent_time

_MESSAGE_ID: Final = re.compile(
    r'<\s*+(?:"((?:[^"\\]|\\.)*+)"|([^<>@"]++))\s*+@([^<>@]++)>', re.DOTALL
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ThreadItem:
    """What the place of a message in a thread depends on.

    Attributes:
        number: its number or UID.
        sent: its sent date, in seconds since 1970 (RFC 5256 §2.2).
        subject: its base subject, as it is compared.
        is_reply: its subject says that it is a reply or a forward.
        message_id: normalized, without angle brackets; None if it has no valid one.
        references: the messages that it refers to, likewise, the oldest first.
    """

    number: int
    sent: float = EARLIEST
    subject: str = ""
    is_reply: bool = False
    message_id: str | None = None
    references: tuple[str, ...] = ()

    @classmethod
    def from_message(cls, number: int, message: EmailMessage) -> ThreadItem:
        """Return what is to be known of *message*.

        Args:
            number: what to call it: its number or UID.
            message: with its header, or the fields DATE, IN-REPLY-TO, MESSAGE-ID,
                REFERENCES and SUBJECT of it, and its INTERNALDATE.
        """
        base = base_subject(message.subject or "")
        own = _message_ids(message.message_id or "")[:1]
        lines = message.headers.raw("References") if message.header_bytes else []
        references = _message_ids(b"".join(lines[:1]).decode("utf-8", "replace"))
        return cls(
            number,
            sent_time(message),
            collation_key(base.text),
            base.is_reply,
            own[0] if own else None,
            tuple(references or _message_ids(message.in_reply_to or "")[:1]),
        )


def _message_ids(text: str) -> list[str]:
    """Return the valid message ids in *text*, normalized: quoting does not count."""
    found: list[str] = []
    for quoted, plain, domain in _MESSAGE_ID.findall(text):
        local = _ESCAPED.sub(r"\1", quoted) if quoted else _SPACES.sub("", plain)
        found.append(f"{local}@{_SPACES.sub('', domain)}")
    return found
