"""Looking at real servers from outside: by a client that is not ours, and ps."""

from __future__ import annotations

import imaplib
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from aiosage.testing import CyrusServer, DovecotServer

RealServer: TypeAlias = CyrusServer | DovecotServer

MESSAGE = b"From: bob@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"


@contextmanager
def session(server: RealServer, user: str) -> Iterator[imaplib.IMAP4]:
    """Log in with a client that is not ours, and select INBOX."""
    client = imaplib.IMAP4(server.host, server.port, timeout=10)
    try:
        client.login(user, server.password)
        client.select()
        yield client
    finally:
        client.shutdown()


def living(group: int) -> list[str]:
    """Return the processes of a group that still run (the dead may be unreaped)."""
    rows = subprocess.run(
        ["ps", "-ww", "-e", "-o", "pgid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    fields = (row.split(maxsplit=2) for row in rows)
    return [f[-1] for f in fields if f[0] == str(group) and not f[1].startswith("Z")]


def folder_of(group: int) -> Path:
    """Return the folder the processes of *group* work in."""
    (found,) = {
        match[1]
        for row in living(group)
        if (match := re.search(r"-[cC] (/tmp/[^/\s]+)/(?:dovecot|imapd)\.conf", row))
    }
    return Path(found)


def wait_gone(group: int, folder: Path) -> None:
    """Wait for orphans to die, which gives no event to wait for."""
    deadline = time.monotonic() + 10
    while (left := living(group)) or folder.exists():
        assert time.monotonic() < deadline, left or folder
        time.sleep(0.01)
