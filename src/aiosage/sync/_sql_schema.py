"""The tables of a SQL store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = 1
"""Raised with every change of the tables."""

_KEY: Final = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Store it in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA: Final = MetaData()

ACCOUNT: Final = Table(
    "account",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

MAILBOX: Final = Table(
    "mailbox",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("account_id", _KEY, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uidnext", BigInteger),
    Column("highest_modseq", BigInteger),
    Column("synced_at", UtcDateTime),
    UniqueConstraint("account_id", "name"),
)

# The octets come last: a row is read up to the last column asked for, so listing
# messages does not touch them.
MESSAGE: Final = Table(
    "message",
    METADATA,
    Column(
        "mailbox_id",
        _KEY,
        ForeignKey("mailbox.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("flags", Text, nullable=False),  # a sorted JSON list
    Column("internal_date", UtcDateTime),
    Column("size", BigInteger, nullable=False),
    Column("subject", Text),
    Column("sender", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("date", UtcDateTime),
    Column("message_id", Text),
    Column("sha256", String(64), nullable=False),
    Column("raw", LargeBinary, nullable=False),
)
