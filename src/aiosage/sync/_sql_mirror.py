"""The statements of a SQL store, on a connection within a transaction."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from ..errors import UIDValidityChanged
from ..model import Flag, MessageSet
from ._sql_schema import ACCOUNT, MAILBOX, MESSAGE
from ._store import (
    Changes,
    OpenedMailbox,
    StoreCounts,
    StoredMailbox,
    StoredMessage,
)

_WITHOUT_RAW: Final = [column for column in MESSAGE.c if column.name != "raw"]
_OF_ONE: Final = and_(
    MESSAGE.c.mailbox_id == bindparam("b_mailbox"), MESSAGE.c.uid == bindparam("b_uid")
)
_OF_RANGE: Final = and_(
    MESSAGE.c.mailbox_id == bindparam("b_mailbox"),
    MESSAGE.c.uid.between(bindparam("b_first"), bindparam("b_last")),
)


class _Found(NamedTuple):
    id: int
    uidvalidity: int


class SqlMirror:
    """The mirror as one transaction sees it. Knows no asyncio."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_mailbox(
        self, account: str, mailbox: str, uidvalidity: int
    ) -> OpenedMailbox:
        """See `Store.open_mailbox`."""
        found = self._find(account, mailbox)
        dropped = 0
        if found is not None and found.uidvalidity != uidvalidity:
            dropped = self._count(found.id)
            self._connection.execute(delete(MAILBOX).where(MAILBOX.c.id == found.id))
            found = None
        if found is None:
            self._connection.execute(
                insert(ACCOUNT).values(name=account).on_conflict_do_nothing()
            )
            owner = self._connection.scalar(
                select(ACCOUNT.c.id).where(ACCOUNT.c.name == account)
            )
            self._connection.execute(
                insert(MAILBOX).values(
                    account_id=owner, name=mailbox, uidvalidity=uidvalidity
                )
            )
            known = MessageSet()
        else:
            known = self._uids(found.id)
        return OpenedMailbox(known.bound_to(mailbox, uidvalidity), dropped)

    def flags(
        self, account: str, mailbox: str, messages: MessageSet
    ) -> dict[int, frozenset[Flag]]:
        """See `Store.flags`."""
        found = self._find(account, mailbox)
        if found is None:
            return {}
        # Messages share few combinations of flags: so do the values here.
        parsed: dict[str, frozenset[Flag]] = {}
        flags: dict[int, frozenset[Flag]] = {}
        statement = select(MESSAGE.c.uid, MESSAGE.c.flags).where(_OF_RANGE)
        for first, last in messages.ranges:
            rows = self._connection.execute(
                statement, {"b_mailbox": found.id, "b_first": first, "b_last": last}
            )
            for uid, text in rows:
                if text not in parsed:
                    parsed[text] = _flags_of(text)
                flags[uid] = parsed[text]
        return flags

    def commit(
        self, account: str, mailbox: str, uidvalidity: int, changes: Changes
    ) -> None:
        """See `Store.commit`."""
        found = self._find(account, mailbox)
        if found is None or found.uidvalidity != uidvalidity:
            actual = found.uidvalidity if found else 0
            raise UIDValidityChanged(mailbox, uidvalidity, actual)
        if changes.vanished:
            self._connection.execute(
                delete(MESSAGE).where(_OF_RANGE),
                [
                    {"b_mailbox": found.id, "b_first": first, "b_last": last}
                    for first, last in changes.vanished.ranges
                ],
            )
        if changes.flags:
            self._connection.execute(
                update(MESSAGE).where(_OF_ONE).values(flags=bindparam("b_flags")),
                [
                    {"b_mailbox": found.id, "b_uid": uid, "b_flags": _text_of(flags)}
                    for uid, flags in changes.flags.items()
                ],
            )
        if changes.new:
            self._connection.execute(
                insert(MESSAGE).on_conflict_do_nothing(),
                [
                    {
                        "mailbox_id": found.id,
                        "uid": message.uid,
                        "flags": _text_of(message.flags),
                        "internal_date": message.internal_date,
                        "size": message.size,
                        "subject": message.subject,
                        "sender": message.sender,
                        "recipients": message.recipients,
                        "date": message.date,
                        "message_id": message.message_id,
                        "sha256": message.sha256,
                        "raw": raw,
                    }
                    for message, raw in changes.new
                ],
            )
        if changes.checkpoint is not None:
            self._connection.execute(
                update(MAILBOX)
                .where(MAILBOX.c.id == found.id)
                .values(
                    uidnext=changes.checkpoint.uidnext,
                    highest_modseq=changes.checkpoint.highest_modseq,
                    synced_at=changes.checkpoint.synced_at,
                )
            )

    def remove_mailbox(self, account: str, mailbox: str) -> None:
        """See `Store.remove_mailbox`."""
        found = self._find(account, mailbox)
        if found is not None:
            self._connection.execute(delete(MAILBOX).where(MAILBOX.c.id == found.id))

    def accounts(self) -> tuple[str, ...]:
        """See `Store.accounts`."""
        statement = select(ACCOUNT.c.name).join(MAILBOX).distinct()
        return tuple(self._connection.scalars(statement.order_by(ACCOUNT.c.name)).all())

    def mailboxes(self, account: str) -> tuple[StoredMailbox, ...]:
        """See `Store.mailboxes`."""
        rows = self._connection.execute(
            select(MAILBOX)
            .join(ACCOUNT)
            .where(ACCOUNT.c.name == account)
            .order_by(MAILBOX.c.name)
        )
        return tuple(
            StoredMailbox(
                account=account,
                name=row.name,
                uidvalidity=row.uidvalidity,
                uidnext=row.uidnext,
                highest_modseq=row.highest_modseq,
                synced_at=row.synced_at,
            )
            for row in rows
        )

    def page(
        self, account: str, mailbox: str, after: int, limit: int
    ) -> list[StoredMessage]:
        """Return the first *limit* messages whose UID is above *after*."""
        rows = self._connection.execute(
            select(*_WITHOUT_RAW)
            .select_from(MESSAGE.join(MAILBOX).join(ACCOUNT))
            .where(_named(account, mailbox), MESSAGE.c.uid > after)
            .order_by(MESSAGE.c.uid)
            .limit(limit)
        )
        return [
            StoredMessage(
                uid=row.uid,
                flags=_flags_of(row.flags),
                internal_date=row.internal_date,
                size=row.size,
                subject=row.subject,
                sender=row.sender,
                recipients=row.recipients,
                date=row.date,
                message_id=row.message_id,
                sha256=row.sha256,
            )
            for row in rows
        ]

    def raw(self, account: str, mailbox: str, uid: int) -> bytes | None:
        """See `Store.raw`."""
        return self._connection.scalar(
            select(MESSAGE.c.raw)
            .select_from(MESSAGE.join(MAILBOX).join(ACCOUNT))
            .where(_named(account, mailbox), MESSAGE.c.uid == uid)
        )

    def counts(self) -> StoreCounts:
        """See `Store.counts`."""
        octets = func.coalesce(func.sum(func.length(MESSAGE.c.raw)), 0)
        messages, total = self._connection.execute(select(func.count(), octets)).one()
        mailboxes = self._connection.scalar(select(func.count(MAILBOX.c.id)))
        return StoreCounts(len(self.accounts()), mailboxes or 0, messages, total)

    def _find(self, account: str, mailbox: str) -> _Found | None:
        """Return the row of *mailbox*; None if there is none."""
        row = self._connection.execute(
            select(MAILBOX.c.id, MAILBOX.c.uidvalidity)
            .join(ACCOUNT)
            .where(_named(account, mailbox))
        ).one_or_none()
        return None if row is None else _Found(*row)

    def _count(self, mailbox_id: int) -> int:
        statement = select(func.count(MESSAGE.c.uid))
        found = self._connection.scalar(
            statement.where(MESSAGE.c.mailbox_id == mailbox_id)
        )
        return found or 0

    def _uids(self, mailbox_id: int) -> MessageSet:
        """Return the UIDs of a mailbox, put together to ranges by the database.

        In a run of UIDs the UID less its place in the order is the same.
        """
        place = func.row_number().over(order_by=MESSAGE.c.uid)
        runs = (
            select(MESSAGE.c.uid, (MESSAGE.c.uid - place).label("run"))
            .where(MESSAGE.c.mailbox_id == mailbox_id)
            .subquery()
        )
        rows = self._connection.execute(
            select(func.min(runs.c.uid), func.max(runs.c.uid)).group_by(runs.c.run)
        )
        return MessageSet.from_ranges((first, last) for first, last in rows)


def _named(account: str, mailbox: str) -> ColumnElement[bool]:
    return and_(ACCOUNT.c.name == account, MAILBOX.c.name == mailbox)


def _text_of(flags: frozenset[Flag]) -> str:
    return json.dumps(sorted(flags))


def _flags_of(text: str) -> frozenset[Flag]:
    return frozenset(map(Flag.from_wire, json.loads(text)))
