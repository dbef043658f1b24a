"""Mailboxes as a server lists them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ._flags import Flag


class SpecialUse(StrEnum):
    """What a mailbox is for (RFC 6154 §2)."""

    ALL = "\\All"
    ARCHIVE = "\\Archive"
    DRAFTS = "\\Drafts"
    FLAGGED = "\\Flagged"
    IMPORTANT = "\\Important"
    JUNK = "\\Junk"
    SENT = "\\Sent"
    TRASH = "\\Trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxStatus:
    """How a mailbox stands (RFC 9051 §6.3.11); None for what was not told.

    Attributes:
        messages: how many it has.
        unseen: of these, those without the Seen flag.
        uidnext: a UID above all given so far.
        uidvalidity: of its UIDs.
        highest_modseq: of its changes (RFC 7162 §3.1.7).
        size: of all its messages, in octets (RFC 8438).
    """

    messages: int | None = None
    unseen: int | None = None
    uidnext: int | None = None
    uidvalidity: int | None = None
    highest_modseq: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """One line of LIST (RFC 9051 §7.3.1).

    Attributes:
        name: of the mailbox, as people write it.
        delimiter: between the levels of its name; None if it has no levels.
        attributes: as the server sent them.
    """

    name: str
    delimiter: str | None
    attributes: frozenset[Flag]

    @property
    def is_selectable(self) -> bool:
        """Whether it can hold messages, rather than only other mailboxes."""
        return self.attributes.isdisjoint({Flag("\\Noselect"), Flag("\\NonExistent")})

    @property
    def has_children(self) -> bool | None:
        r"""Whether there are mailboxes below it; None if not told (RFC 3348).

        ``\Noinferiors`` tells, too (RFC 9051 §6.3.9.4).
        """
        if Flag("\\HasChildren") in self.attributes:
            return True
        none = {Flag("\\HasNoChildren"), Flag("\\Noinferiors")}
        return None if self.attributes.isdisjoint(none) else False

    @property
    def special_use(self) -> SpecialUse | None:
        """What it is for, if the server says so (RFC 6154)."""
        for use in SpecialUse:
            if Flag(use) in self.attributes:
                return use
        return None
