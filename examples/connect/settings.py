"""Settings from a file, from URLs and from the environment, checked before use."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from aiosage import ConnectionConfig, IMAPClient, IMAPConfigurationError

SETTINGS = Path("imap.json")


def write_sample() -> None:
    """Write what an administrator would."""
    SETTINGS.write_text('{"imap": {"read_timeout": 30.0, "connect_timeout": 10.0}}')


def load(config: ConnectionConfig) -> ConnectionConfig:
    """Add what the file says; the password is not in it."""
    return replace(config, **json.loads(SETTINGS.read_text())["imap"])


async def main(config: ConnectionConfig) -> None:
    write_sample()
    config = load(config)
    print("no progress for", config.read_timeout, "s is an error")
    print("may be logged:", config.password)

    async with IMAPClient(config) as client:
        print("logged in to", (await client.server()).profile.name)

    try:  # All mistakes are told at once, before anything is connected.
        ConnectionConfig(host="", username="", port=70_000, read_timeout=-1)
    except IMAPConfigurationError as error:
        print(*error.mistakes, sep="\n")


if __name__ == "__main__":
    # AIOSAGE_URL=imaps://jane%40example.org@imap.example.org and AIOSAGE_PASSWORD
    asyncio.run(main(ConnectionConfig.from_env()))
