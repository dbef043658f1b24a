"""One account, for a while, between its users and a network that fails them."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import anyio.to_thread

from aiosage import ConnectionConfig, IMAPClient, Secret, Security, WatchEvent
from aiosage.testing import (
    Cut,
    CutHow,
    Delay,
    Direction,
    DovecotServer,
    Fault,
    FaultProxy,
    MemoryServer,
    Refuse,
    Segments,
    Stall,
)

from . import census
from .ledger import Ledger
from .replica import Replica
from .users import EVERYTHING, HANG, OTHERS, User, stacks

WATCHED: Final = ("INBOX", "Work")
MAILBOXES: Final = (*WATCHED, "Copies")
WORKERS: Final = 4
CONNECTIONS: Final = 5

Server = MemoryServer | DovecotServer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an episode saw.

    Attributes:
        steps: what the users did.
        faults: what befell them: cuts, stalls, refusals, cancellations, crashes.
        events: what the watch told.
        outcomes: how often what ended how, for people.
    """

    steps: int
    faults: int
    events: int
    outcomes: Counter[str]


async def run(server: Server, seed: str, steps: int) -> Outcome:
    """Let everybody use a new account, and check what is left.

    Args:
        server: where the account is. It is crashed and revived.
        seed: of all chance, but for that of time.
        steps: what our users do, in all.

    Raises:
        AssertionError: something is lost, doubled, damaged, left over or hangs.
    """
    config = new_account(server, seed)
    async with nothing_left_over(), network_before(config, seed) as proxy:
        ledger = Ledger()
        async with IMAPClient(config, max_connections=CONNECTIONS) as straight:
            for name in MAILBOXES[1:]:
                await straight.folders.create(name)
            others = User(straight, ledger, MAILBOXES)
            replicas = {name: Replica() for name in WATCHED}
            async with (
                client_through(proxy, config) as client,
                client.watch(*WATCHED, queue_size=20) as events,
            ):
                ours = User(client, ledger, MAILBOXES, impatience=0.2)
                told = asyncio.create_task(listen(events, replicas, Random(seed)))
                proxy.plan = network
                proxy.cut()
                crashes = await use(server, proxy, ours, others, seed, steps)
                proxy.plan = None
                proxy.cut()
                faults = len(proxy.struck) + crashes + ours.cancelled
                await settled(straight, ledger, replicas, told)
            async with asyncio.timeout(HANG):
                await proxy.wait_connections(0)
            found = await census.take(straight, MAILBOXES, ledger)
    census.check_copies(ledger, found)
    census.check_flags(ledger, found)
    heard = sum(replica.events for replica in replicas.values())
    return Outcome(ours.steps + others.steps, faults, heard, ledger.outcomes)


def new_account(server: Server, seed: str) -> ConnectionConfig:
    """Return how to log in to an account nobody has used."""
    if isinstance(server, MemoryServer):
        username, password = f"chaos-{seed}", "secret"
        server.add_account(username, password)
    else:
        username, password = server.new_user(), server.password
    return ConnectionConfig(
        host=server.host,
        port=server.port,
        username=username,
        password=Secret(password),
        security=Security.PLAIN,
    )


def client_through(proxy: FaultProxy, config: ConnectionConfig) -> IMAPClient:
    """Return a client that soon notices that nothing comes any more."""
    bad = replace(
        config,
        host=proxy.host,
        port=proxy.port,
        connect_timeout=1.0,
        read_timeout=0.5,
        idle_renewal=0.3,
    )
    return IMAPClient(bad, max_connections=CONNECTIONS)


@asynccontextmanager
async def network_before(
    config: ConnectionConfig, seed: str
) -> AsyncIterator[FaultProxy]:
    """Stand before a server; nothing fails yet."""
    number = Random(seed).randrange(2**32)
    async with FaultProxy(config.host, config.effective_port, seed=number) as proxy:
        yield proxy


