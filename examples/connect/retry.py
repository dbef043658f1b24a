"""Try again to open an account, with growing waits, and not for ever.

What an open client does is tried again by itself, where that is safe.
"""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPClient,
    IMAPConnectionError,
    IMAPSearchCriteria,
)
from aiosage.resilience import RetryAttempt, RetryPolicy, retry


def is_transient(error: Exception) -> bool:
    """Tell whether another attempt is of use."""
    if isinstance(error, IMAPAuthenticationError):
        return error.retryable  # "temporarily unavailable", not "wrong password"
    return isinstance(error, IMAPConnectionError)


def show(attempt: RetryAttempt) -> None:
    """Say that there will be another attempt."""
    print("attempt", attempt.number, "failed:", type(attempt.error).__name__)


async def main(config: ConnectionConfig) -> None:
    policy = RetryPolicy(attempts=3, first_wait=0.05, timeout=30.0, on_retry=show)
    wrong_port = ConnectionConfig(host="127.0.0.1", port=9, username="nobody")
    configs = [wrong_port, config]  # the first attempt fails

    async def count_unread() -> int:
        account = configs.pop(0) if len(configs) > 1 else configs[0]
        async with IMAPClient(account, retry=policy) as client:
            return len(await client.mailbox().search(IMAPSearchCriteria.UNSEEN))

    print(await retry(count_unread, policy, on=is_transient), "unread")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
