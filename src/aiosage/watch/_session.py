"""One connection of a watch, from the first look at its mailboxes to its loss.

One of the mailboxes is open, and heard by IDLE. Of the others the server tells by
NOTIFY that something has happened, or it is asked by STATUS now and then; then the
mailbox is opened, what happened is worked out, and the first one is opened again
(see `OpenMailbox`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

import anyio

from ..connection import IMAPConnection, News
from ..errors import IMAPConnectionError, IMAPOperationError
from ..model import (
    MessagePart,
    profile_of,
)
from ..wire import (
    Code,
    Condition,
    ExistsData,
    ExpungeData,
    FetchData,
    ListData,
    NumberCode,
    Status,
    StatusData,
    VanishedData,
    with_inbox,
)
from ..wire.commands import (
    Enable,
    SelectResult,
    SessionState,
)
from ._hub import Hub
from ._mailbox import Marks, WatchedMailbox, marks_of, tells_all
from ._open import OpenMailbox
from ._others import ask, notify
from ._read import read
from ._scope import Scope

log = logging.getLogger("aiosage.watch")

_TRUST: Final = 60.0
"""Seconds for which warnings of the server are ignored after a look they caused."""

_EARLY: Final = 0.01
"""Seconds that a timer may be early."""


class WatchSession:
    """What a watch does on one connection.

    Args:
        connection: for nobody else.
        hub: to be told.
        scope: which mailboxes.
        fetch: what to read of new messages.

    Attributes:
        is_notified: the server tells of the other mailboxes unasked.
        must_end: it has been asked to, from which there is no way back.
    """

    def __init__(
        self,
        connection: IMAPConnection,
        hub: Hub,
        scope: Scope,
        fetch: Sequence[MessagePart],
    ) -> None:
        self._connection = connection
        self._hub = hub
        self._scope = scope
        self._fetch = tuple(fetch)
        profile = profile_of(
            connection.config.host,
            identity=connection.server_id,
            greeting=connection.greeting,
            capabilities=connection.capabilities,
        )
        self._trusted = connection.capabilities - profile.distrusted
        self._renewal = min(
            connection.config.idle_renewal, profile.idle_renewal or float("inf")
        )
        self._open = OpenMailbox(connection, hub, self._trusted)
        # What an answer and a push have in common: those heard while one is asked.
        self._statuses: Counter[str] | None = None
        self._lists: int | None = None
        self.is_notified = self.must_end = False
        self._is_doubtful = False  # the server has warned
        self._must_ask = False  # names have changed
        self._retry_at = 0.0  # what was left out
        self._must_fetch = False
        self._must_yield = False  # others want the connection
        self._trusted_until = 0.0
        self._asked_at = self._now()
        self._due: OrderedDict[str, None] = OrderedDict()  # others to look at
        self._marks: dict[str, Marks] = {}  # why
        self._loss: IMAPConnectionError | None = None
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look whether there are messages to fetch."""
        self._must_fetch = True
        self._news.set()

    def give_way(self) -> None:
        """Let `follow` end, since others want the connection."""
        self._must_yield = True
        self._news.set()

    def supports(self, capability: str) -> bool:
        """Return whether the server can do it, and gets it right."""
        return capability in self._trusted

    @property
    def _first(self) -> WatchedMailbox | None:
        names = self._scope.names
        return self._hub.mailbox(names[0]) if names else None

    @property
    def _others(self) -> list[WatchedMailbox]:
        return [self._hub.mailbox(name) for name in self._scope.names[1:]]

    # -- Hearing.

    def hear(self, news: News) -> None:
        """Take in what the server says; called from the receive path."""
        match news:
            case IMAPConnectionError():
                self._loss = news
            case SelectResult():
                self._open.begin(news)
            case Status(code=Code(name="NOTIFICATIONOVERFLOW")):
                self.is_notified = False
                self._is_doubtful = self._must_ask = True
            case Status(condition=Condition.NO):
                if self._open.is_opening or self._now() < self._trusted_until:
                    return
                self._is_doubtful = True
            case Status(code=NumberCode(name="HIGHESTMODSEQ", value=value)):
                self._open.note_modseq(value)
                return
            case StatusData(mailbox=name):
                if not self.is_notified:
                    return
                name = with_inbox(name)
                if name not in self._hub.mailboxes and self._scope.note_told(name):
                    self._must_ask = True  # nobody told that it was made
                elif self._statuses is not None:
                    self._statuses[name] += 1
                    return
                else:
                    self._note_due(name)
            case ListData():
                if not self.is_notified:
                    return
                self._scope.note_renamed(news)
                if self._lists is not None:
                    self._lists += 1
                    return
                self._must_ask = True
            case ExistsData() | ExpungeData() | FetchData() | VanishedData():
                if not self._open.hear(news):
                    return
            case _:
                return
        self._news.set()

    def _note_due(self, name: str) -> None:
        """Note that something has happened in *name*, if it is one of the others."""
        if name in self._scope.names[1:]:
            self._due[name] = None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- Looking.

    async def begin(self) -> None:
        """Look at all mailboxes, and have the server tell what happens to them."""
        await self._enable_qresync()
        self._take_back()
        await self._list()
        await self._notify()
        if self.is_notified:
            await self._list()  # for what came or went before it told
        await self._ask_others(is_away=True)
        await self._look_at_due()
        if self._fetch:
            await self._fetch_new()

    async def _enable_qresync(self) -> None:
        connection = self._connection
        if not self.supports("QRESYNC") or "QRESYNC" in connection.enabled:
            return
        if self.supports("UNSELECT"):  # ENABLE comes before SELECT (RFC 5161 §3.1)
            await connection.unselect()
        if connection.state is SessionState.AUTHENTICATED:
            await connection.execute(Enable(("QRESYNC",)))

    async def _look_at_due(self) -> None:
        """Look at the mailboxes in which something has happened."""
        while box := self._next_due():
            await self._look_if_there(box)

    async def _look_if_there(self, box: WatchedMailbox) -> bool:
        """Look at *box*; return whether it is still watched."""
        try:
            await self._look(box)
        except IMAPOperationError as error:
            # Dovecot says SERVERBUG of a mailbox that is broken, and may ever be.
            is_broken = error.code == "SERVERBUG"
            if box.name in self._scope.explicit:
                must_tell = not (is_broken and box.is_known and self._scope.has_others)
            else:
                must_tell = error.retryable and not is_broken
            if must_tell:
                raise
            self._open.give_up()
            await self._list()
            if box.name in self._scope.names:
                log.warning("%r cannot be watched now: %s", box.name, error)
                self._scope.leave_out(box.name)
                if not is_broken:
                    self._hub.delete(box.name)
            return False
        return True

    def _next_due(self) -> WatchedMailbox | None:
        """Return which mailbox to open; None if that which shall be is open."""
        while self._due:
            name, _ = self._due.popitem(last=False)
            if name in self._scope.names[1:]:
                return self._hub.mailbox(name)
        first = self._first
        if first is None:
            self._is_doubtful = False
        return first if self._open.box is not first or self._is_doubtful else None

    async def _look(self, box: WatchedMailbox) -> None:
        """Open *box*, and tell how it differs from what was told of it."""
        if self._is_doubtful:
            self._is_doubtful = False
            self._trusted_until = self._now() + _TRUST
        await self._open.look(box, is_new=self._scope.is_new(box.name))
        box.marks = self._marks.pop(box.name, box.marks)

    # -- The others.

    async def _list(self) -> None:
        """Find out which mailboxes the patterns fit, and tell what came and went."""
        self._lists = 0
        try:
            found, answers = await self._scope.find(
                self._connection, is_notified=self.is_notified
            )
            if self._lists > answers:  # the server told of one since it answered
                self._must_ask = True
        finally:
            self._lists = None
        for name in self._scope.take_unfit():
            self._hub.forget(name)
        for name, old in self._scope.take_renamed(found):
            self._hub.rename(old, name)
        for name in self._scope.update(found):
            self._due.pop(name, None)
            self._hub.delete(name)
        for box in self._others:
            if not box.is_known:
                self._due[box.name] = None

    def _take_back(self) -> None:
        """Try again what could not be opened: it may be mended."""
        self._scope.take_back()
        self._retry_at = self._now() + self._connection.config.idle_check

    async def _notify(self) -> None:
        """Have the server tell of the other mailboxes, if it can (RFC 5465)."""
        if not self.supports("NOTIFY") or not self._scope.has_others:
            return
        self.must_end = True
        try:
            await self._connection.execute(notify(self._scope))
        except IMAPOperationError as error:
            log.info("NOTIFY refused, so mailboxes are polled: %s", error)
        else:
            self.is_notified = True

    async def _ask_others(self, *, is_away: bool = False) -> None:
        """Ask how the other mailboxes stand, and note where something happened.

        Args:
            is_away: nobody has listened for a while.
        """
        boxes = self._others
        self._asked_at = self._now()
        self._statuses = Counter()
        try:
            answers = await ask(
                self._connection,
                [box.name for box in boxes],
                condstore=self.supports("CONDSTORE"),
            )
            for name, heard in self._statuses.items():
                if heard > 1:  # likewise
                    self._note_due(name)
        finally:
            self._statuses = None
        for box, answer in zip(boxes, answers, strict=True):
            if isinstance(answer, IMAPOperationError):
                self._due[box.name] = None  # opening it tells why
            else:
                self._compare(box, answer, is_away)

    def _compare(self, box: WatchedMailbox, answer: StatusData, is_away: bool) -> None:
        marks = marks_of(answer)
        # Flags may change without a sign where changes are not counted.
        is_old = self._now() - box.looked_at >= self._connection.config.idle_check
        if marks != box.marks or ((is_old or is_away) and not tells_all(marks)):
            self._due[box.name] = None
            self._marks[box.name] = marks  # until it has been looked at

    # -- Waiting.

    async def follow(self) -> None:
        """Tell changes as they happen, until others want the connection.

        Raises:
            IMAPConnectionError: it is lost.
        """
        while not self._must_yield:
            await self._wait()
            if self._loss is not None:
                raise self._loss
            if not self._must_yield:
                await self._catch_up()

    @property
    def _must_act(self) -> bool:
        return bool(
            self._open.has_unasked
            or self._due
            or self._is_doubtful
            or self._must_ask
            or self._must_fetch
            or self._must_yield
            or self._loss
        )

    async def _wait(self) -> None:
        """Wait until there is something to do, or to ask for."""
        config = self._connection.config
        is_idle = self._connection.supports("IDLE")
        longest = min(
            self._renewal if is_idle else config.poll_interval,
            max(self._open.heard_at + config.idle_check - self._now(), 0.0),
            max(self._asking_at - self._now(), 0.0),
        )
        with anyio.move_on_after(longest):
            async with self._connection.idle() if is_idle else nullcontext():
                try:
                    await self._wait_to_act()
                finally:
                    self._open.note_heard()

    async def _wait_to_act(self) -> None:
        while not self._must_act:
            self._news.clear()
            await self._news.wait()

    @property
    def _asking_at(self) -> float:
        """When to ask for the others, whatever is heard of the mailbox that is open."""
        if not self._scope.has_others:
            return float("inf")
        config = self._connection.config
        interval = config.idle_check if self.is_notified else config.poll_interval
        return self._asked_at + interval

    async def _catch_up(self) -> None:
        config = self._connection.config
        is_silent = self._now() - self._open.heard_at >= config.idle_check - _EARLY
        if is_silent or not self._connection.supports("IDLE"):
            # Servers do lose what they should push.
            await self._connection.noop()
            self._open.heard_at = self._now()
        try:
            await self._open.identify()
        except IMAPOperationError as error:
            if error.retryable:
                raise
            self._is_doubtful = True  # opening it again tells why
        self._open.settle()
        if self._is_doubtful:
            self._must_ask = True
            await self._notify()
        is_time = self._now() >= self._asking_at - _EARLY
        if is_time:
            self._scope.forget_told()
        if self._must_ask or is_time:
            self._must_ask = False
            if self._now() >= self._retry_at - _EARLY:
                self._take_back()
            await self._list()
            await self._ask_others()
        await self._look_at_due()
        if self._must_fetch:
            await self._fetch_new()

    async def _fetch_new(self) -> None:
        """Read new messages for the queues that have room for them."""
        self._must_fetch = False
        for queue in list(self._hub.queues):
            for name, uids in queue.to_fetch(self._scope.names).items():
                if name not in self._scope.names:  # it went meanwhile
                    continue
                box = self._hub.mailbox(name)
                if self._open.box is not box and not await self._look_if_there(box):
                    continue
                found = await read(self._connection, name, uids, self._fetch)
                if found.is_refused:
                    self._is_doubtful, self._due[name] = True, None
                self._hub.supply(name, found.messages)
        await self._look_at_due()
