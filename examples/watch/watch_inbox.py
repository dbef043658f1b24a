"""Hear of new, changed and removed messages as it happens."""

import asyncio

from aiosage import (
    ConnectionConfig,
    ConnectionState,
    FlagsChanged,
    IMAPClient,
    MailboxReset,
    MessageExpunged,
    MessagePart,
    NewMessage,
)


async def main(config: ConnectionConfig, *, count: int = 3) -> None:
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        inbox = client.mailbox("INBOX")
        print("listening")
        while count > 0:  # while True, in a program that runs for ever
            match await events.get():
                case NewMessage(_, _, uid):
                    # Commands go over other connections: IDLE is not disturbed.
                    async for new in inbox.fetch([uid], MessagePart.ENVELOPE):
                        print("new:", new.from_address, new.subject)
                    count -= 1
                case FlagsChanged(_, _, uid, flags):
                    print("flags:", uid, *sorted(flags))
                case MessageExpunged(_, _, uid):
                    print("gone:", uid)
                case MailboxReset():
                    print("made anew: forget its UIDs")
                case ConnectionState(_, is_connected, reason):
                    print("heard again" if is_connected else reason)
                case other:  # such as that it was renamed
                    print(other)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
