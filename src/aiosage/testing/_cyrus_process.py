"""The processes of one Cyrus: started together, ended together."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Final

from ._cyrus_config import CyrusConfig
from ._guarded_folder import GuardedFolder
from ._master import POLL_INTERVAL, Master

PREFIX_VARIABLE: Final = "AIOSAGE_CYRUS"
START_DEADLINE: Final = 30.0
"""Seconds a server has from its start to its greeting; 0.3 is usual."""
PROGRAMS: Final = "usr/lib/cyrus/bin"
SPARES_DISK: Final = "libeatmydata.so"
HOW_TO_GET_IT: Final = (
    f"unpack Debian 12's packages of it and set {PREFIX_VARIABLE}, as .ci/run does"
)


class CyrusError(RuntimeError):
    """Cyrus did not start; the text holds its words."""


class CyrusNotFound(CyrusError):
    """There is no Cyrus 3.6 on this machine; the text says how to get it."""


def find_prefix() -> Path:
    """Return the folder Cyrus was unpacked into, or the root if it is installed.

    Raises:
        CyrusNotFound: there is none in it.
    """
    prefix = Path(os.environ.get(PREFIX_VARIABLE) or "/").resolve()
    if not (prefix / PROGRAMS / "imapd").exists():
        raise CyrusNotFound(f"no Cyrus in {prefix}: {HOW_TO_GET_IT}")
    return prefix


class CyrusProcess(Master):
    """A running Cyrus, from its start to its end.

    Its master, services and sessions (one ``imapd`` process each) form one
    process group.
    """

    def __init__(
        self, prefix: Path, config: CyrusConfig, folder: GuardedFolder
    ) -> None:
        """Start the master, whose files are in *folder* already."""
        self._config = config
        super().__init__(
            *(config.programs / "master", "-D", "-p", config.pid_file),
            *("-C", config.imapd_file, "-M", config.master_file),
            owner=config.site.owner,
            folder=folder,
            log=config.site.base / "master.log",
            environment=_environment(prefix),
        )

    def wait_greeting(self) -> None:
        """Return when a client that connects is greeted.

        Raises:
            CyrusNotFound: by another version than 3.6.
            CyrusError: it ended, or gave no greeting in START_DEADLINE.
        """
        deadline = time.monotonic() + START_DEADLINE
        while time.monotonic() < deadline:
            if (status := self.status) is not None:
                raise CyrusError(f"Cyrus ended with status {status}\n{self.log_tail()}")
            # It listens after it has written this: a greeting before is another's.
            if self._config.pid_file.exists():
                try:
                    return self._check_greeting()
                except ConnectionRefusedError:
                    pass
            time.sleep(POLL_INTERVAL)
        raise CyrusError(
            f"Cyrus did not start in {START_DEADLINE} s\n{self.log_tail()}"
        )

    def _check_greeting(self) -> None:
        address = self._config.site.host, self._config.site.port
        with (
            socket.create_connection(address, timeout=START_DEADLINE) as client,
            client.makefile("rb") as stream,
        ):
            line = stream.readline(2000)
        if not line.startswith(b"* OK"):
            raise CyrusError(f"Cyrus greets {line!r}\n{self.log_tail()}")
        if b"Cyrus IMAP 3.6." not in line:
            raise CyrusNotFound(f"Cyrus 3.6 is needed, not {line!r}: {HOW_TO_GET_IT}")

    def kill_sessions(self, user: str) -> int:
        """Kill the sessions of *user*, and return how many there were."""
        killed = 0
        for file in self._config.processes.iterdir():
            # Written under another name first; it may go while we look.
            try:
                is_theirs = file.name.isdecimal() and (
                    user in file.read_text(errors="replace").split("\t")
                )
            except FileNotFoundError:
                continue
            if is_theirs:
                os.kill(int(file.name), signal.SIGKILL)
                file.unlink(missing_ok=True)  # the dead cannot, nor be killed again
                killed += 1
        return killed


def _environment(prefix: Path) -> dict[str, str]:
    """Return an environment in which unpacked programs find their libraries.

    Where libeatmydata is among them, nothing waits for the disk: on a busy one
    that makes all the difference, and no test needs to survive a power cut.
    """
    folders = [
        *(prefix / "usr/lib").glob("*-linux-*"),
        *(prefix / "lib").glob("*-linux-*"),
        prefix / "usr/lib",
    ]
    spared = [str(f / SPARES_DISK) for f in folders if (f / SPARES_DISK).exists()]
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LD_LIBRARY_PATH": ":".join(map(str, folders)),
        "LD_PRELOAD": ":".join(spared[:1]),
        "SASL_PATH": ":".join(f"{folder}/sasl2" for folder in folders),
    }
