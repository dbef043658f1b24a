"""Parts of messages that are on the server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..model import MessagePart, MessageSet


@dataclass(frozen=True, slots=True)
class MessageSection:
    """Part of a message that is on the server.

    Attributes:
        mailbox: where the message is.
        uid: of the message.
        section: ``2.MIME`` for the header of an attachment, ``2`` for what it
            holds, as it is encoded; ``HEADER``, ``TEXT``, or "" for the whole
            message (RFC 9051 §6.4.5.1).
        uidvalidity: of the mailbox; None for whichever it has.
    """

    mailbox: str
    uid: int
    section: str = ""
    uidvalidity: int | None = None

    def __post_init__(self) -> None:
        """Check the UID and the section."""
        MessageSet([self.uid])
        MessagePart.section(self.section)

    @property
    def messages(self) -> MessageSet:
        """The message."""
        return MessageSet(
            [self.uid], mailbox=self.mailbox, uidvalidity=self.uidvalidity
        )

    @property
    def part(self) -> MessagePart:
        """The section as it is fetched."""
        return MessagePart.section(self.section)

    @property
    def url(self) -> str:
        """The IMAP URL, relative to the server (RFC 5092 §7)."""
        url = "/" + quote(self.mailbox)
        if self.uidvalidity is not None:
            url += f";UIDVALIDITY={self.uidvalidity}"
        url += f"/;UID={self.uid}"
        return f"{url}/;SECTION={self.section.upper()}" if self.section else url
