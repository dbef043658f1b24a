"""Ask a server no more often than it takes: fixed, in bursts, or found out."""

import asyncio
import time

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPOperationError
from aiosage.resilience import AdaptiveRateLimiter, RateLimiter


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        batches = list((await inbox.search()).iter_batches(6))

        # Three at once, then no more than twenty a second.
        limiter = RateLimiter(20.0, burst=3)
        started = time.monotonic()
        for batch in batches:
            await limiter.acquire()
            await inbox.add_flags(batch, Flag.SEEN, silent=True)
        print("not faster than allowed:", time.monotonic() - started >= 0.14)
        print(limiter.snapshot().admitted, "calls")

        # Faster as long as the server answers well, slower when it complains.
        adaptive = AdaptiveRateLimiter(
            50.0, is_throttled=lambda error: isinstance(error, IMAPOperationError)
        )
        for batch in batches:
            await adaptive.acquire()
            with adaptive.watching():
                await inbox.remove_flags(batch, Flag.SEEN, silent=True)
        print("the rate has risen:", adaptive.snapshot().rate > 50.0)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
