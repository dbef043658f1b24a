"""How tests run the programs in ``examples/``, and the accounts they run them with."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import quote

from aiosage import ConnectionConfig, IMAPClient, Secret
from aiosage.testing import Certificates, DovecotServer

from .example_mail import example_mail

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "examples"
NEWS: Final = (
    b"From: noreply <noreply@example.com>\r\nSubject: Urgent: backup %d\r\n\r\nHi\r\n"
)
DEADLINE: Final = 60.0
"""Seconds an example may take: many times what it needs."""


class Accounts:
    """New accounts on Dovecot, each with the mail of examples."""

    def __init__(self, server: DovecotServer, certificates: Certificates) -> None:
        self._server = server
        self._certificates = certificates

    async def new(self) -> ConnectionConfig:
        """Return how to log in to another one."""
        config = ConnectionConfig(
            host=self._server.host,
            port=self._server.tls_port,
            username=self._server.new_user(),
            password=Secret(self._server.password),
            ca_file=str(self._certificates.ca_file),
        )
        async with IMAPClient(config, max_connections=1) as client:
            await client.mailbox().append_many(example_mail(datetime.now(UTC)))
        return config


def load(example: str) -> ModuleType:
    """Return an example as a module."""
    name = "example_" + Path(example).stem
    spec = importlib.util.spec_from_file_location(name, FOLDER / example)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


async def _start(
    example: str, config: ConnectionConfig, folder: Path, extra: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Run an example as a program whose account is in the environment."""
    user = quote(config.username, safe="")
    environ = {
        **os.environ,
        "AIOSAGE_URL": f"imaps://{user}@{config.host}:{config.port}"
        f"?ca_file={quote(str(config.ca_file))}",
        "AIOSAGE_PASSWORD": config.password.reveal(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT / "src"),
        **extra,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        FOLDER / example,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def program(
    example: str,
    config: ConnectionConfig,
    folder: Path,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an example for the block, and not longer."""
    process = await _start(example, config, folder, environ or {})
    try:
        async with asyncio.timeout(DEADLINE):
            yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
