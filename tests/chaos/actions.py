"""What people do with an account: each checks its own result, and notes it."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import Final

from aiosage import (
    EmailMessage,
    Flag,
    IMAPError,
    IMAPMailboxError,
    IMAPMessageError,
    IMAPOperationError,
    IMAPSearchCriteria,
    MessagePart,
    SortKey,
    UIDValidityChanged,
)

from .ledger import Copies, body_of, number_of
from .users import Action, User

KEYWORDS: Final = [Flag(f"$Chaos{n}") for n in range(12)]

VOLATILE: Final = ("Volatile", "Volatile too")
"""Mailboxes that come and go, with all that is in them."""


@asynccontextmanager
async def adding(
    user: User, random: Random, count: int = 1
) -> AsyncIterator[list[bytes]]:
    """Make messages to be added within the block, and note what came of them."""
    made = [user.ledger.new_message(random) for _ in range(count)]
    settled = 0
    try:
        yield [octets for _, octets in made]
    except IMAPError as error:
        # What replaces another is told of by itself, many together as a tuple.
        partial = error.partial if isinstance(error.partial, tuple) else ()
        settled = 1 if error.partial and not partial else len(partial)
        if not getattr(error, "maybe_executed", False):
            for number, _ in made[settled:]:
                user.ledger.settle(number, Copies.NONE)
        raise
    else:
        settled = count
    finally:
        for number, _ in made[settled:]:
            user.ledger.note(number, f"adding ends with {sys.exception()!r:.300}")
        for number, _ in made[:settled]:
            user.ledger.settle(number, Copies.ONE)


async def append(user: User, random: Random) -> None:
    """Add a message."""
    async with adding(user, random) as (octets,):
        result = await user.mailbox(random).append(octets)
        assert result.uid


async def append_file(user: User, random: Random) -> None:
    """Add a message from a file."""
    async with adding(user, random) as (octets,):
        await user.mailbox(random).append(io.BytesIO(octets), flags=[Flag.SEEN])


async def append_many(user: User, random: Random) -> None:
    """Add some messages at once."""
    async with adding(user, random, random.randint(2, 6)) as messages:
        results = await user.mailbox(random).append_many(messages)
        assert len({result.uid for result in results}) == len(messages)


async def replace(user: User, random: Random) -> None:
    """Put a message in the place of another."""
    mailbox = user.mailbox(random)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox, 1))
    for uid, number in numbers.items():
        user.ledger.let_go(number)
        try:
            async with adding(user, random) as (octets,):
                await mailbox.replace(uid, octets)
        except IMAPMessageError:
            pass  # others were faster
        assert uid not in await mailbox.search(), f"{uid} is replaced, and there"


async def read(user: User, random: Random) -> None:
    """Read everything: what does not come must be gone."""
    mailbox = user.mailbox(random)
    uids = await mailbox.search()
    await user.all_but_gone(mailbox, uids, await user.numbers(mailbox, uids))


async def read_flags(user: User, random: Random) -> None:
    """Read flags, in several streams at once, leaving some early."""

    async def stream() -> None:
        mailbox = user.mailbox(random)
        seen: set[int] = set()
        uids = await mailbox.search()
        async for message in mailbox.fetch(uids, MessagePart.FLAGS):
            assert message.uid is not None
            assert message.uid not in seen, f"{message.uid} comes twice"
            seen.add(message.uid)
            if random.random() < 0.01:
                break

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(stream())


async def read_text(user: User, random: Random) -> None:
    """Read the text of messages, as one shows it."""
    mailbox = user.mailbox(random)
    uids = await user.some(random, mailbox)
    found: set[int] = set()
    async with aclosing(
        mailbox.fetch_text(uids, MessagePart.header_fields("Subject"))
    ) as messages:
        async for message in messages:
            assert message.uid is not None
            assert message.uid not in found, f"{message.uid} comes twice"
            found.add(message.uid)
            octets = user.ledger.octets[int(message.subject or 0)]
            text = (message.text or "").replace("\r\n", "\n")
            assert text == body_of(octets), f"not of {message.subject}: {text!r}"
    await user.all_but_gone(mailbox, uids, found)


async def search_batches(user: User, random: Random) -> None:
    """Search piece by piece: what is not told of has come or gone meanwhile."""
    mailbox = user.mailbox(random)
    before = await mailbox.search()
    found: list[int] = []
    async with aclosing(
        mailbox.search_batches(batch_size=random.randint(1, 40))
    ) as batches:
        async for batch in batches:
            found += batch
    assert found == sorted(set(found)), f"not in order, or twice: {found}"
    await user.all_but_gone(mailbox, before, found)


async def sort(user: User, random: Random) -> None:
    """Sort messages; what is not there must be gone, and the rest in order."""
    mailbox = user.mailbox(random)
    before = await mailbox.search()
    result = await mailbox.sort(IMAPSearchCriteria.ALL, SortKey.SUBJECT)
    assert len(set(result)) == len(result), f"twice: {result}"
    await user.all_but_gone(mailbox, before, result)
    numbers = await user.numbers(mailbox, result.messages)
    subjects = [str(numbers[uid]) for uid in result if uid in numbers]
    assert subjects == sorted(subjects), f"not in order: {subjects}"


async def process(user: User, random: Random) -> None:
    """Let a function have messages, which fails now and then."""
    mailbox = user.mailbox(random)
    uids = await mailbox.search()
    calls: list[int] = []
    done: list[int] = []

    async def handle(message: EmailMessage) -> None:
        assert message.uid is not None
        calls.append(message.uid)
        assert message.raw == user.ledger.octets[number_of(message.raw or b"")]
        await asyncio.sleep(0)
        if random.random() < 0.02:
            raise ValueError("as it happens")
        done.append(message.uid)

    result = await mailbox.process_in_batches(
        uids, handle, batch_size=random.randint(1, 30), attempts=2
    )
    assert sorted(done) == list(result.succeeded), "told of, or done, but not both"
    twice_failed = {uid for uid in calls if uid not in done}
    assert twice_failed == set(result.failed), f"{twice_failed} {result.failed}"
    for error in result.failed.values():
        assert isinstance(error, ValueError), f"the handler fails with {error!r}"
    await user.all_but_gone(mailbox, uids, calls)


async def download(user: User, random: Random) -> None:
    """Stream a message."""
    mailbox = user.mailbox(random)
    for uid in await user.some(random, mailbox, 1):
        octets = bytearray()
        try:
            async with mailbox.download(uid) as pieces:
                async for piece in pieces:
                    octets += piece
        except IMAPMessageError:
            left = await mailbox.search()
            assert uid not in left, f"{uid} is there, and cannot be downloaded"
        else:
            number = number_of(bytes(octets))
            assert octets == user.ledger.octets[number], f"{number} is damaged"


async def mark(user: User, random: Random) -> None:
    """Set a keyword, and note of whom the server says that they have it."""
    mailbox = user.mailbox(random)
    keyword = random.choice(KEYWORDS)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox))
    begin = asyncio.get_running_loop().time()
    result = await mailbox.add_flags(numbers, keyword)
    for uid, flags in result.flags.items():
        if uid in numbers and keyword in flags:
            user.ledger.mark(numbers[uid], str(keyword), begin)


async def star(user: User, random: Random) -> None:
    """Set or remove a flag."""
    mailbox = user.mailbox(random)
    change = random.choice((mailbox.add_flags, mailbox.remove_flags))
    await change(await user.some(random, mailbox), Flag.FLAGGED)


async def move(user: User, random: Random) -> None:
    """Move messages."""
    source, target = random.sample(user.mailboxes, 2)
    mailbox = user.client.mailbox(source)
    uids = await user.some(random, mailbox)
    numbers = await user.numbers(mailbox, uids)
    with user.ledger.moving(numbers.values(), f"{source} {uids} to {target}"):
        await mailbox.move(uids, target)
    left = uids & await mailbox.search()
    assert not left, f"{left} are moved, and there"


async def copy(user: User, random: Random) -> None:
    """Copy messages."""
    source, target = random.sample(user.mailboxes, 2)
    mailbox = user.client.mailbox(source)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox, 2))
    for number in numbers.values():
        user.ledger.let_go(number)
    await mailbox.copy(numbers, target)


async def expunge(user: User, random: Random) -> None:
    """Remove messages for good."""
    mailbox = user.mailbox(random)
    numbers = await user.numbers(mailbox, await user.some(random, mailbox, 4))
    for number in numbers.values():
        user.ledger.let_go(number)
    await mailbox.expunge(numbers)
    left = set(numbers) & set(await mailbox.search())
    assert not left, f"{left} are expunged, and there"


async def look(user: User, random: Random) -> None:
    """Ask for statuses and names."""
    names = {info.name for info in await user.client.folders.list()}
    assert names >= set(user.mailboxes), f"{names} is not all"


async def remake(user: User, random: Random) -> None:
    """Make a mailbox that comes and goes, remove it, make it anew, or rename it."""
    folders = user.client.folders
    name, other = random.sample(VOLATILE, 2)
    what = random.randrange(4)
    try:
        if what == 0:
            await folders.rename(name, other)
        if what in (1, 2):
            await folders.delete(name)
        if what in (2, 3):
            await folders.create(name)
    except IMAPMailboxError:
        pass  # it is there already, or not


async def use_volatile(user: User, random: Random) -> None:
    """Do something with a mailbox that may not be there, or not be that any more."""
    mailbox = user.client.mailbox(random.choice(VOLATILE))
    what = random.randrange(4)
    try:
        if what == 0:
            number, octets = user.ledger.new_message(random)
            user.ledger.let_go(number)  # as others do any moment
            await mailbox.append(octets)
        elif what == 1:
            await mailbox.add_flags(await user.some(random, mailbox), Flag.FLAGGED)
        elif what == 2:
            await user.numbers(mailbox, await mailbox.search())
        else:
            source = user.mailbox(random)
            numbers = await user.numbers(source, await user.some(random, source, 2))
            for number in numbers.values():
                user.ledger.let_go(number)
            await source.move(numbers, mailbox.name)
    except (IMAPOperationError, UIDValidityChanged):
        pass  # it is not there, or another one


EVERYTHING: Final[Sequence[Action]] = (
    append,
    append,
    append_file,
    append_many,
    replace,
    read,
    read_flags,
    read_text,
    search_batches,
    sort,
    process,
    download,
    mark,
    star,
    move,
    copy,
    look,
    use_volatile,
)
OTHERS: Final[Sequence[Action]] = (
    append,
    append,
    mark,
    star,
    move,
    expunge,
    remake,
    use_volatile,
)
