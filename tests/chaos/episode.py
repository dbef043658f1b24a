"""One account, for a while, between its users and a network that fails them."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Final

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPConnectionError,
    MessagePart,
    Secret,
    Security,
)
from aiosage.resilience import RetryPolicy
from aiosage.testing import (
    Corrupt,
    Cut,
    CutHow,
    Delay,
    Direction,
    DovecotError,
    DovecotServer,
    Fault,
    FaultProxy,
    MemoryServer,
    Refuse,
    Segments,
    Stall,
)

from . import census
from .actions import EVERYTHING, OTHERS, VOLATILE
from .ledger import Ledger
from .listeners import Visitor, difference, listen
from .replica import Replicas
from .users import HANG, User, stacks

WATCHED: Final = ("INBOX", "Work")
MAILBOXES: Final = (*WATCHED, "Copies")
WORKERS: Final = 4
OTHER_WORKERS: Final = 3
CONNECTIONS: Final = 5

Server = MemoryServer | DovecotServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How the account is used.

    Attributes:
        retries: our client tries again by itself what the network interrupts.
        is_encrypted: by TLS; then the network also corrupts what it carries.
        connections: that the watch holds.
        fetches: the watch reads new messages.
        queue_size: of the watch.
        visited: mailboxes that are watched now and then.
    """

    retries: bool
    is_encrypted: bool
    connections: int
    fetches: bool
    queue_size: int
    visited: tuple[str, ...]

    @classmethod
    def choose(cls, seed: str, *, retries: bool | None, encrypts: bool) -> Conditions:
        """Return those of *seed*; *retries* None for either, as *encrypts* allows."""
        random = Random(f"{seed} conditions")
        chance = random.random() < 0.5
        return cls(
            retries=chance if retries is None else retries,
            is_encrypted=random.random() < 0.3 and encrypts,
            connections=random.choice((1, 1, 2)),
            fetches=random.random() < 0.5,
            queue_size=random.choice((1, 20, 20, 1000)),
            visited=random.choice((("INBOX",), ("INBOX", "Work"), ("Work",))),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an episode saw.

    Attributes:
        steps: what the users did.
        faults: what befell them: cuts, stalls, refusals, cancellations, crashes.
        events: what the watches told.
        visits: how often a watch went on from a kept cursor.
        retries: our client tried again by itself what the network interrupted.
        outcomes: how often what of ours ended how, for people.
    """

    steps: int
    faults: int
    events: int
    visits: int
    retries: bool
    outcomes: Counter[str]


async def run(
    server: Server,
    seed: str,
    steps: int,
    *,
    retries: bool | None = None,
    trust: ssl.SSLContext | None = None,
) -> Outcome:
    """Let everybody use a new account, and check what is left.

    Args:
        server: where the account is. It is crashed and revived.
        seed: of all chance, but for that of time.
        steps: what our users do, in all.
        retries: of our client; None for what chance says.
        trust: what to verify the server by in encrypted episodes; None for none.

    Raises:
        AssertionError: something is lost, doubled, damaged, left over or hangs.
    """
    conditions = Conditions.choose(seed, retries=retries, encrypts=trust is not None)
    config = new_account(server, seed)
    ours_config = config
    if conditions.is_encrypted:
        ours_config = replace(
            config, port=server.tls_port, security=Security.TLS, ssl_context=trust
        )
    ledger = Ledger()
    async with (
        nothing_left_over(),
        network_before(ours_config, seed) as proxy,
        IMAPClient(config, max_connections=CONNECTIONS) as straight,
    ):
        for name in MAILBOXES[1:]:
            await straight.folders.create(name)
        others = User(straight, ledger, MAILBOXES)
        told = Replicas(*WATCHED, ledger=ledger, fetches=conditions.fetches)
        async with client_through(proxy, ours_config, conditions) as client:
            ours = User(client, ledger, MAILBOXES, impatience=0.4)
            visitor = Visitor(
                client, conditions.visited, Replicas(*conditions.visited, ledger=ledger)
            )
            async with (
                client.watch(
                    *WATCHED,
                    "Volatile*",
                    queue_size=conditions.queue_size,
                    connections=conditions.connections,
                    fetch=[MessagePart.FULL] if conditions.fetches else [],
                ) as events,
                asyncio.TaskGroup() as tasks,
            ):
                listeners = [
                    tasks.create_task(listen(events, told, Random(seed))),
                    tasks.create_task(visitor.run(Random(f"{seed} visitor"))),
                ]
                await visitor.is_ready.wait()
                proxy.plan = encrypted if conditions.is_encrypted else network
                proxy.cut()
                crashes = await use(server, proxy, ours, others, config, seed, steps)
                proxy.plan = None
                proxy.cut()
                faults = len(proxy.struck) + crashes + ours.cancelled
                await settled(straight, client, ledger, told, visitor)
                for listener in listeners:
                    listener.cancel()
            check_nobody_holds_a_connection(client)
        async with asyncio.timeout(HANG):
            await proxy.wait_connections(0)
        found, _ = await census.take_all(straight, (*MAILBOXES, *VOLATILE), ledger)
    census.check_copies(ledger, found)
    census.check_flags(ledger, found)
    return Outcome(
        ours.steps + others.steps,
        faults,
        told.events + visitor.replicas.events,
        visitor.visits,
        conditions.retries,
        ours.outcomes,
    )


def check_nobody_holds_a_connection(client: IMAPClient) -> None:
    """Fail if a connection was not given back, or somebody waits for one."""
    stats = client.stats()
    assert not stats.busy, f"somebody keeps a connection: {stats}"
    assert not stats.waiting, f"somebody waits for ever: {stats}"


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


def client_through(
    proxy: FaultProxy, config: ConnectionConfig, conditions: Conditions
) -> IMAPClient:
    """Return a client that soon notices that nothing comes any more."""
    bad = replace(
        config,
        host=proxy.host,
        port=proxy.port,
        connect_timeout=4.0,
        read_timeout=1.0,
        idle_renewal=0.3,
        idle_check=20.0,  # Dovecot does not push all that its NOTIFY should
        poll_interval=0.1,
    )
    policy = RetryPolicy(attempts=6, timeout=15.0, first_wait=0.02, longest_wait=0.5)
    return IMAPClient(
        bad,
        max_connections=CONNECTIONS,
        retry=policy if conditions.retries else None,
    )


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
        faults.append(Segments(largest=random.choice((1, 7, 50, 200, 200))))
    if random.random() < 0.3:
        to_server = Direction.TO_SERVER
        faults.append(Segments(largest=random.choice((7, 200)), direction=to_server))
    if random.random() < 0.2:
        faults.append(Delay(jitter=0.002))
    faults += (
        Stall(after=random.randrange(5_000), seconds=0.02)
        for _ in range(random.randrange(3))
    )
    if random.random() < 0.05:
        faults.append(Refuse())
    elif random.random() < 0.9:
        # Some before there is a session, most in the midst of one.
        after = random.randrange(random.choice((300, 3_000, 3_000, 10_000)))
        how = random.choices(list(CutHow), weights=(4, 4, 1))[0]
        to = random.choice(list(Direction))
        faults.append(Cut(after=after, how=how, direction=to))
    return faults


def encrypted(number: int, random: Random) -> Sequence[Fault]:
    """Return what befalls an encrypted connection: octets are changed, too."""
    faults = list(network(number, random))
    if random.random() < 0.5:
        after = random.randrange(random.choice((3_000, 30_000)))
        mask = 1 << random.randrange(8)
        to = random.choice(list(Direction))
        faults.append(Corrupt(after=after, mask=mask, direction=to))
    return faults


async def use(
    server: Server,
    proxy: FaultProxy,
    ours: User,
    others: User,
    config: ConnectionConfig,
    seed: str,
    steps: int,
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
            await asyncio.sleep(0.5 + 2 * random.random())
            crashes += 1
            await let_fail(server, proxy, config.username, random)

    async with asyncio.TaskGroup() as users:
        background = [
            users.create_task(crash(Random(f"{seed} crash"))),
            *(
                users.create_task(interfere(Random(f"{seed} others {number}")))
                for number in range(OTHER_WORKERS)
            ),
        ]
        async with asyncio.TaskGroup() as workers:
            for number in range(WORKERS):
                workers.create_task(work(Random(f"{seed} {number}")))
        for task in background:
            task.cancel()
    await proxy.accept()  # which a crash that was cancelled has not come to
    return crashes


async def let_fail(
    server: Server, proxy: FaultProxy, username: str, random: Random
) -> None:
    """Let the server fail: as a whole, or for this account."""
    if isinstance(server, MemoryServer):
        await proxy.refuse()
        server.disconnect_all(abort=random.random() < 0.5)
        await asyncio.sleep(random.random() * 0.1)
        await proxy.accept()
        return
    fail = random.choice(
        (
            server.revive,  # which kills it first
            partial(server.kick, username),
            partial(server.kill_sessions, username),
        )
    )
    task = asyncio.create_task(asyncio.to_thread(fail))
    try:
        await asyncio.shield(task)
    except (DovecotError, ProcessLookupError):
        pass  # there is no session to be ended
    finally:
        await asyncio.wait([task])  # nobody could go on without a server


async def settled(
    straight: IMAPClient,
    client: IMAPClient,
    ledger: Ledger,
    told: Replicas,
    visitor: Visitor,
) -> None:
    """Wait until the watches have told all that has happened."""
    # A watch may wait for a minute before it tries to connect again; and a Dovecot
    # that was killed may wait as long for a lock.
    deadline = asyncio.get_running_loop().time() + 4 * HANG
    while True:
        try:
            found, broken = await census.take_all(
                straight, (*WATCHED, *VOLATILE), ledger
            )
        except IMAPConnectionError:
            assert asyncio.get_running_loop().time() < deadline, "no server any more"
            await asyncio.sleep(0.1)
            continue
        visits = visitor.replicas
        visited = {name: found[name] for name in visits.by_name.keys() - broken}
        wrong = difference(told, found, broken), difference(visits, visited, broken)
        if wrong == (None, None):
            return
        assert asyncio.get_running_loop().time() < deadline, (
            f"told or there, not both: {wrong}; the last events: {[*told.last]}\n"
            f"{[str(info) for info in await straight.folders.list()]}\n"
            f"{client.stats()}\n{stacks()}"
        )
        await asyncio.sleep(0.1)


@asynccontextmanager
async def nothing_left_over(patience: float = HANG) -> AsyncIterator[None]:
    """Fail if the block leaves a task or a file descriptor after *patience* seconds."""
    tasks, files = asyncio.all_tasks(), _open_files()
    yield
    deadline = asyncio.get_running_loop().time() + patience
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
