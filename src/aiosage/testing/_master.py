"""The processes of one server: started together, ended together."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ._guarded_folder import GuardedFolder
from ._owner import Owner

LOG_LINES: Final = 50
POLL_INTERVAL: Final = 0.01
"""Seconds between two looks at a server that is starting."""

# Its input ends if we die before the guard knows of it, and so does it then.
_START: Final = 'read -r _ && exec "$@" </dev/null'


class Master:
    """A server's first process, and all that it starts: one process group."""

    def __init__(
        self,
        *args: str | Path,
        owner: Owner,
        folder: GuardedFolder,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run *args* in *folder*, which becomes the owner's."""
        self._log = log
        log.touch()
        owner.own(folder.path)
        with log.open("ab") as words:
            self._process = owner.spawn(
                *("/bin/sh", "-c", _START, "aiosage-start", *args),
                folder=folder.path,
                stdin=subprocess.PIPE,
                stdout=words,
                stderr=subprocess.STDOUT,
                environment=environment,
            )
        folder.kill_with_it(self.pid)
        assert self._process.stdin is not None  # it is a pipe
        with self._process.stdin as stdin:
            stdin.write(b"\n")

    @property
    def pid(self) -> int:
        """Its process ID, which is that of the process group too."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll()

    def log_tail(self, lines: int = LOG_LINES) -> str:
        """Return the last *lines* lines of the log."""
        with self._log.open(errors="replace") as log:
            return "".join(deque(log, maxlen=lines))

    def end(self) -> None:
        """Kill every process (what a dead master left, the folder's guard kills)."""
        if self._process.poll() is None:  # so its process ID is still its own
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
