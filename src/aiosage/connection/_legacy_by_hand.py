"""A protocol of aioimaplib without a connection: octets are given to it by hand.

So its own tests look at it, and those of programs: outside of a loop, with a
command put in its ``pending_sync_command``, or with another ``_handle_line``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib

from ..wire import Frame


def loop_of_none() -> asyncio.AbstractEventLoop:
    """Return the running loop, or one that never runs where there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        loop.close()
        return loop


def handle_lines(
    frame: Frame, handle: Callable[[bytes, Any], Any], command: Any, loop: Any
) -> Any:
    """Give the lines of *frame* to *handle*, and the literals to what it returns.

    Args:
        frame: a response, or a line after one that *command* waits to go on.
        handle: ``_handle_line``: a line and the command it goes on for, or None;
            returns the command it is for, or None.
        command: what *frame* goes on for; None for the start of a response.
        loop: for a command that takes what is for nobody.

    Returns:
        The command for which the next frame goes on; None if it is another response.
    """
    for index, part in enumerate(frame):
        if index % 2:
            if command is None:
                command = aioimaplib.Command("NIL", "unused", loop=loop)
            command.begin_literal_data(len(part), part)
        elif index + 1 < len(frame):
            command = handle(part + b"{%d}" % len(frame[index + 1]), command)
        else:
            command = handle(part, command)
    return command if command is not None and command.wait_data() else None
