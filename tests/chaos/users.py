"""Those who use an account, by chance, and note what they did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from random import Random
from typing import Any, Final

from aiosage import (
    CircuitOpen,
    IMAPClient,
    IMAPConnectionError,
    IMAPMailboxUIDService,
    IMAPMessageError,
    IMAPOperationError,
    IMAPPoolTimeout,
    MessagePart,
    MessageSet,
)

from .ledger import Ledger, number_of

HANG: Final = 60.0
"""Seconds no action takes, unless it goes on over one connection after the other."""

SLOW: Final = 5
"""Times that long no action takes, whatever the network does."""

IMPATIENCE: Final = 0.03
"""Seconds after which a call is cancelled, at most."""

BAD_LUCK: Final = (IMAPConnectionError, IMAPPoolTimeout, CircuitOpen)
"""What a user gets to hear when the network fails: anything else is a fault."""


class User:
    """Somebody who uses an account.

    Attributes:
        steps: how many actions are over.
        cancelled: how many of them were cancelled.
        outcomes: how often each action ended how, for people.
    """

    def __init__(
        self,
        client: IMAPClient,
        ledger: Ledger,
        mailboxes: Iterable[str],
        *,
        impatience: float = 0.0,
        hang: float = HANG,
    ) -> None:
        """Become one.

        Args:
            client: what to use the account with.
            ledger: where to note what was done.
            mailboxes: the first of them is never moved from by name.
            impatience: how many of the calls are cancelled, of 1.
            hang: seconds that no action takes while nobody connects.
        """
        self.client = client
        self.ledger = ledger
        self.mailboxes = list(mailboxes)
        self.impatience = impatience
        self.hang = hang
        self.steps = 0
        self.cancelled = 0
        self.outcomes: Counter[str] = Counter()

    async def act(self, random: Random, *actions: Action) -> None:
        """Do one of *actions*.

        Raises:
            AssertionError: it hangs, or ends as nothing should.
        """
        action = random.choice(actions)
        name = action.__name__
        task = asyncio.create_task(action(self, random), name=name)
        patience = (
            random.random() * IMPATIENCE
            if random.random() < self.impatience
            else self.hang
        )
        try:
            done = await self._wait(task, patience)
            if not done and patience < self.hang:
                task.cancel()
                self.cancelled += 1
                done = await self._wait(task, self.hang)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task], timeout=self.hang)
            raise
        assert done, f"{name} hangs:\n{stacks()}"
        self.steps += 1
        if task.cancelled():
            self.outcomes[f"{name}: cancelled"] += 1
            return
        error = task.exception()
        if error is None:
            self.outcomes[f"{name}: done"] += 1
        elif is_bad_luck(error):
            self.outcomes[f"{name}: {type(error).__name__}"] += 1
        else:
            raise AssertionError(f"{name} ends with {error!r}") from error

    def mailbox(self, random: Random) -> IMAPMailboxUIDService:
        """Return any mailbox."""
        return self.client.mailbox(random.choice(self.mailboxes))

    async def _wait(self, task: asyncio.Task[None], seconds: float) -> bool:
        """Wait for *task*, longer while its client connects again and again."""
        for _ in range(SLOW):
            opened = self.client.stats().opened
            done, _ = await asyncio.wait([task], timeout=seconds)
            if done or seconds < self.hang or self.client.stats().opened == opened:
                return bool(done)
        return False

    async def some(
        self, random: Random, mailbox: IMAPMailboxUIDService, most: int = 8
    ) -> MessageSet:
        """Return some of the messages that are in *mailbox*."""
        uids = await mailbox.search()
        chosen = random.sample(list(uids), min(len(uids), random.randint(1, most)))
        return MessageSet(chosen, mailbox=uids.mailbox, uidvalidity=uids.uidvalidity)

    async def numbers(
        self, mailbox: IMAPMailboxUIDService, uids: MessageSet
    ) -> dict[int, int]:
        """Return which messages *uids* are; each is compared with what was written."""
        found: dict[int, int] = {}
        async for message in mailbox.fetch(uids, MessagePart.FULL):
            assert message.uid is not None
            assert message.raw is not None
            assert message.uid in uids, f"{message.uid} is not one of {uids}"
            assert message.uid not in found, f"{message.uid} comes twice"
            number = number_of(message.raw)
            assert message.raw == self.ledger.octets[number], f"{number} is damaged"
            found[message.uid] = number
        return found

    async def all_but_gone(
        self, mailbox: IMAPMailboxUIDService, uids: MessageSet, found: Iterable[int]
    ) -> None:
        """Check that those of *uids* that were not *found* are gone."""
        missing = set(uids).difference(found)
        if missing:
            missing &= set(await mailbox.search())
        assert not missing, f"{mailbox.name}: {missing} were not found"


Action = Callable[[User, Random], Coroutine[Any, Any, None]]


def is_bad_luck(error: BaseException) -> bool:
    """Tell whether *error* is what comes of a failing network, and no more."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_bad_luck, error.exceptions))
    if isinstance(error, IMAPMessageError) and error.code == "EXPUNGEISSUED":
        return True  # others have removed what we wanted
    if isinstance(error, IMAPOperationError) and error.code == "SERVERBUG":
        return True  # what it was writing when it was killed is broken
    return isinstance(error, BAD_LUCK)


def stacks() -> str:
    """Return where every task waits, from its beginning to the innermost await."""
    lines: list[str] = []
    for task in asyncio.all_tasks():
        lines.append(repr(task)[:200])
        awaited: object = task.get_coro()
        while awaited is not None:
            kind = "cr" if hasattr(awaited, "cr_frame") else "ag"
            if (frame := getattr(awaited, f"{kind}_frame", None)) is None:
                break
            code = frame.f_code
            lines.append(f"  {code.co_filename}:{frame.f_lineno} {code.co_qualname}")
            awaited = getattr(awaited, f"{kind}_await", None)
    return "\n".join(lines)
