"""Check that an account can be used, and say what is wrong if not."""

import asyncio
import time
from dataclasses import dataclass

from aiosage import ConnectionConfig, IMAPClient, IMAPError


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an account can be used; *detail* is safe to show."""

    account: str
    is_healthy: bool
    seconds: float
    detail: str


async def check(config: ConnectionConfig, *, within: float = 10.0) -> Health:
    """Log in, and ask how INBOX stands."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(within), IMAPClient(config) as client:
            status = await client.folders.status("INBOX")
            detail = f"{status.messages} messages, {status.unseen} unread"
            is_healthy = True
    except (IMAPError, TimeoutError) as error:
        detail, is_healthy = f"{type(error).__name__}: {error}", False
    seconds = time.monotonic() - started
    return Health(config.account, is_healthy, seconds, detail)


async def main(config: ConnectionConfig) -> None:
    for candidate in (config, config.with_password("wrong")):
        health = await check(candidate)
        print("healthy" if health.is_healthy else "unhealthy", health.detail)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
