"""An account for what does not depend on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aiosage.testing import Certificates, MemoryServer

from ..conftest import Endpoint


@pytest.fixture
async def account(certificates: Certificates) -> AsyncIterator[Endpoint]:
    """An account on the embedded server."""
    context = certificates.server_context()
    async with MemoryServer(ssl_context=context) as memory:
        username, password = "jane.doe@example.org", "s3cret & Größe"
        memory.add_account(username, password, special=True)
        assert memory.tls_port is not None
        yield Endpoint(
            kind="memory",
            host=memory.host,
            port=memory.port,
            tls_port=memory.tls_port,
            username=username,
            password=password,
            ssl_context=certificates.client_context(),
            backend=memory,
        )
