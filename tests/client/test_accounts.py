"""Many accounts in one process: lazy, isolated, each with its own credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import pytest

from aiosage import (
    AccountState,
    ConnectionBudget,
    ConnectionConfig,
    IMAPAccounts,
    IMAPAuthenticationError,
    IMAPClient,
    IMAPConnectionError,
    IMAPPoolClosed,
    Secret,
    Security,
)
from aiosage.connection import TokenRequest
from aiosage.resilience import CircuitRules
from aiosage.testing import Certificates, MemoryServer

from ..conftest import Endpoint
from .accounts import config_of, small
from .relay import Relay

COUNT = 1000


@pytest.fixture
async def memory() -> AsyncIterator[MemoryServer]:
    async with MemoryServer() as server:
        for number in range(COUNT):
            account = server.add_account(f"user{number}", f"secret{number}")
            account.mailbox("INBOX").deliver(small(number))
        yield server


def account(port: int, number: int) -> ConnectionConfig:
    return ConnectionConfig(
        host="127.0.0.1",
        port=port,
        username=f"user{number}",
        password=Secret(f"secret{number}"),
        security=Security.PLAIN,
    )


async def subject(client: IMAPClient) -> str | None:
    """Return that of the first message, which tells the account."""
    inbox = client.mailbox("INBOX")
    (found,) = [message.subject async for message in inbox.fetch([1])]
    return found


async def test_a_thousand_accounts_are_opened_as_they_are_used(
    memory: MemoryServer,
) -> None:
    budget = ConnectionBudget(total=50)
    most = 0

    async def look(client: IMAPClient) -> str | None:
        nonlocal most
        async with client.pool.connection():
            most = max(most, memory.connections)
        return await subject(client)

    configs = [account(memory.port, number) for number in range(COUNT)]
    async with IMAPAccounts(configs, budget=budget) as accounts:
        assert len(accounts) == COUNT
        assert memory.connections == 0
        assert await subject(accounts[configs[7].account]) == "number 7"
        assert memory.connections == 1
        outcomes = await accounts.map(look)

        assert [outcome.result() for outcome in outcomes.values()] == [
            f"number {number}" for number in range(COUNT)
        ]
        assert list(outcomes) == list(accounts)
        assert 40 < most <= 50 + 5  # a few are known to be closed a little later
        stats = accounts.stats()
        assert (stats.accounts, stats.healthy, stats.failing) == (COUNT, COUNT, 0)
        assert stats.connections == stats.budget.held == stats.budget.idle <= 50
    assert budget.stats().held == 0


async def test_a_failing_or_silent_account_is_no_matter_to_others(
    memory: MemoryServer,
) -> None:
    """Neither a wrong password nor a host that is away or does not answer."""
    async with (
        Relay(memory.host, memory.port) as silent,
        Relay(memory.host, memory.port) as closed,
    ):
        silent.freeze()
        closed.is_open = False
        configs = {
            "silent": account(silent.port, 1),
            "away": account(closed.port, 2),
            "wrong": account(memory.port, 3).with_password("guess"),
            "good": account(memory.port, 4),
            "fine": account(memory.port, 5),
        }
        budget = ConnectionBudget(
            total=3, circuit=CircuitRules(recovery=0.01, longest=0.02)
        )
        async with IMAPAccounts(configs, budget=budget, max_connections=2) as accounts:
            held_up = [
                asyncio.create_task(subject(accounts["silent"])) for _ in range(10)
            ]
            await silent.wait_connections(2)
            del configs["silent"]
            for _ in range(3):
                with pytest.raises(IMAPConnectionError):
                    await subject(accounts["away"])
                with pytest.raises(IMAPAuthenticationError):
                    await subject(accounts["wrong"])
                assert await subject(accounts["good"]) == "number 4"
                assert await subject(accounts["fine"]) == "number 5"
            assert not any(task.done() for task in held_up)

            health = accounts.health()
            assert [health[name].state for name in configs] == [
                AccountState.FAILING,
                AccountState.FAILING,
                AccountState.HEALTHY,
                AccountState.HEALTHY,
            ]
            assert health["silent"].state is AccountState.UNUSED
            assert health["silent"].stats.waiting == 8
            assert health["wrong"].failures == 3
            assert isinstance(health["wrong"].error, IMAPAuthenticationError)
            assert "guess" not in repr(health)
            silent.thaw()
            assert set(await asyncio.gather(*held_up)) == {"number 1"}
            assert accounts.health()["silent"].state is AccountState.HEALTHY


async def test_a_client_tells_its_health_without_asking_the_server(
    server: Endpoint,
) -> None:
    """A probe asks every few seconds, also while the server does not answer."""
    client = IMAPClient(config_of(server).with_password("wrong"))
    assert client.health().state is AccountState.UNUSED
    with pytest.raises(IMAPAuthenticationError):
        await client.open()
    health = client.health()
    assert (health.state, health.failures) == (AccountState.FAILING, 1)
    assert isinstance(health.error, IMAPAuthenticationError)
    async with IMAPClient(config_of(server)) as client:
        health = client.health()
        assert (health.name, health.state) == (
            client.config.account,
            AccountState.HEALTHY,
        )


async def test_a_wrong_password_never_gets_the_connection_of_a_right_one(
    server: Endpoint,
) -> None:
    """Not even where both are of the same user, and connections lie idle."""
    right = config_of(server)
    configs = {"right": right, "wrong": right.with_password("wrong")}
    async with IMAPAccounts(configs) as accounts:
        await accounts["right"].mailbox("INBOX").search()
        assert accounts["right"].stats().idle == 1
        for _ in range(2):
            with pytest.raises(IMAPAuthenticationError):
                await accounts["wrong"].mailbox("INBOX").search()
        await accounts["right"].mailbox("INBOX").search()

        assert accounts["right"].stats().opened == 1
        assert accounts["wrong"].stats().opened == 0


async def test_two_entries_of_one_user_count_as_one_account(server: Endpoint) -> None:
    """The provider counts users, not programs."""
    one = config_of(server)
    budget = ConnectionBudget(per_account=1)
    async with IMAPAccounts({"a": one, "b": one}, budget=budget) as accounts:
        for name in ("a", "b", "a"):
            await accounts[name].mailbox("INBOX").search()
            assert budget.stats().held == 1
            assert accounts[name].stats().idle == 1


async def test_accounts_come_and_go(memory: MemoryServer) -> None:
    async with IMAPAccounts([account(memory.port, 0)]) as accounts:
        client = accounts.add(account(memory.port, 1), name="work")
        assert accounts["work"] is client
        assert await subject(client) == "number 1"
        assert list(accounts) == [account(memory.port, 0).account, "work"]
        with pytest.raises(ValueError, match="'work' already"):
            accounts.add(account(memory.port, 2), name="work")
        await accounts.remove("work")
        await memory.wait_connections(0)
        assert "work" not in accounts
        assert accounts.budget.stats().held == 0
        with pytest.raises(IMAPPoolClosed):
            await subject(client)
        with pytest.raises(KeyError):
            await accounts.remove("work")
        again = accounts.add(account(memory.port, 2), name="work")
        assert await subject(again) == "number 2"
    with pytest.raises(IMAPPoolClosed):
        accounts.add(account(memory.port, 3))
    await accounts.aclose()  # again


async def test_removing_an_account_lets_what_waits_for_the_budget_go_on(
    memory: MemoryServer,
) -> None:
    configs = {str(number): account(memory.port, number) for number in range(2)}
    async with IMAPAccounts(configs, budget=ConnectionBudget(total=1)) as accounts:
        await subject(accounts["0"])
        await accounts.remove("0")
        assert await subject(accounts["1"]) == "number 1"


async def test_errors_stay_with_their_account_and_order_is_kept(
    memory: MemoryServer,
) -> None:
    configs = [account(memory.port, number) for number in range(6)]
    busy = most = 0

    async def look(client: IMAPClient) -> str:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        try:
            found = await subject(client)
        finally:
            busy -= 1
        assert found is not None
        if found.endswith(("1", "4")):
            raise RuntimeError(found)
        return found

    async with IMAPAccounts(configs) as accounts:
        outcomes = list((await accounts.map(look, concurrency=2)).values())
        assert [outcome.ok for outcome in outcomes] == [True, False] + [True] * 2 + [
            False,
            True,
        ]
        assert most == 2
        assert outcomes[0].result() == "number 0"
        with pytest.raises(RuntimeError, match="number 1"):
            outcomes[1].result()
        with pytest.raises(ValueError, match="at least 1"):
            await accounts.map(look, concurrency=0)
    async with IMAPAccounts() as nobody:
        assert await nobody.map(look) == {}


async def test_a_cancelled_map_cancels_what_is_under_way(memory: MemoryServer) -> None:
    started = asyncio.Semaphore(0)
    cancelled = 0

    async def hang(client: IMAPClient) -> None:
        nonlocal cancelled
        async with client.pool.connection():
            started.release()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
                raise

    configs = [account(memory.port, number) for number in range(3)]
    async with IMAPAccounts(configs) as accounts:
        mapping = asyncio.create_task(accounts.map(hang))
        for _ in range(3):
            await started.acquire()
        mapping.cancel()
        await asyncio.wait([mapping])
        assert mapping.cancelled()
        assert cancelled == 3
        assert accounts.stats().busy == 0


async def test_accounts_that_trust_the_same_share_one_tls_context(
    server: Endpoint, certificates: Certificates
) -> None:
    """Each of its own would take 1 MiB; one of the user's own is left alone."""
    ca_file = str(certificates.ca_file)
    one = config_of(
        server, port=server.tls_port, security=Security.TLS, ca_file=ca_file
    )
    own = replace(one, ca_file=None, ssl_context=server.ssl_context)
    configs = {"own": own, "one": one, "two": one}
    contexts = []
    async with IMAPAccounts(configs) as accounts:
        for name, client in accounts.items():
            assert client.config == configs[name]
            async with client.pool.connection() as connection:
                contexts.append(connection.config.ssl_context)

    assert contexts[0] is server.ssl_context
    assert contexts[1] is contexts[2] is not None
    assert contexts[1] is not contexts[0]


