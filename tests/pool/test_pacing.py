"""Commands are held to a rate, which follows what the server says to them."""

from __future__ import annotations

import asyncio

import pytest

from aiosage import (
    ConnectionConfig,
    IMAPAccounts,
    IMAPClient,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPConnectionPool,
    IMAPMailboxError,
    IMAPOperationError,
    IMAPPoolClosed,
    IMAPTimeoutError,
    MessagePart,
    Secret,
    Security,
)
from aiosage.errors import refusal
from aiosage.pool._pacing import is_too_many, paced
from aiosage.resilience import AdaptiveRateLimiter, RateLimiter
from aiosage.testing import MemoryServer, cancel_at_every_await
from aiosage.wire.commands import GetStatus, Logout, StatusItem

from ..client.accounts import config_of, small
from ..client.relay import Relay
from ..conftest import Endpoint
from ..connection.scripted import LOGGED_IN, config, scripted
from ..resilience.instant import now, run

UNSEEN = GetStatus("INBOX", (StatusItem.UNSEEN,))


def plain(memory: MemoryServer, user: str = "user") -> ConnectionConfig:
    return ConnectionConfig(
        host=memory.host,
        port=memory.port,
        username=user,
        password=Secret("secret"),
        security=Security.PLAIN,
    )


def refused(code: str | None, text: str = "no") -> IMAPOperationError:
    return refusal("UID FETCH", "NO", code, text)


BACKOFF = "Suggested Backoff Time: 2500 milliseconds"


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (refused("LIMIT"), True),
        (refused("UNAVAILABLE"), True),
        (refused("INUSE"), True),
        (refused("THROTTLED"), True),
        (refused(None, BACKOFF), True),
        (IMAPTimeoutError("slow", seconds=1.0), True),
        (refused("NONEXISTENT"), False),
        (refused(None), False),
        (IMAPConnectionLost("gone"), False),
    ],
)
def test_what_says_that_the_server_wants_fewer(
    error: IMAPOperationError | IMAPConnectionError, is_it: bool
) -> None:
    assert is_too_many(error) is is_it


async def one(limiter: RateLimiter, takes: float, error: Exception | None) -> None:
    async with paced(limiter, now):
        await asyncio.sleep(takes)
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("takes", "error", "rate"),
    [
        (0.1, None, 8.5),
        (9.0, None, 4.0),
        (0.1, refused("LIMIT"), 4.0),
        (0.1, IMAPTimeoutError("slow", seconds=0.1), 4.0),
        (0.1, refused("NONEXISTENT"), 8.5),
        (9.0, refused("NONEXISTENT"), 4.0),
        (0.1, IMAPConnectionLost("gone"), 8.0),
        (0.1, ValueError("an argument"), 8.0),
        (0.1, asyncio.CancelledError(), 8.0),
    ],
)
def test_the_rate_follows_the_answers_and_how_long_they_take(
    takes: float, error: Exception | None, rate: float
) -> None:
    async def main() -> float:
        limiter = AdaptiveRateLimiter(8.0, step=4.0, slow=5.0, clock=now)
        (result,) = await asyncio.gather(
            one(limiter, takes, error), return_exceptions=True
        )
        assert type(result) is type(error)
        return limiter.snapshot().rate

    assert run(main()) == rate


@pytest.mark.parametrize("limiter_type", [RateLimiter, AdaptiveRateLimiter])
def test_all_wait_as_long_as_the_server_asks_for(
    limiter_type: type[RateLimiter],
) -> None:
    async def main() -> float:
        limiter = limiter_type(1000.0, clock=now)
        with pytest.raises(IMAPOperationError):
            await one(limiter, 0.0, refused(None, BACKOFF))
        began = now()
        await one(limiter, 0.0, None)
        return now() - began

    assert run(main()) == pytest.approx(2.5, abs=0.01)


