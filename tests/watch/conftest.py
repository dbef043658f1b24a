from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ..client.accounts import OtherClient
from ..client.relay import Relay
from ..conftest import Endpoint


@pytest.fixture
async def relay(server: Endpoint) -> AsyncIterator[Relay]:
    """A relay to `server`."""
    async with Relay(server.host, server.port) as relay:
        yield relay


@pytest.fixture
def other(server: Endpoint) -> OtherClient:
    """Somebody else who changes the same account."""
    return OtherClient(server)
