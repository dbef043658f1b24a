"""Which messages a caller means, in whatever way they are named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..model import FetchedMessage, IMAPSearchCriteria, MessageSet
from ._access import MailboxAccess
from ._results import CopyResult, SortResult, ThreadResult
from ._searching import search

AnyMessages: TypeAlias = (
    MessageSet
    | IMAPSearchCriteria
    | SortResult
    | ThreadResult
    | CopyResult
    | FetchedMessage
    | Iterable[int | FetchedMessage]
)
"""What services take for messages: criteria are searched for first."""


@dataclass(frozen=True, slots=True)
class Named:
    """Messages as a caller named them, once each.

    Attributes:
        messages: all of them.
        uids: in the order given; None if they were given in none.
        is_sorted: that order is what they were sorted by.
    """

    messages: MessageSet
    uids: tuple[int, ...] | None = None
    is_sorted: bool = False


def snapshot(messages: AnyMessages) -> IMAPSearchCriteria | Named:
    """Return what is meant by *messages* as they are now.

    Raises:
        ValueError: some belong to another mailbox or life of it than others.
    """
    match messages:
        case IMAPSearchCriteria():
            return messages
        case MessageSet():
            return Named(messages)
        case SortResult():
            return Named(messages.messages, messages.uids, is_sorted=True)
        case ThreadResult() | CopyResult() | FetchedMessage():
            return Named(messages.messages)
        case bytes() | bytearray():
            raise TypeError("octets are no messages")
        case _:
            given = messages
    uids: dict[int, None] = {}
    by_owner: dict[tuple[str | None, int | None], list[int]] = {}
    for message in given:
        uid, owner = _uid_and_owner(message)
        uids[uid] = None
        by_owner.setdefault(owner, []).append(uid)
    named = MessageSet()
    for (mailbox, uidvalidity), some in by_owner.items():
        named |= MessageSet(some, mailbox=mailbox, uidvalidity=uidvalidity)
    return Named(named, tuple(uids))


def _uid_and_owner(
    message: int | FetchedMessage,
) -> tuple[int, tuple[str | None, int | None]]:
    if isinstance(message, FetchedMessage):
        return message.uid, (message.mailbox, message.uidvalidity)
    return message, (None, None)


async def resolve(access: MailboxAccess, named: IMAPSearchCriteria | Named) -> Named:
    """Return the messages that are *named*, as those of the mailbox of *access*.

    Raises:
        ValueError: they belong to another mailbox.
    """
    if isinstance(named, IMAPSearchCriteria):
        return Named(await search(access, named))
    messages = access.own(named.messages)
    if messages.is_open_ended:  # what there is of it only the server knows
        criteria = IMAPSearchCriteria.uid(messages)
        return Named(await search(access, criteria, of=messages))
    return named
