"""A mailbox in memory: its messages, and who watches them change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from ...model import MAX_UID, EmailMessage, Flag, Rights
from ._mime import Part, parse_message

_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_NO_FLAGS: Final[frozenset[Flag]] = frozenset()

SYSTEM_FLAGS: Final = (
    Flag.ANSWERED,
    Flag.FLAGGED,
    Flag.DELETED,
    Flag.SEEN,
    Flag.DRAFT,
)
"""In the order they are listed in responses."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it was when ``MemoryMailbox.messages`` was read."""

    uid: int
    flags: frozenset[Flag]
    internal_date: datetime  # aware
    raw: bytes
    modseq: int  # mod-sequence of the last change (RFC 7162)


class Message:
    """A message in a mailbox. Its octets never change; its flags do."""

    __slots__ = (
        "_part",
        "flags",
        "internal_date",
        "modseq",
        "raw",
        "save_date",
        "uid",
    )

    def __init__(
        self, raw: bytes, flags: frozenset[Flag], internal_date: datetime
    ) -> None:
        self.uid = 0  # given by the mailbox it is added to
        self.modseq = 0
        self.raw = raw
        self.flags = flags
        self.internal_date = internal_date
        self.save_date = internal_date  # until the mailbox knows better
        self._part: Part | None = None

    @property
    def part(self) -> Part:
        """The MIME structure, found when first asked for."""
        if self._part is None:
            self._part = parse_message(self.raw)
        return self._part

    @property
    def email(self) -> EmailMessage:
        """What a client would know that has fetched it whole."""
        return EmailMessage(
            uid=self.uid,
            flags=self.flags,
            internal_date=self.internal_date,
            size=len(self.raw),
            modseq=self.modseq,
            raw=self.raw,
        )

    @property
    def email_id(self) -> bytes:
        """What copies of it have in common (RFC 8474 §5.1)."""
        return b"M" + hashlib.sha256(self.raw).hexdigest()[:32].encode()

    def copy(self) -> Message:
        """Return the same message, for another mailbox."""
        message = Message(self.raw, self.flags, self.internal_date)
        message._part = self._part
        return message


class Watcher(Protocol):
    """Who is told of changes; called at once, and must not wait."""

    def on_delivered(self) -> None:
        """Messages were added at the end."""

    def on_flags_changed(self, uid: int) -> None:
        """The flags of a message are no longer what they were."""

    def on_expunged(self, messages: list[Message]) -> None:
        """Messages, ascending by UID, are gone."""

    def on_closed(self) -> None:
        """The mailbox was deleted or renamed: nothing more will be told."""