@pytest.mark.parametrize("limiter_type", [RateLimiter, AdaptiveRateLimiter])
def test_nobody_waits_for_days_because_a_server_asks_for_it(
    limiter_type: type[RateLimiter],
) -> None:
    limiter = limiter_type(1.0, clock=lambda: 0.0)
    limiter.learn(0.1, refused(None, "Suggested Backoff Time: 432000000 milliseconds"))
    assert limiter.snapshot().pause == 3600.0


async def test_each_command_waits_but_for_what_keeps_the_session_alive(
    any_server: Endpoint,
) -> None:
    limiter = RateLimiter(1000.0)
    async with (
        Relay(any_server.host, any_server.port) as relay,
        IMAPClient(
            config_of(any_server, port=relay.port), max_connections=1, rate=limiter
        ) as client,
        client.pool.connection("INBOX") as connection,
    ):
        await connection.execute(UNSEEN)
        assert limiter.snapshot().admitted == 2  # SELECT was the first
        limiter.pause(3600.0)
        waiting = asyncio.create_task(connection.execute(UNSEEN))
        await connection.noop()
        if connection.supports("IDLE"):
            async with connection.idle():
                pass
        rate = client.stats().rate
        assert rate is not None
        assert (rate.admitted, rate.waiting) == (2, 1)
        assert rate.pause > 3000.0
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert limiter.snapshot().waiting == 0
        await connection.execute(Logout())
    assert relay.commands.count("STATUS") == 1
    assert relay.commands.count("LOGOUT") == 1


async def test_services_go_at_the_rate(any_server: Endpoint) -> None:
    async with IMAPClient(config_of(any_server), rate=200.0) as client:
        inbox = client.mailbox()
        for number in (1, 2):
            await inbox.append(small(number))
        loop = asyncio.get_running_loop()
        began, before = loop.time(), client.stats().rate
        for _ in range(10):
            await client.folders.status("INBOX")
        took, after = loop.time() - began, client.stats().rate
        assert before is not None
        assert after is not None
        assert after.rate == 200.0
        assert after.admitted - before.admitted == 10
        assert took >= 9 / 200.0 - 0.01  # never sooner, however fast the machine


async def test_what_is_streamed_waits_too_but_holds_up_nobody(
    any_server: Endpoint,
) -> None:
    limiter = RateLimiter(1000.0)
    async with IMAPClient(config_of(any_server), rate=limiter) as client:
        await client.mailbox().append(small(1))
        async with client.pool.connection("INBOX") as connection:
            before = limiter.snapshot().admitted
            async with connection.stream(1, MessagePart.section("TEXT")) as stream:
                octets = b"".join([piece async for piece in stream])
            assert octets == b"Hello 1\r\n"
            assert limiter.snapshot().admitted == before + 1


async def test_a_server_that_throttles_is_asked_less_often() -> None:
    script = f"""{LOGGED_IN}
C: T1 STATUS INBOX (UNSEEN)
S: T1 NO [LIMIT] too fast
C: T2 STATUS INBOX (UNSEEN)
S: T2 NO [NONEXISTENT] gone
C: T3 LOGOUT
S: * BYE bye
S: T3 OK bye
"""
    limiter = AdaptiveRateLimiter(800.0, step=400.0, slow=60.0)
    async with (
        scripted(script) as port,
        IMAPClient(config(port), retry=None, rate=limiter) as client,
        client.pool.connection() as connection,
    ):
        with pytest.raises(IMAPOperationError, match="too fast"):
            await connection.execute(UNSEEN)
        assert limiter.snapshot().rate == 400.0
        with pytest.raises(IMAPMailboxError, match="gone"):
            await connection.execute(UNSEEN)
        assert limiter.snapshot().rate == 401.0


async def test_what_waited_while_the_connection_was_lost_was_not_executed() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        limiter = RateLimiter(1000.0)
        async with (
            IMAPClient(plain(memory), retry=None, rate=limiter) as client,
            client.pool.connection() as connection,
        ):
            limiter.pause(0.05)
            waiting = asyncio.create_task(connection.execute(UNSEEN))
            memory.disconnect_all()
            with pytest.raises(IMAPConnectionLost) as caught:
                await waiting
            assert not caught.value.maybe_executed


