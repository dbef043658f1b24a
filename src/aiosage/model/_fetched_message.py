"""A message of a mailbox, as a server told of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._message import EmailMessage
from ._message_set import MessageSet


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class FetchedMessage(EmailMessage):
    r"""A message that was fetched: which one it is, is known for certain.

    What takes messages takes it as it is: ``inbox.move(message, "Archive")``.

    Its ``flags`` are without ``\Recent``, which is not the message's but the
    session's (RFC 3501 §2.3.2), and is no more in RFC 9051.

    Attributes:
        uid: its UID.
        mailbox: where it is.
        uidvalidity: of its UID; None if the server does not tell.
    """

    # Without `field` these would have the defaults of the base.
    uid: int = field()
    mailbox: str = field()
    uidvalidity: int | None = None

    @property
    def messages(self) -> MessageSet:
        """The message as a set."""
        return MessageSet(
            [self.uid], mailbox=self.mailbox, uidvalidity=self.uidvalidity
        )
