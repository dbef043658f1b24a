"""Those who use an account, by chance, and note what they did."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

from aiosage import (
    Flag,
    IMAPClient,
    IMAPConnectionError,
    IMAPError,
    IMAPMailboxUIDService,
    IMAPMessageError,
    IMAPPoolTimeout,
    MessagePart,
    MessageSet,
)

from .ledger import Copies, Ledger, number_of

HANG: Final = 30.0
"""Seconds no action takes, whatever the network does."""

IMPATIENCE: Final = 0.03
"""Seconds after which a call is cancelled, at most."""

KEYWORDS: Final = [Flag(f"$Chaos{n}") for n in range(12)]

BAD_LUCK: Final = (IMAPConnectionError, IMAPPoolTimeout)
"""What a user gets to hear when the network fails: anything else is a fault."""


class User:
    """Somebody who uses an account.

    Attributes:
        steps: how many actions are over.
        cancelled: how many of them were cancelled.
    """

    def __init__(
        self,
        client: IMAPClient,
        ledger: Ledger,
        mailboxes: Iterable[str],
        *,
        impatience: float = 0.0,
    ) -> None:
        """Become one.

        Args:
            client: what to use the account with.
            ledger: where to note what was done.
            mailboxes: the first of them is never moved from by name.
            impatience: how many of the calls are cancelled, of 1.
        """
        self.client = client
        self.ledger = ledger
        self.mailboxes = list(mailboxes)
        self.impatience = impatience
        self.steps = 0
        self.cancelled = 0

    async def act(self, random: Random, *actions: Action) -> None:
        """Do one of *actions*.

        Raises:
            AssertionError: it hangs, or ends as nothing should.
        """
        action = random.choice(actions)
        name = action.__name__
        task = asyncio.create_task(action(self, random), name=name)
        patience = (
            random.random() * IMPATIENCE if random.random() < self.impatience else HANG
        )
        try:
            done, _ = await asyncio.wait([task], timeout=patience)
            if not done and patience < HANG:
                task.cancel()
                self.cancelled += 1
                done, _ = await asyncio.wait([task], timeout=HANG)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task], timeout=HANG)
            raise
        assert done, f"{name} hangs:\n{stacks()}"
        self.steps += 1
        if task.cancelled():
            self.ledger.outcomes[f"{name}: cancelled"] += 1
            return
        error = task.exception()
        if error is None:
            self.ledger.outcomes[f"{name}: done"] += 1
        elif is_bad_luck(error):
            self.ledger.outcomes[f"{name}: {type(error).__name__}"] += 1
        else:
            raise AssertionError(f"{name} ends with {error!r}") from error

    def mailbox(self, random: Random) -> IMAPMailboxUIDService:
        """Return any mailbox."""
        return self.client.mailbox(random.choice(self.mailboxes))

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
            assert message.raw is not None
            assert message.uid in uids, f"{message.uid} is not one of {uids}"
            assert message.uid not in found, f"{message.uid} comes twice"
            number = number_of(message.raw)
            assert message.raw == self.ledger.octets[number], f"{number} is damaged"
            found[message.uid] = number
        return found


Action = Callable[[User, Random], Coroutine[Any, Any, None]]


@asynccontextmanager
async def adding(user: User, random: Random) -> AsyncIterator[bytes]:
    """Make a message to be added within the block, and note what came of it."""
    number, octets = user.ledger.new_message(random)
    try:
        yield octets
    except IMAPError as error:
        if not getattr(error, "maybe_executed", False):
            user.ledger.copies[number] = Copies.NONE
        raise
    user.ledger.copies[number] = Copies.ONE


async def append(user: User, random: Random) -> None:
    """Add a message."""
    async with adding(user, random) as octets:
        result = await user.mailbox(random).append(octets)
        assert result.uid


async def append_file(user: User, random: Random) -> None:
    """Add a message from a file."""
    async with adding(user, random) as octets:
        await user.mailbox(random).append(io.BytesIO(octets), flags=[Flag.SEEN])


async def read(user: User, random: Random) -> None:
    """Read everything: what does not come must be gone."""
    mailbox = user.mailbox(random)
    uids = await mailbox.search()
    found = await user.numbers(mailbox, uids)
    left = await mailbox.search()
    missing = (set(uids) - set(found)) & set(left)
    assert not missing, f"{mailbox.name}: {missing} were not fetched"


async def read_flags(user: User, random: Random) -> None:
    """Read flags, in several streams at once, leaving some early."""

    async def stream() -> None:
        mailbox = user.mailbox(random)
        seen: set[int] = set()
        uids = await mailbox.search()
        async for message in mailbox.fetch(uids, MessagePart.FLAGS):
            assert message.uid not in seen, f"{message.uid} comes twice"
            seen.add(message.uid)
            if random.random() < 0.01:
                break

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(stream())


async def mark(user: User, random: Random) -> None:
    """Set a keyword, and note of whom the server says that they have it."""
    mailbox = user.mailbox(random)
    keyword = random.choice(KEYWORDS)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox))
    result = await mailbox.add_flags(numbers, keyword)
    for uid, flags in result.flags.items():
        if uid in numbers and keyword in flags:
            user.ledger.flags[numbers[uid]].add(str(keyword))


async def star(user: User, random: Random) -> None:
    """Set or remove a flag."""
    mailbox = user.mailbox(random)
    change = random.choice((mailbox.add_flags, mailbox.remove_flags))
    await change(await user.some(random, mailbox), Flag.FLAGGED)


async def move(user: User, random: Random) -> None:
    """Move messages."""
    source, target = random.sample(user.mailboxes, 2)
    mailbox = user.client.mailbox(source)
    await mailbox.move(await user.some(random, mailbox), target)


async def copy(user: User, random: Random) -> None:
    """Copy messages."""
    source, target = random.sample(user.mailboxes, 2)
    mailbox = user.client.mailbox(source)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox, 2))
    for number in numbers.values():
        user.ledger.copies[number] = Copies.ANY
    await mailbox.copy(numbers, target)


async def expunge(user: User, random: Random) -> None:
    """Remove messages for good."""
    mailbox = user.mailbox(random)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox, 4))
    for number in numbers.values():
        user.ledger.copies[number] = Copies.ANY
    await mailbox.expunge(numbers)


async def look(user: User, random: Random) -> None:
    """Ask for statuses and names."""
    names = {info.name for info in await user.client.folders.list()}
    assert names >= set(user.mailboxes), f"{names} is not all"


EVERYTHING: Final = (
    append,
    append,
    append_file,
    read,
    read_flags,
    mark,
    star,
    move,
    copy,
    look,
)
OTHERS: Final = (append, append, mark, star, move, expunge)


def is_bad_luck(error: BaseException) -> bool:
    """Tell whether *error* is what comes of a failing network, and no more."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_bad_luck, error.exceptions))
    if isinstance(error, IMAPMessageError):  # others have removed what we wanted
        return error.code == "EXPUNGEISSUED"
    return isinstance(error, BAD_LUCK)


def stacks() -> str:
    """Return where every task waits."""
    out = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=out)
    return out.getvalue()