async def test_a_lost_connection_ends_the_wait_for_the_rate() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        limiter = RateLimiter(1000.0)
        async with (
            IMAPClient(plain(memory), retry=None, rate=limiter) as client,
            client.pool.connection() as connection,
            asyncio.timeout(10),
        ):
            limiter.pause(3600.0)
            waiting = asyncio.create_task(connection.execute(UNSEEN))
            await connection.noop()
            assert limiter.snapshot().waiting == 1
            memory.disconnect_all()
            with pytest.raises(IMAPConnectionLost) as caught:
                await waiting
            assert not caught.value.maybe_executed
            with pytest.raises(IMAPConnectionLost):  # does not begin to wait
                await connection.execute(UNSEEN)
        assert limiter.snapshot().waiting == 0


class Paused(RateLimiter):
    """Lets nobody through, and notes who asks."""

    def __init__(self) -> None:
        super().__init__(1000.0)
        self.pause(3600.0)
        self.asked: asyncio.Queue[None] = asyncio.Queue()

    async def acquire(self) -> None:
        """Note it, and wait."""
        self.asked.put_nowait(None)
        await super().acquire()


async def test_closing_ends_the_wait_for_the_rate() -> None:
    """With a policy, too, though that would go on elsewhere."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        limiter = Paused()
        pool = IMAPConnectionPool(plain(memory), rate=limiter, close_grace=0.05)
        async with IMAPClient.from_pool(pool) as client, asyncio.timeout(10):
            waiting = asyncio.create_task(client.folders.status("INBOX"))
            await limiter.asked.get()
            await client.aclose()
            with pytest.raises(IMAPPoolClosed):
                await waiting
        assert limiter.snapshot().waiting == 0


async def test_who_is_cancelled_at_any_await_leaves_nothing_behind() -> None:
    limiter = AdaptiveRateLimiter(500.0)
    async with MemoryServer() as memory:
        memory.add_account("user", "secret").create_mailbox("Box")
        async with IMAPClient(
            plain(memory), max_connections=1, retry=None, rate=limiter
        ) as client:

            async def work() -> None:
                async with client.pool.connection("Box") as connection:
                    await connection.execute(UNSEEN)
                    await connection.unselect()

            cancelled = 0
            async for cancellation in cancel_at_every_await(work):
                cancelled += cancellation.is_cancelled
                async with asyncio.timeout(10):
                    assert (await client.folders.status("Box")).unseen == 0
                assert limiter.snapshot().waiting == 0
                assert client.stats().busy == 0
            assert cancelled > 10


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_is_a_positive_number(rate: float) -> None:
    account = ConnectionConfig(host="h", username="u", password=Secret("p"))
    with pytest.raises(ValueError, match="rate"):
        IMAPClient(account, rate=rate)
    with pytest.raises(ValueError, match="rate"):
        IMAPAccounts(rate=rate)


async def test_accounts_have_rates_of_their_own_or_share_one() -> None:
    async with MemoryServer() as memory:
        configs: list[ConnectionConfig] = []
        for user in ("ann", "bob"):
            memory.add_account(user, "secret")
            configs.append(plain(memory, user))
        shared = RateLimiter(1000.0)
        each: dict[str, RateLimiter] = {}

        def by_host(config: ConnectionConfig) -> RateLimiter:
            return each.setdefault(config.host, RateLimiter(1000.0))

        for rate, together in ((1000.0, False), (shared, True), (by_host, True)):
            async with IMAPAccounts(configs, rate=rate) as accounts:
                await accounts[configs[0].account].folders.status("INBOX")
                told = [client.stats().rate for client in accounts.values()]
                assert told[0] is not None
                assert told[1] is not None
                assert told[0].admitted >= 1
                assert (told[1].admitted == told[0].admitted) is together
        async with IMAPAccounts(configs) as accounts:
            assert accounts[configs[0].account].stats().rate is None
