"""A store that lasts as long as the program."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from ..errors import UIDValidityChanged
from ..model import Flag, MessageSet
from ._store import (
    Changes,
    OpenedMailbox,
    StoreCounts,
    StoredMailbox,
    StoredMessage,
)


@dataclass(slots=True)
class _Mailbox:
    state: StoredMailbox
    messages: dict[int, tuple[StoredMessage, bytes]] = field(
        default_factory=dict[int, tuple[StoredMessage, bytes]]
    )


class MemoryStore:
    """A `Store` in dictionaries. Nothing waits, so every method is atomic."""

    def __init__(self) -> None:
        self._mailboxes: dict[tuple[str, str], _Mailbox] = {}

    async def open_mailbox(
        self, account: str, mailbox: str, uidvalidity: int
    ) -> OpenedMailbox:
        """See `Store.open_mailbox`."""
        entry = self._mailboxes.get((account, mailbox))
        dropped = 0
        if entry is None or entry.state.uidvalidity != uidvalidity:
            dropped = len(entry.messages) if entry else 0
            entry = _Mailbox(
                StoredMailbox(account=account, name=mailbox, uidvalidity=uidvalidity)
            )
            self._mailboxes[account, mailbox] = entry
        known = MessageSet(entry.messages, mailbox=mailbox, uidvalidity=uidvalidity)
        return OpenedMailbox(known, dropped)

    async def flags(
        self, account: str, mailbox: str, messages: MessageSet
    ) -> dict[int, frozenset[Flag]]:
        """See `Store.flags`."""
        entry = self._mailboxes.get((account, mailbox))
        return {
            uid: message.flags
            for uid, (message, _) in (entry.messages if entry else {}).items()
            if uid in messages
        }

    async def commit(
        self, account: str, mailbox: str, uidvalidity: int, changes: Changes
    ) -> None:
        """See `Store.commit`."""
        entry = self._mailboxes.get((account, mailbox))
        if entry is None or entry.state.uidvalidity != uidvalidity:
            actual = entry.state.uidvalidity if entry else 0
            raise UIDValidityChanged(mailbox, uidvalidity, actual)
        for uid in [uid for uid in entry.messages if uid in changes.vanished]:
            del entry.messages[uid]
        for uid, flags in changes.flags.items():
            if uid in entry.messages:
                message, raw = entry.messages[uid]
                entry.messages[uid] = (replace(message, flags=flags), raw)
        for message, raw in changes.new:
            entry.messages.setdefault(message.uid, (message, raw))
        if changes.checkpoint is not None:
            entry.state = replace(
                entry.state,
                uidnext=changes.checkpoint.uidnext,
                highest_modseq=changes.checkpoint.highest_modseq,
                synced_at=changes.checkpoint.synced_at,
            )

    async def remove_mailbox(self, account: str, mailbox: str) -> None:
        """See `Store.remove_mailbox`."""
        self._mailboxes.pop((account, mailbox), None)

    async def accounts(self) -> tuple[str, ...]:
        """See `Store.accounts`."""
        return tuple(sorted({account for account, _ in self._mailboxes}))

    async def mailboxes(self, account: str) -> tuple[StoredMailbox, ...]:
        """See `Store.mailboxes`."""
        return tuple(
            entry.state
            for (owner, _), entry in sorted(self._mailboxes.items())
            if owner == account
        )

    async def messages(
        self, account: str, mailbox: str
    ) -> AsyncGenerator[StoredMessage]:
        """See `Store.messages`."""
        entry = self._mailboxes.get((account, mailbox))
        for _, (message, _raw) in sorted(entry.messages.items() if entry else ()):
            yield message

    async def raw(self, account: str, mailbox: str, uid: int) -> bytes | None:
        """See `Store.raw`."""
        entry = self._mailboxes.get((account, mailbox))
        found = entry.messages.get(uid) if entry else None
        return found[1] if found else None

    async def counts(self) -> StoreCounts:
        """See `Store.counts`."""
        bodies = [
            len(raw)
            for entry in self._mailboxes.values()
            for _, raw in entry.messages.values()
        ]
        return StoreCounts(
            len(await self.accounts()), len(self._mailboxes), len(bodies), sum(bodies)
        )
