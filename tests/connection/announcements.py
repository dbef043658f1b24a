"""What a real server announces, read off the wire and not by what is tested."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiosage.connection import Security
from aiosage.testing import CyrusServer, DovecotServer


@dataclass(frozen=True, slots=True)
class Announcements:
    """The capabilities of a server, before and after logging in."""

    before: frozenset[str]
    after: frozenset[str]

    @property
    def mechanisms(self) -> set[str]:
        """The SASL mechanisms that can be used to log in."""
        return {
            capability.removeprefix("AUTH=")
            for capability in self.before
            if capability.startswith("AUTH=")
        }


async def announcements(
    server: DovecotServer | CyrusServer, security: Security
) -> Announcements:
    """Ask *server* before and after logging in."""
    context = server.client_context()
    if security is Security.TLS:
        reader, writer = await asyncio.open_connection(
            "localhost", server.tls_port, ssl=context
        )
    else:
        reader, writer = await asyncio.open_connection("localhost", server.port)

    async def ask(command: str) -> frozenset[str]:
        """Send *command*, and return the words of its answers."""
        writer.write(f"a {command}\r\n".encode())
        words: list[str] = []
        while not words or words[-1] != "a OK":
            line = (await reader.readline()).decode()
            assert line.startswith(("* ", "a OK")), line
            if line.startswith("* CAPABILITY "):
                words += line.split()[2:]
            elif line.startswith("a OK"):
                words.append("a OK")
        return frozenset(words[:-1])

    try:
        assert (await reader.readline()).startswith(b"* OK ")
        if security is Security.STARTTLS:
            await ask("STARTTLS")
            await writer.start_tls(context, server_hostname="localhost")
        before = await ask("CAPABILITY")
        await ask(f"LOGIN {server.new_user()} {server.password}")
        return Announcements(before, await ask("CAPABILITY"))
    finally:
        writer.close()
        await writer.wait_closed()
