"""Commands that travel together, for one round trip instead of one each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..wire.commands import Command

R = TypeVar("R")

WINDOW: Final = 200
"""Commands under way at once."""


async def execute_all(
    connection: IMAPConnection, commands: Sequence[Command[R]]
) -> list[R | IMAPOperationError]:
    """Execute *commands*, and return the result or the refusal of each, in order.

    Raises:
        IMAPConnectionError: the session ended.
        ValueError: an argument cannot be sent.
    """
    results: list[R | IMAPOperationError] = []
    for start in range(0, len(commands), WINDOW):
        window = commands[start : start + WINDOW]
        # Cancelled, it cancels them, and waits until they have ended.
        done = await asyncio.gather(
            *map(connection.execute, window), return_exceptions=True
        )
        for result in done:
            if isinstance(result, BaseException) and not isinstance(
                result, IMAPOperationError
            ):
                raise result
            results.append(result)
    return results
