"""NOTIFY: hear of changes in any mailbox as they happen (RFC 5465)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from ...model import MessagePart
from .._encoder import Encoder
from ..responses import Status, StatusData, Untagged
from ._command import Command
from ._mailboxes import statuses


class NotifyEvent(StrEnum):
    """What can happen (RFC 5465 §5)."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    ANNOTATION_CHANGE = "AnnotationChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


class NotifyFilter(StrEnum):
    """Where it can happen (RFC 5465 §6)."""

    SELECTED = "selected"
    """In the open mailbox, told at once."""
    SELECTED_DELAYED = "selected-delayed"
    """Likewise, but expunges are told only when message numbers are not in use."""
    INBOXES = "inboxes"
    """Where mail may be delivered to."""
    PERSONAL = "personal"
    SUBSCRIBED = "subscribed"
    SUBTREE = "subtree"
    """In the mailboxes named, and those below them."""
    MAILBOXES = "mailboxes"
    """In the mailboxes named."""


_OPEN_MAILBOX: Final = {NotifyFilter.SELECTED, NotifyFilter.SELECTED_DELAYED}
_NAMED: Final = {NotifyFilter.SUBTREE, NotifyFilter.MAILBOXES}
_COME_AND_GO: Final = {NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE}
_OF_MESSAGES: Final = _COME_AND_GO | {
    NotifyEvent.FLAG_CHANGE,
    NotifyEvent.ANNOTATION_CHANGE,
}


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Which events are told of which mailboxes (RFC 5465 §8, event-group).

    Attributes:
        where: in which mailboxes.
        events: what; none at all says that nothing is to be told of them.
        mailboxes: names, for SUBTREE and MAILBOXES.
        fetch: what is told of each new message; only of the open mailbox.

    Raises:
        ValueError: these do not go together.
    """

    where: NotifyFilter
    events: frozenset[NotifyEvent]
    mailboxes: tuple[str, ...] = ()
    fetch: tuple[MessagePart, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.mailboxes) != (self.where in _NAMED):
            raise ValueError(
                f"{self.where}: mailboxes are named for subtree, mailboxes"
            )
        if self.events & _OF_MESSAGES and not self.events >= _COME_AND_GO:
            raise ValueError("message events need MessageNew and MessageExpunge")
        if self.where in _OPEN_MAILBOX and not self.events <= _OF_MESSAGES:
            raise ValueError(f"{self.where} has events of messages only")
        if self.fetch and (
            self.where not in _OPEN_MAILBOX
            or NotifyEvent.MESSAGE_NEW not in self.events
        ):
            raise ValueError("items are fetched of new messages in the open mailbox")

    def encode(self, to: Encoder) -> None:
        """Write the filter and the events, MessageNew first with its items."""
        to.open().keyword(self.where)
        if self.mailboxes:
            to.open()
            for mailbox in self.mailboxes:
                to.mailbox(mailbox)
            to.close()
        if self.events:
            to.open()
            for event in NotifyEvent:
                if event in self.events:
                    to.keyword(event)
                    if self.fetch and event is NotifyEvent.MESSAGE_NEW:
                        self._encode_fetch(to)
            to.close()
        else:
            to.keyword("NONE")
        to.close()

    def _encode_fetch(self, to: Encoder) -> None:
        to.open()
        for item in self.fetch:
            to.verbatim(item.wire)
        to.close()


@dataclass(frozen=True, slots=True)
class Notify(Command[tuple[StatusData, ...]]):
    """Choose what the server tells unasked (RFC 5465 §3).

    It replaces what was chosen before, and what is not chosen is not told any
    more, not even of the open mailbox. News reaches the listeners of the
    connection: `StatusData`, `ListData`, `MetadataChangedData`, and of the open
    mailbox `FetchData`, `ExpungeData` and their like. After an untagged OK with
    the code NOTIFICATIONOVERFLOW nothing more is told.

    Attributes:
        groups: a mailbox follows the first that fits; none is ``NOTIFY NONE``.
        status: hear at once how each of the mailboxes stands.

    Raises:
        ValueError: the open mailbox is in two groups, or there is a status of
            no group.
    """

    groups: tuple[EventGroup, ...]
    status: bool = False

    name: ClassVar = "NOTIFY"
    requires: ClassVar = "NOTIFY"
    claims: ClassVar = (StatusData,)

    def __post_init__(self) -> None:
        if sum(group.where in _OPEN_MAILBOX for group in self.groups) > 1:
            raise ValueError("the open mailbox can be in one group only")
        if self.status and not self.groups:
            raise ValueError("NOTIFY NONE has no STATUS")

    def encode(self, to: Encoder) -> None:
        """Write the groups."""
        to.keyword(self.name)
        if not self.groups:
            to.keyword("NONE")
            return
        to.keyword("SET")
        if self.status:
            to.keyword("STATUS")
        for group in self.groups:
            group.encode(to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[StatusData, ...]:
        """Return how the mailboxes stand, if that was asked for, each once."""
        if not self.status:
            return ()
        return tuple(statuses(untagged).values())