class MemoryMailbox:
    """One mailbox of a ``MemoryServer`` account, as a test author sees it.

    Its methods are what happens behind a client's back: other clients and the
    delivery of mail. Sessions that have it selected hear of every change.
    """

    def __init__(
        self,
        name: str,
        *,
        uidvalidity: int,
        special_use: Flag | None = None,
    ) -> None:
        """Made by ``MemoryAccount.create_mailbox``."""
        self._messages: dict[int, Message] = {}  # by UID, ascending
        self._watchers: list[Watcher] = []
        self._flag_order: dict[Flag, int] = {}
        self._rendered: dict[frozenset[Flag], bytes] = {}
        self.name = name
        self.special_use = special_use
        self.uidvalidity = uidvalidity
        self.mailbox_id = b"F%d" % uidvalidity  # which it keeps (RFC 8474 §4)
        self.uidnext = 1
        self.highestmodseq = 1
        self.metadata: dict[str, bytes] = {}
        self.acl: dict[str, Rights] | None = None  # the owner's alone
        self.first_recent = 1  # from this UID on, no session was told yet
        for flag in SYSTEM_FLAGS:
            self._flag_order[flag] = len(self._flag_order)

    def __repr__(self) -> str:
        return f"<MemoryMailbox {self.name!r}: {len(self._messages)} messages>"

    @property
    def messages(self) -> list[StoredMessage]:
        """The messages there are now, ascending by UID."""
        return [
            StoredMessage(m.uid, m.flags, m.internal_date, m.raw, m.modseq)
            for m in self._messages.values()
        ]

    @property
    def message_count(self) -> int:
        """How many messages there are now."""
        return len(self._messages)

    @property
    def uids(self) -> list[int]:
        """The UIDs there are now, ascending."""
        return list(self._messages)

    def deliver(
        self,
        raw: bytes,
        flags: Iterable[Flag | str] = (),
        date: datetime | None = None,
    ) -> int:
        """Add a message, as delivery or another client does; return its UID.

        Args:
            raw: the message; bare LF line ends become CRLF, NUL becomes 0x80.
            flags: its flags.
            date: its internal date, aware; None means now.

        Raises:
            ValueError: *raw* is empty, or *date* is naive.
        """
        if not raw:
            raise ValueError("a message has at least one octet")
        if date is not None and date.tzinfo is None:
            raise ValueError("the internal date must be aware of its time zone")
        message = new_message(raw, [_as_flag(flag) for flag in flags], date)
        return self.add([message])[0]

    def add_flags(self, uids: Iterable[int], *flags: Flag | str) -> None:
        """Add *flags* to the messages with *uids*; UIDs not there are ignored."""
        added = frozenset(map(_as_flag, flags))
        for message in self.find(uids):
            self.set_flags(message, message.flags | added)

    def remove_flags(self, uids: Iterable[int], *flags: Flag | str) -> None:
        """Remove *flags* from the messages with *uids*; others are ignored."""
        removed = frozenset(map(_as_flag, flags))
        for message in self.find(uids):
            self.set_flags(message, message.flags - removed)

    def expunge(self, uids: Iterable[int]) -> list[int]:
        r"""Remove the messages with *uids*, ``\Deleted`` or not; return theirs."""
        expunged = list(self.find(sorted(set(uids))))
        if not expunged:
            return []
        self.highestmodseq += 1
        for message in expunged:
            del self._messages[message.uid]
        for watcher in list(self._watchers):
            watcher.on_expunged(expunged)
        return [message.uid for message in expunged]

    # What follows is used by sessions.

    @property
    def flags(self) -> list[Flag]:
        """The flags in use: system flags, then keywords, oldest first."""
        return list(self._flag_order)

    def get(self, uid: int) -> Message | None:
        """Return the message with *uid*, or None."""
        return self._messages.get(uid)

    def find(self, uids: Iterable[int]) -> Iterator[Message]:
        """Yield the messages with *uids*, in that order, as they are reached."""
        for uid in uids:
            if (message := self._messages.get(uid)) is not None:
                yield message

    def uids_from(self, first: int) -> list[int]:
        """Return the UIDs from *first* on, ascending."""
        newest: list[int] = []
        for uid in reversed(self._messages):
            if uid < first:
                break
            newest.append(uid)
        newest.reverse()
        return newest

    def all(self) -> Iterable[Message]:
        """Return every message, ascending by UID."""
        return self._messages.values()

    def add(self, messages: Iterable[Message]) -> list[int]:
        """Add *messages* and return their UIDs."""
        uids: list[int] = []
        now = datetime.now(UTC).replace(microsecond=0)
        for message in messages:
            if self.uidnext >= MAX_UID:
                raise OverflowError("the mailbox has no UIDs left")
            self.highestmodseq += 1
            message.uid, message.modseq = self.uidnext, self.highestmodseq
            message.save_date = now
            message.flags = self._named(message.flags)
            self._messages[message.uid] = message
            uids.append(message.uid)
            self.uidnext += 1
        if uids:
            for watcher in list(self._watchers):
                watcher.on_delivered()
        return uids

    def set_flags(
        self, message: Message, flags: frozenset[Flag], *, by: Watcher | None = None
    ) -> bool:
        """Give *message* the *flags*; return whether that changed anything.

        Everyone but *by* is told.
        """
        if flags == message.flags:
            return False
        self.highestmodseq += 1
        message.flags = self._named(flags)
        message.modseq = self.highestmodseq
        for watcher in list(self._watchers):
            if watcher is not by:
                watcher.on_flags_changed(message.uid)
        return True

    def render_flags(self, flags: frozenset[Flag], *, is_recent: bool) -> bytes:
        r"""Return *flags* as a list, with ``\Recent`` where it is true."""
        rendered = self._rendered.get(flags)
        if rendered is None:
            ordered = sorted(flags, key=self._flag_order.__getitem__)
            system = [flag for flag in ordered if flag.is_system]
            keywords = ordered[len(system) :]
            rendered = " ".join([*system, "\\Recent", *keywords]).encode()
            if len(self._rendered) > 1000:
                self._rendered.clear()
            self._rendered[flags] = rendered
        if not is_recent:
            rendered = b" ".join(rendered.replace(b"\\Recent", b"").split())
        return b"(" + rendered + b")"

    def watch(self, watcher: Watcher) -> None:
        """Tell *watcher* of changes from now on."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Stop telling *watcher*."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def close(self) -> None:
        """Tell everyone that the mailbox is no more what they selected."""
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher.on_closed()

    def move_contents(self, target: MemoryMailbox, uidvalidity: int) -> None:
        """Become empty with a new *uidvalidity*; *target* becomes what this was."""
        self.close()
        target._messages, self._messages = self._messages, {}
        target._flag_order = dict(self._flag_order)
        target.uidvalidity, self.uidvalidity = self.uidvalidity, uidvalidity
        target.uidnext, self.uidnext = self.uidnext, 1
        target.first_recent, self.first_recent = self.first_recent, 1
        target.highestmodseq, self.highestmodseq = self.highestmodseq, 1

    def _named(self, flags: frozenset[Flag]) -> frozenset[Flag]:
        """Return *flags*; keywords seen for the first time join the list."""
        if not flags:
            return _NO_FLAGS
        for flag in flags:
            if flag not in self._flag_order:
                self._flag_order[flag] = len(self._flag_order)
        return flags


def new_message(raw: bytes, flags: Iterable[Flag], date: datetime | None) -> Message:
    """Return a message of *raw*, made fit for the wire, not yet in a mailbox.

    Line ends become CRLF; NUL, which no literal may hold (RFC 3501 §4.3),
    becomes 0x80.
    """
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = _BARE_LF.sub(b"\r\n", raw)
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"\x80")
    date = datetime.now(UTC) if date is None else date
    date = date.astimezone(UTC).replace(microsecond=0)
    return Message(raw, frozenset(flags), date)


def _as_flag(flag: Flag | str) -> Flag:
    flag = flag if isinstance(flag, Flag) else Flag(flag)
    if flag == Flag.RECENT:
        raise ValueError("only the server itself gives \\Recent")
    return flag
