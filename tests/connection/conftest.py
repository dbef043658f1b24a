"""What every test of a connection must leave behind: nothing."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
async def nothing_leaks() -> AsyncIterator[None]:
    """Fail a test that leaves a task, or an error nobody has looked at."""
    loop = asyncio.get_running_loop()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)  # for what only has to be told that it has ended
    gc.collect()
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not complaints
    assert not left
