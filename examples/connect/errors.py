"""Tell failures apart by what can be done next."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectionError,
    IMAPError,
    IMAPMailboxError,
    IMAPSearchCriteria,
)


async def unread(config: ConnectionConfig, mailbox: str) -> str:
    """Count unread messages, or say what to do instead."""
    try:
        async with IMAPClient(config) as client:
            found = await client.mailbox(mailbox).search(IMAPSearchCriteria.UNSEEN)
            return f"{len(found)} unread"
    except IMAPMailboxError as error:
        why = "there is none of that name" if error.is_missing else error.text
        return f"choose another mailbox: {why}"
    except IMAPAuthenticationError as error:
        return "later" if error.retryable else "ask for another password"
    except IMAPCapabilityError as error:
        return f"do it without {error.capability}"
    except IMAPConnectionError:  # lost, timed out, not IMAP
        return "try again, or another server"
    except IMAPError as error:
        return f"look closer: {error}"


async def main(config: ConnectionConfig) -> None:
    print(await unread(config, "INBOX"))
    print(await unread(config, "No such mailbox"))
    print(await unread(config.with_password("wrong"), "INBOX"))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
