"""Always TLS, verified, and no older than one decides."""

import asyncio
import ssl
from dataclasses import replace

from aiosage import ConnectionConfig, IMAPClient, IMAPTLSError


def strict_context(ca_file: str | None) -> ssl.SSLContext:
    """Verify the name and the certificate; TLS 1.3 or nothing."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


async def main(config: ConnectionConfig) -> None:
    context = strict_context(config.ca_file)
    strict = replace(config, ca_file=None, ssl_context=context)
    async with IMAPClient(strict) as client:
        print(len(await client.mailbox().search()), "messages over TLS 1.3")

    # A certificate nobody vouches for is refused; the password is not sent.
    public = replace(config, ca_file=None, ssl_context=ssl.create_default_context())
    try:
        async with IMAPClient(public):
            print("never printed")
    except IMAPTLSError as error:
        print("refused:", error)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
