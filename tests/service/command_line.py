"""Run ``python -m aiosage`` as a shell does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiosage.testing import Certificates

from ..conftest import Endpoint

DEADLINE = 60.0
"""Seconds a command may take: many times what it needs."""

# What the machine that runs the tests has in its own environment and keyring must
# make no difference.
_QUIET = {
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONWARNINGS": "error",
    "NO_COLOR": "1",
    "COLUMNS": "200",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:  # whatever JSON holds
        """The lines of its output, each of which must be a JSON object."""
        records = [json.loads(line) for line in self.out.splitlines()]
        assert all("type" in record for record in records)
        return records

    def records_of(self, kind: str) -> list[dict[str, Any]]:
        """The records whose type is *kind*."""
        return [record for record in self.records if record["type"] == kind]


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a command, with *variables*."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIOSAGE_")
    }
    return {**inherited, **_QUIET, **variables}


def url_of(
    server: Endpoint, certificates: Certificates, *, user: str | None = None
) -> str:
    """Return the URL of the account on *server*, over TLS, without its password."""
    username = quote(user or server.username, safe="")
    ca_file = quote(str(certificates.ca_file))
    return f"imaps://{username}@{server.host}:{server.tls_port}?ca_file={ca_file}"


@asynccontextmanager
async def started(
    *arguments: str | Path, env: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command for the block; kill it if it is still there at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "aiosage",
        *map(str, arguments),
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A shell may have started the tests with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(*arguments: str | Path, **variables: str) -> Ended:
    """Run a command to its end, with *variables* in the environment."""
    async with (
        started(*arguments, env=environment(**variables)) as process,
        asyncio.timeout(DEADLINE),
    ):
        out, err = await process.communicate()
    assert process.returncode is not None
    ended = Ended(process.returncode, out.decode(), err.decode())
    assert "Traceback" not in ended.err, ended.err
    return ended
