"""``aiosage watch``."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
from typing import Any

import pytest

from aiosage import Flag
from aiosage.testing import Certificates

from ..client.accounts import OtherClient, small
from ..conftest import Endpoint
from .command_line import environment, run, started, url_of


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode()


async def _record(process: asyncio.subprocess.Process) -> dict[str, Any]:
    record = json.loads(await _line(process))
    assert isinstance(record, dict)
    return record


async def _interrupt(
    process: asyncio.subprocess.Process, how: signal.Signals = signal.SIGINT
) -> tuple[int, str]:
    """Press Ctrl-C, or signal *how*; return the exit code and what stderr has."""
    assert process.stderr is not None
    process.send_signal(how)
    async with asyncio.timeout(20):
        err = await process.stderr.read()
        return await process.wait(), err.decode()


async def test_events_are_written_as_they_happen_until_ctrl_c(
    server: Endpoint, certificates: Certificates
) -> None:
    """One JSON object each; Ctrl-C ends it cleanly, with the code shells expect."""
    other = OtherClient(server)
    other.deliver(small(1))
    env = environment(AIOSAGE_PASSWORD=server.password)
    url = url_of(server, certificates)
    async with started("watch", url, "--json", env=env) as process:
        first = await _record(process)
        assert (first["type"], first["mailbox"]) == ("watching", "INBOX")
        assert server.username in first["account"]

        other.deliver(small(2))
        new = await _record(process)
        assert (new["type"], new["uid"], new["mailbox"]) == ("new", 2, "INBOX")
        other.add_flag(1, Flag.FLAGGED)
        flags = await _record(process)
        assert (flags["type"], flags["uid"]) == ("flags", 1)
        assert "\\Flagged" in flags["flags"]
        other.expunge(1)
        expunged = await _record(process)
        assert (expunged["type"], expunged["uid"]) == ("expunged", 1)

        code, err = await _interrupt(process)
    assert code == 130
    assert err == ""


async def test_a_cut_connection_is_told_and_made_good(
    server: Endpoint, certificates: Certificates
) -> None:
    """What happened in between is told between the two."""
    other = OtherClient(server)
    env = environment(AIOSAGE_PASSWORD=server.password)
    url = url_of(server, certificates)
    async with started("watch", url, "INBOX", "--json", env=env) as process:
        assert (await _record(process))["type"] == "watching"

        other.cut()
        other.deliver(small(1))

        records = [await _record(process) for _ in range(3)]
        assert [record["type"] for record in records] == [
            "disconnected",
            "new",
            "connected",
        ]
        code, _ = await _interrupt(process)
    assert code == 130


async def test_a_service_manager_may_end_it(
    server: Endpoint, certificates: Certificates
) -> None:
    """SIGTERM is how containers stop: it logs out, and the code tells why."""
    env = environment(AIOSAGE_PASSWORD=server.password)
    url = url_of(server, certificates)
    async with started("watch", url, "--json", env=env) as process:
        assert (await _record(process))["type"] == "watching"
        code, err = await _interrupt(process, signal.SIGTERM)
    assert (code, err) == (143, "")


async def test_people_get_text(server: Endpoint, certificates: Certificates) -> None:
    """With the account once, and a line for each event."""
    other = OtherClient(server)
    other.create("Größe & Maß")
    env = environment(AIOSAGE_PASSWORD=server.password)
    url = url_of(server, certificates)
    async with started("watch", url, "Größe & Maß", env=env) as process:
        assert f"watching Größe & Maß of {server.username}" in await _line(process)
        other.deliver(small(1), mailbox="Größe & Maß")
        assert "new message 1" in await _line(process)
        code, err = await _interrupt(process)
    assert (code, err) == (130, "")


async def test_a_mailbox_that_is_not_there_is_said_not_to_be(
    server: Endpoint, certificates: Certificates
) -> None:
    """Exit code 1: the server is there, and knows us."""
    ended = await run(
        *("watch", url_of(server, certificates), "Nowhere"),
        AIOSAGE_PASSWORD=server.password,
    )

    assert ended.code == 1
    assert "Nowhere" in ended.err


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
async def test_what_is_logged_holds_no_secret(
    server: Endpoint, certificates: Certificates, flag: str
) -> None:
    """Neither as it is nor in the Base64 that AUTHENTICATE PLAIN sends."""
    env = environment(AIOSAGE_PASSWORD=server.password)
    url = url_of(server, certificates)
    async with started("watch", url, "--json", flag, env=env) as process:
        assert (await _record(process))["type"] == "watching"
        code, err = await _interrupt(process)

    plain = f"\0{server.username}\0{server.password}".encode()
    assert code == 130
    assert "SELECT" in err or "EXAMINE" in err  # it does log what is said
    assert server.password not in err.replace(server.username, "")
    assert base64.b64encode(plain).decode() not in err
