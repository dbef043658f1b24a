"""A few episodes of chaos; ``nox -s chaos`` runs as many as make 10,000 faults."""

from __future__ import annotations

import ssl
from typing import Final

import pytest

from aiosage.testing import Certificates, DovecotServer, MemoryServer

from .episode import run

pytestmark = pytest.mark.timeout(300)  # a watch may wait for a minute
STEPS: Final = 16


@pytest.fixture
def trust(certificates: Certificates) -> ssl.SSLContext:
    """What clients verify servers by."""
    return certificates.client_context()


@pytest.mark.parametrize("seed", ["short 1", "short 2"])
async def test_the_embedded_server_loses_nothing(
    seed: str, certificates: Certificates, trust: ssl.SSLContext
) -> None:
    """What is told, and what is there, is what was done, whatever befell it."""
    async with MemoryServer(ssl_context=certificates.server_context()) as server:
        outcome = await run(server, seed, STEPS, trust=trust)

    assert outcome.faults > 5


@pytest.mark.dovecot
@pytest.mark.parametrize("retries", [True, False])
async def test_dovecot_loses_nothing(
    retries: bool, certificates: Certificates, trust: ssl.SSLContext
) -> None:
    """A server of its own: it is killed, which others would not like."""
    async with DovecotServer(certificates=certificates) as server:
        outcome = await run(server, "short", STEPS, retries=retries, trust=trust)

    assert outcome.faults > 5
