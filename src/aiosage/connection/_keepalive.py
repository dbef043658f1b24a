"""Noticing a peer that is gone without a word: a suspended machine, a lost NAT."""

from __future__ import annotations

import contextlib
import socket
from asyncio import BaseTransport
from typing import Final

# Where the system has a name for it: seconds idle until the first probe, seconds
# between probes, and probes unanswered until the connection is dead.
_SETTINGS: Final = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))


def keep_alive(transport: BaseTransport) -> None:
    """Let the system probe an idle connection, so that its death shows in two minutes.

    In IDLE a client says nothing for up to half an hour, and would not learn.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError):  # not every system has every setting
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _SETTINGS:
            if (option := getattr(socket, name, None)) is not None:
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
