"""What there is on the server in the end, seen by a client on a good network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from aiosage import (
    Flag,
    IMAPClient,
    IMAPMailboxError,
    MessagePart,
    UIDValidityChanged,
)

from .ledger import Copies, Ledger, number_of

BROKEN: Final = 3.0
"""Seconds after which a mailbox that cannot be opened never will be."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox.

    Attributes:
        uidvalidity: of it.
        numbers: the message that each UID is.
        flags: of each UID.
    """

    uidvalidity: int
    numbers: Mapping[int, int]
    flags: Mapping[int, frozenset[Flag]]


async def take(
    client: IMAPClient, names: Iterable[str], ledger: Ledger
) -> dict[str, Mailbox]:
    """Look at every mailbox, and compare each message with what was written."""
    found: dict[str, Mailbox] = {}
    for name in names:
        mailbox = client.mailbox(name)
        uids = await mailbox.search()
        numbers: dict[int, int] = {}
        flags: dict[int, frozenset[Flag]] = {}
        async for message in mailbox.fetch(uids, MessagePart.FULL, MessagePart.FLAGS):
            assert message.raw is not None
            assert message.flags is not None
            number = number_of(message.raw)
            assert message.raw == ledger.octets[number], f"message {number} is damaged"
            numbers[message.uid] = number
            flags[message.uid] = message.flags
        assert uids.uidvalidity is not None
        found[name] = Mailbox(uids.uidvalidity, numbers, flags)
    return found


async def take_all(
    client: IMAPClient, names: Iterable[str], ledger: Ledger
) -> tuple[dict[str, Mailbox], frozenset[str]]:
    """Look at those of the mailboxes that are there.

    Returns:
        What is in them, and the names of those that cannot be opened: a Dovecot
        that is killed may leave a folder that it lists, and never opens.
    """
    names = set(names)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BROKEN
    while True:
        there = {info.name for info in await client.folders.list()}
        found: dict[str, Mailbox] = {}
        try:
            for name in sorted(names & there):
                try:
                    found |= await take(client, [name], ledger)
                except IMAPMailboxError:
                    if loop.time() < deadline:
                        raise
        except (IMAPMailboxError, UIDValidityChanged):
            await asyncio.sleep(0.05)  # a cancelled command may go on there
        else:
            return found, frozenset(names & there - found.keys())


def check_copies(ledger: Ledger, found: Mapping[str, Mailbox]) -> None:
    """Compare how many copies there are of each message with how many must be."""
    there = Counter(
        number for mailbox in found.values() for number in mailbox.numbers.values()
    )
    allowed = {
        Copies.ONE: {1},
        Copies.NONE: {0},
        Copies.ONE_OR_NONE: {0, 1},
    }
    wrong = {
        number: (copies, there[number])
        for number, copies in ledger.copies.items()
        if (copies in allowed and there[number] not in allowed[copies])
        or (copies is Copies.ONE_OR_MORE and not there[number])
    }
    told = "".join(
        f"\n{number}: {'; '.join(ledger.history[number])}; "
        f"now in {_places(found, number)}"
        for number in wrong
    )
    assert not wrong, f"copies there must be, and are, by number: {wrong}{told}"


def _places(found: Mapping[str, Mailbox], number: int) -> list[str]:
    return [
        f"{name} {uid}"
        for name, mailbox in found.items()
        for uid, there in mailbox.numbers.items()
        if there == number
    ]


def check_flags(ledger: Ledger, found: Mapping[str, Mailbox]) -> None:
    """Every keyword that was reported as set is, where a message has no copies."""
    for name, mailbox in found.items():
        for uid, number in mailbox.numbers.items():
            if ledger.copies[number] in (Copies.ONE_OR_MORE, Copies.ANY):
                continue
            missing = {Flag(flag) for flag in ledger.flags[number]} - mailbox.flags[uid]
            assert not missing, (
                f"{name} {uid} (message {number}) has lost {missing}:"
                f" {'; '.join(ledger.history[number])}"
            )
