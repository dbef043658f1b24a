from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aiosage.testing.memory import MemoryAccount, MemoryMailbox, MemoryServer

from .raw_client import RawClient, logged_in


@pytest.fixture
async def memory() -> AsyncIterator[MemoryServer]:
    async with MemoryServer() as server:
        yield server


@pytest.fixture
def alice(memory: MemoryServer) -> MemoryAccount:
    return memory.add_account("alice", "secret", special=True)


@pytest.fixture
def inbox(alice: MemoryAccount) -> MemoryMailbox:
    return alice.mailbox("INBOX")


@pytest.fixture
async def client(
    memory: MemoryServer, alice: MemoryAccount
) -> AsyncIterator[RawClient]:
    """Alice, logged in."""
    async with logged_in(memory.host, memory.port) as client:
        yield client


@pytest.fixture
async def other(memory: MemoryServer, alice: MemoryAccount) -> AsyncIterator[RawClient]:
    """Alice, on a second connection."""
    async with logged_in(memory.host, memory.port) as client:
        yield client
