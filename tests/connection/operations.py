"""What can be done with a connection, to be cancelled, cut and run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from aiosage.connection import IMAPConnection
from aiosage.model import Flag, IMAPSearchCriteria, MessagePart, MessageSet
from aiosage.wire.commands import (
    Append,
    Capability,
    GetStatus,
    ListMailboxes,
    Namespace,
    StoreMode,
    Subscribe,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidScan,
    UidSearch,
    UidStore,
    Unsubscribe,
)

Operation: TypeAlias = Callable[[IMAPConnection], Coroutine[Any, Any, object]]

BODIES = {1: b"Subject: one\r\n\r\none", 2: b"Subject: two\r\n\r\ntwo", 3: b"\r\nthree"}
ALL = MessageSet(BODIES)


async def fetch(connection: IMAPConnection) -> dict[int, bytes | None]:
    """Return every message by UID."""
    got = await connection.execute(UidFetch(ALL, (MessagePart.FULL,)))
    return {data.uid or 0: data.sections["BODY[]"] for data in got}


async def idle(connection: IMAPConnection) -> None:
    """Enter IDLE and leave it after some steps."""
    async with connection.idle():
        for _ in range(3):
            await asyncio.sleep(0)


async def several(connection: IMAPConnection) -> None:
    """Run commands of three kinds, some twice, at once."""
    await asyncio.gather(
        fetch(connection),
        connection.execute(UidSearch(IMAPSearchCriteria())),
        fetch(connection),
        connection.noop(),
        connection.execute(GetStatus("other", ("MESSAGES",))),
    )


OPERATIONS: dict[str, Operation] = {
    "noop": IMAPConnection.noop,
    "select": lambda c: c.select("other"),
    "reselect": lambda c: c.reselect("INBOX"),
    "examine": lambda c: c.reselect("INBOX", read_only=True),
    "unselect": IMAPConnection.unselect,
    "fetch": fetch,
    "search": lambda c: c.execute(UidSearch(IMAPSearchCriteria())),
    "search by literal": lambda c: c.execute(
        UidSearch(IMAPSearchCriteria.subject("é"), charset=True)
    ),
    "store": lambda c: c.execute(
        UidStore(ALL, StoreMode.ADD, frozenset({Flag.FLAGGED}))
    ),
    "append": lambda c: c.execute(
        Append("other", b"Subject: x\r\n\r\n" + b"x" * 300_000)
    ),
    "copy": lambda c: c.execute(UidCopy(ALL, "other")),
    "list": lambda c: c.execute(ListMailboxes(status=("MESSAGES",))),
    "expunge": lambda c: c.execute(UidExpunge(MessageSet([99]))),
    "scan": lambda c: c.execute(UidScan(ALL)),
    "status": lambda c: c.execute(GetStatus("other", ("MESSAGES",))),
    "subscribe": lambda c: c.execute(Subscribe("other")),
    "unsubscribe": lambda c: c.execute(Unsubscribe("other")),
    "capability": lambda c: c.execute(Capability()),
    "namespace": lambda c: c.execute(Namespace()),
    "idle": idle,
    "several": several,
}
