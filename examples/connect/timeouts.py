"""Bound the waits of every call by settings, and those of one call where it is."""

import asyncio
from dataclasses import replace

from aiosage import ConnectionConfig, IMAPClient, IMAPConnectError


async def main(config: ConnectionConfig) -> None:
    # connect_timeout: name, TCP, TLS, greeting and login together. read_timeout:
    # without any progress, so that long answers may take long.
    config = replace(config, connect_timeout=10.0, read_timeout=30.0)
    async with IMAPClient(config) as client:
        inbox = client.mailbox()
        try:
            async with asyncio.timeout(0):  # for this block alone
                await inbox.search()
        except TimeoutError:
            print("given up")
        async with asyncio.timeout(20):  # a cancelled call harms no other
            print(len(await inbox.search()), "messages")

    nobody = replace(config, host="127.0.0.1", port=9, connect_timeout=2.0)
    try:
        async with IMAPClient(nobody):
            print("never printed")
    except IMAPConnectError as error:
        print("nobody there:", error)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
