"""Leave a server alone for a while when it has failed again and again."""

import asyncio

from aiosage import CircuitOpen, ConnectionConfig, IMAPClient, IMAPConnectionError
from aiosage.resilience import CircuitBreaker


async def unread(config: ConnectionConfig, breaker: CircuitBreaker[str]) -> str:
    """Ask how many messages are unread, unless the server is left alone."""
    try:
        with breaker.calling(config.host):
            async with IMAPClient(config) as client:
                status = await client.folders.status("INBOX")
                return f"{status.unseen} unread"
    except CircuitOpen as refused:
        return f"not tried, again in {refused.retry_after:.0f} s"
    except IMAPConnectionError as error:
        return f"failed: {type(error).__name__}"


async def main(config: ConnectionConfig) -> None:
    breaker = CircuitBreaker[str](
        failures=2,
        recovery=30.0,
        counts=lambda error: isinstance(error, IMAPConnectionError),
    )
    nobody = ConnectionConfig(host="localhost", port=9, username="nobody")
    for account in (config, nobody, nobody, nobody, config):
        print(await unread(account, breaker))
    print(breaker.snapshot("localhost").state)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
