"""Spread work over equal servers of one account, and go on when one of them is down.

Equal are frontends of one store, such as proxies: the same mail under the same UIDs.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiosage import (
    CircuitOpen,
    ConnectionBudget,
    ConnectionConfig,
    IMAPAccounts,
    IMAPAuthenticationError,
    IMAPClient,
    IMAPConnectionError,
)
from aiosage.resilience import CircuitRules, CircuitState

T = TypeVar("T")

# One failure is enough, since there are others. A server that is tried again within
# seconds would be waited for: let it be longer.
CIRCUIT = CircuitRules(failures=1, recovery=10.0, longest=60.0)

# Refusing the credentials is what a frontend may do that cannot reach the store.
DOWN = (CircuitOpen, IMAPConnectionError, IMAPAuthenticationError)


class Servers:
    """Gives work to the one that has least to do, of those that are not down."""

    def __init__(self, accounts: IMAPAccounts) -> None:
        self._accounts = accounts
        self._in_hand: Counter[str] = Counter()

    def _rank(self, name: str) -> tuple[bool, int]:
        state = self._accounts[name].stats().circuit.state
        in_hand = self._in_hand[name]
        is_tried = state is CircuitState.HALF_OPEN and in_hand > 0  # by another
        return is_tried or state is CircuitState.OPEN, in_hand

    async def do(self, work: Callable[[IMAPClient], Awaitable[T]]) -> T:
        """Return what *work* returns with the first server that can do it.

        When one is lost in the middle it begins anew with the next, so it must be
        something that may be done twice.
        """
        errors: list[Exception] = []
        for name in sorted(self._accounts, key=self._rank):
            self._in_hand[name] += 1
            try:
                return await work(self._accounts[name])
            except DOWN as error:
                errors.append(error)
            finally:
                self._in_hand[name] -= 1
        raise ExceptionGroup("no server can do it", errors)


async def main(configs: list[ConnectionConfig]) -> None:
    down = ConnectionConfig(host="127.0.0.1", port=9, username="nobody")
    named = {config.address: config for config in [down, *configs]}

    async def count(server: IMAPClient) -> int:
        return await server.mailbox("INBOX").count()

    # No retries: what fails is tried with the next server, not again with this one.
    async with IMAPAccounts(
        named, budget=ConnectionBudget(circuit=CIRCUIT), retry=None
    ) as accounts:
        servers = Servers(accounts)
        counts = await asyncio.gather(*(servers.do(count) for _ in range(20)))
        print("each time", *set(counts), "messages")
        for name, health in accounts.health().items():
            print(name, health.state)


if __name__ == "__main__":
    # ONE_URL, ONE_PASSWORD, OTHER_URL, OTHER_PASSWORD
    names = ("ONE_", "OTHER_")
    asyncio.run(main([ConnectionConfig.from_env(name) for name in names]))
