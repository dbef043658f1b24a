r"""A watch on what every test sends: nothing destroys mail or sets \Seen unasked.

EXPUNGE without UIDs and CLOSE remove what others have marked as deleted; a fetch
without PEEK sets ``\Seen``. A test in which one is sent fails, unless it says that
it asks for it: ``@pytest.mark.sends("EXPUNGE", "CLOSE", "SEEN")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from aiosage.connection import _protocol
from aiosage.connection._pending import Pending

# As the protocol logs a command: without the contents of literals.
_BARE: Final = re.compile(r"\S+ (EXPUNGE|CLOSE)", re.IGNORECASE)
_FETCH: Final = re.compile(r"\S+ (?:UID )?FETCH ", re.IGNORECASE)
_MARKS_SEEN: Final = re.compile(
    r"[ (](?:(?:BODY|BINARY)\[|RFC822(?:\.TEXT)?(?=[ )]|\Z))", re.IGNORECASE
)


def destroys(shown: str) -> str | None:
    """Return what the command *shown*, with its tag, does unasked; None if nothing."""
    if bare := _BARE.fullmatch(shown):
        return bare[1].upper()
    if _FETCH.match(shown) and _MARKS_SEEN.search(shown):
        return "SEEN"
    return None


@contextmanager
def watching() -> Iterator[list[tuple[str, str]]]:
    """Note what is sent within the block that destroys: what it does, the command.

    The sessions of this process are watched, by the one place where all of them
    send. What they do stays as it is.
    """
    noted: list[tuple[str, str]] = []
    send_flight = _protocol.IMAPProtocol._send_flight

    def watched(protocol: _protocol.IMAPProtocol, pending: Pending) -> None:
        if pending.flight == 0 and (what := destroys(pending.encoded.shown)):
            noted.append((what, pending.encoded.shown))
        send_flight(protocol, pending)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_protocol.IMAPProtocol, "_send_flight", watched)
        yield noted


def asked_for(node: pytest.Item) -> set[str]:
    """Return what the marks of a test, its class and its module allow."""
    return {what for mark in node.iter_markers("sends") for what in mark.args}
