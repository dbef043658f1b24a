from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import stamina

from aiosage.sync import MemoryStore, SQLiteStore, Store


@pytest.fixture(autouse=True)
def _retry_at_once() -> Iterator[None]:
    """As often as asked for, but without waiting."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """The same test on each store."""
    if request.param == "memory":
        yield MemoryStore()
        return
    async with SQLiteStore(tmp_path / "mail.db") as sqlite:
        yield sqlite


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    """The store that outlives the program."""
    async with SQLiteStore(tmp_path / "mail.db") as store:
        yield store