def network(_number: int, random: Random) -> Sequence[Fault]:
    """Return what befalls a connection."""
    faults: list[Fault] = []
    if random.random() < 0.5:
        faults.append(Segments(largest=random.choice((1, 7, 200))))
    if random.random() < 0.3:
        to_server = Direction.TO_SERVER
        faults.append(Segments(largest=random.choice((7, 200)), direction=to_server))
    if random.random() < 0.2:
        faults.append(Delay(jitter=0.002))
    if random.random() < 0.2:
        faults.append(Stall(after=random.randrange(5_000), seconds=0.05))
    if random.random() < 0.05:
        faults.append(Refuse())
    elif random.random() < 0.9:
        # Some before there is a session, most in the midst of one.
        after = random.randrange(random.choice((300, 3_000, 30_000)))
        how = random.choices(list(CutHow), weights=(4, 4, 1))[0]
        to = random.choice(list(Direction))
        faults.append(Cut(after=after, how=how, direction=to))
    return faults


async def use(
    server: Server, proxy: FaultProxy, ours: User, others: User, seed: str, steps: int
) -> int:
    """Let all users act until ours have done *steps*; return how often it crashed."""

    async def work(random: Random) -> None:
        for _ in range(steps // WORKERS):
            await ours.act(random, *EVERYTHING)

    async def interfere(random: Random) -> None:
        while True:
            await others.act(random, *OTHERS)
            await asyncio.sleep(random.random() * 0.01)

    crashes = 0

    async def crash(random: Random) -> None:
        nonlocal crashes
        while True:
            await asyncio.sleep(0.2 + random.random())
            crashes += 1
            await crash_and_revive(server, proxy, random)

    async with asyncio.TaskGroup() as users:
        background = [
            users.create_task(interfere(Random(f"{seed} others"))),
            users.create_task(crash(Random(f"{seed} crash"))),
        ]
        async with asyncio.TaskGroup() as workers:
            for number in range(WORKERS):
                workers.create_task(work(Random(f"{seed} {number}")))
        for task in background:
            task.cancel()
    return crashes


async def crash_and_revive(server: Server, proxy: FaultProxy, random: Random) -> None:
    """Let the server fail, with everybody who is connected."""
    if isinstance(server, MemoryServer):
        await proxy.refuse()
        server.disconnect_all()
        await asyncio.sleep(random.random() * 0.1)
        await proxy.accept()
    else:
        with anyio.CancelScope(shield=True):  # nobody could go on without a server
            await anyio.to_thread.run_sync(server.crash)
            await anyio.to_thread.run_sync(server.revive)


async def listen(
    events: asyncio.Queue[WatchEvent], replicas: dict[str, Replica], random: Random
) -> None:
    """Take in what the watch tells, sometimes slowly."""
    while True:
        event = await events.get()
        replicas[event.mailbox].hear(event)
        if random.random() < 0.02:
            await asyncio.sleep(random.random() * 0.1)


async def settled(
    straight: IMAPClient,
    ledger: Ledger,
    replicas: dict[str, Replica],
    told: asyncio.Task[None],
) -> None:
    """Wait until the watch has told all that has happened, and check it."""
    deadline = asyncio.get_running_loop().time() + HANG
    while True:
        found = await census.take(straight, WATCHED, ledger)
        wrong = {
            name: replicas[name].flags.items() ^ mailbox.flags.items()
            for name, mailbox in found.items()
            if replicas[name].flags != mailbox.flags
        }
        if told.done():
            told.result()
        if not wrong:
            told.cancel()
            return
        assert asyncio.get_running_loop().time() < deadline, (
            f"told or there, not both: {wrong}"
        )
        await asyncio.sleep(0.05)


@asynccontextmanager
async def nothing_left_over() -> AsyncIterator[None]:
    """Fail if the block leaves a task or a file descriptor."""
    tasks, files = asyncio.all_tasks(), _open_files()
    yield
    deadline = asyncio.get_running_loop().time() + HANG
    while left := asyncio.all_tasks() - tasks:
        # Servers and sockets end in a moment, of their own accord.
        assert asyncio.get_running_loop().time() < deadline, f"{left}\n{stacks()}"
        await asyncio.sleep(0.01)
    gc.collect()
    while (now := _open_files()) > files:
        assert asyncio.get_running_loop().time() < deadline, f"{files} files, now {now}"
        await asyncio.sleep(0.01)


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
