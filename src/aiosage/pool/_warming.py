"""Having several connections opened at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import anyio


async def borrow_at_once(
    borrow: Callable[[], AbstractAsyncContextManager[object]], count: int
) -> None:
    """Borrow *count* connections until all are there, so that as many are opened.

    The first error is raised as it is.
    """
    missing = count
    all_open = anyio.Event()

    async def hold() -> None:
        nonlocal missing
        async with borrow():
            missing -= 1
            if not missing:
                all_open.set()
            await all_open.wait()  # else the next would get the same

    error: BaseException
    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(count):
                tasks.start_soon(hold)
    except BaseExceptionGroup as group:
        error = group.exceptions[0]  # the others failed likewise
    else:
        return
    raise error  # out here, so that it keeps the cause and context it has
