"""Mailboxes as a server lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ._flags import Flag
from ._rights import Rights


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


# What XLIST calls them, which came before RFC 6154.
_XLIST: Final = {
    Flag("\\AllMail"): SpecialUse.ALL,
    Flag("\\Spam"): SpecialUse.JUNK,
    Flag("\\Starred"): SpecialUse.FLAGGED,
}


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
        recent: how many no session has been told of before (RFC 3501 §2.3.2).
        deleted: how many have the Deleted flag.
        deleted_storage: what expunging these would free, in units of 1024 octets
            (RFC 9208 §4.1.4).
        append_limit: the largest message it takes, in octets (RFC 7889 §4).
        mailbox_id: what it keeps when it is renamed (RFC 8474 §4.3).
    """

    messages: int | None = None
    unseen: int | None = None
    uidnext: int | None = None
    uidvalidity: int | None = None
    highest_modseq: int | None = None
    size: int | None = None
    recent: int | None = None
    deleted: int | None = None
    deleted_storage: int | None = None
    append_limit: int | None = None
    mailbox_id: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """One line of LIST (RFC 9051 §7.3.1).

    Attributes:
        name: of the mailbox, as people write it.
        delimiter: between the levels of its name; None if it has no levels.
        attributes: as the server sent them.
        is_subscribed: whether it is on the list of subscribed ones; None if that
            was not told.
        status: how it stands; None if that was not asked for, or not told, as of
            one that cannot be selected.
        rights: what the user may do with it; None likewise.
        metadata: annotations by name of entry in lower case; None likewise.
    """

    name: str
    delimiter: str | None
    attributes: frozenset[Flag]
    is_subscribed: bool | None = field(default=None, kw_only=True)
    status: MailboxStatus | None = field(default=None, kw_only=True)
    rights: Rights | None = field(default=None, kw_only=True)
    metadata: Mapping[str, bytes | None] | None = field(
        default=None, kw_only=True, repr=False, hash=False
    )

    @property
    def level(self) -> str:
        """The last level of its name, which is what to show in a tree."""
        return self.name.rpartition(self.delimiter)[2] if self.delimiter else self.name

    @property
    def parent(self) -> str | None:
        """The name of the mailbox above it; None on the first level."""
        if not self.delimiter:
            return None
        return self.name.rpartition(self.delimiter)[0] or None

    @property
    def exists(self) -> bool:
        """Whether there is such a mailbox, rather than a mere name of one."""
        return Flag("\\NonExistent") not in self.attributes

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
        uses = (use for name, use in _XLIST.items() if name in self.attributes)
        return next(uses, None)