def test_names_are_given_once_and_to_accounts_only() -> None:
    config = ConnectionConfig(host="imap.example.org", username="jane")
    with pytest.raises(ValueError, match=r"jane@imap\.example\.org:993"):
        IMAPAccounts([config, config])
    with pytest.raises(TypeError, match="str is no"):
        IMAPAccounts(["imaps://jane@imap.example.org"])  # type: ignore[list-item]


async def test_what_is_cancelled_in_one_account_cancels_no_other(
    memory: MemoryServer,
) -> None:
    """As when it awaits a task that somebody else has cancelled."""
    configs = {str(n): account(memory.port, n) for n in range(3)}
    given_up = asyncio.get_running_loop().create_future()
    given_up.cancel()

    async def work(client: IMAPClient) -> str | None:
        if client is accounts["1"]:
            await given_up
        return await subject(client)

    async with IMAPAccounts(configs) as accounts:
        outcomes = await accounts.map(work)
        assert isinstance(outcomes["1"].error, asyncio.CancelledError)
        assert [outcomes[name].value for name in "02"] == ["number 0", "number 2"]

        mapping = asyncio.create_task(accounts.map(lambda client: asyncio.sleep(60)))
        await asyncio.sleep(0)
        mapping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mapping
        with anyio.move_on_after(0.01) as scope:
            await accounts.map(lambda client: asyncio.sleep(60))
        assert scope.cancelled_caught


async def test_an_account_whose_token_provider_raises_is_failing() -> None:
    async def break_down(request: TokenRequest) -> Secret:
        raise ZeroDivisionError

    async with MemoryServer() as memory:
        config = ConnectionConfig(
            host=memory.host,
            port=memory.port,
            username="user",
            token=break_down,
            security=Security.PLAIN,
        )
        async with IMAPAccounts([config]) as accounts:
            (name,) = accounts
            with pytest.raises(ZeroDivisionError):
                await accounts[name].mailbox().search()
            health = accounts.health()[name]
            assert health.state is AccountState.FAILING
            assert isinstance(health.error, ZeroDivisionError)
            assert accounts.budget.stats().held == 0
