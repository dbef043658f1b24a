"""The processes of one Dovecot: started together, ended together."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import Final

from ._dovecot_config import DovecotConfig
from ._guarded_folder import GuardedFolder
from ._master import POLL_INTERVAL, Master

START_DEADLINE: Final = 15.0
"""Seconds a server has from its start to its greeting; 0.05 is usual."""


class DovecotError(RuntimeError):
    """Dovecot did not start, or refused a command; the text holds its words."""


class DovecotNotFound(DovecotError):
    """There is no Dovecot 2.3 on this machine; the text says how to get it."""


class PortTaken(DovecotError):
    """Another program listens on a port that was free a moment ago."""


def find_program(name: str) -> str:
    """Return the path of a Dovecot program, which PATH often leaves out.

    Raises:
        DovecotNotFound: it is not installed.
    """
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]
    if path := shutil.which(name, path=os.pathsep.join(folders)):
        return path
    raise DovecotNotFound(
        f"no {name} on this machine: apt-get install dovecot-core dovecot-imapd"
    )


def check_version(dovecot: str) -> None:
    """Refuse a Dovecot that cannot read a configuration written for 2.3.

    Raises:
        DovecotNotFound: it is another version, such as 2.4.
    """
    version = subprocess.run(
        [dovecot, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    ).stdout.strip()
    if not version.startswith("2.3."):
        raise DovecotNotFound(
            f"Dovecot 2.3 is needed, but {dovecot} is {version or 'broken'}: "
            "on Debian 12, apt-get install dovecot-core dovecot-imapd"
        )


class DovecotProcess(Master):
    """A running Dovecot, from its start to its end.

    Its master, services and sessions (one ``imap`` process each) form one
    process group.
    """

    def __init__(
        self, dovecot: str, config: DovecotConfig, folder: GuardedFolder
    ) -> None:
        """Start the program *dovecot*, whose files are in *folder* already."""
        self._config = config
        super().__init__(
            *(dovecot, "-F", "-c", config.file),
            owner=config.site.owner,
            folder=folder,
            log=config.site.base / "dovecot.log",
        )

    def wait_greeting(self) -> None:
        """Return when a client that connects is greeted.

        Raises:
            PortTaken: a port is in use.
            DovecotError: it ended, or gave no greeting in START_DEADLINE.
        """
        site = self._config.site
        deadline = time.monotonic() + START_DEADLINE
        while (left := deadline - time.monotonic()) > 0:
            if (status := self.status) is not None:
                log = self.log_tail()
                is_taken = "Address already in use" in log
                error = PortTaken if is_taken else DovecotError
                raise error(f"Dovecot ended with status {status}\n{log}")
            # It writes this once it listens: a greeting before is another's.
            if (site.base / "run" / "master.pid").exists():
                with (
                    socket.create_connection(
                        (site.host, site.port), timeout=left
                    ) as client,
                    client.makefile("rb") as stream,
                ):
                    if (line := stream.readline(1000)).startswith(b"* OK"):
                        return
                raise DovecotError(f"Dovecot greets {line!r}\n{self.log_tail()}")
            time.sleep(POLL_INTERVAL)
        raise DovecotError(
            f"Dovecot did not start in {START_DEADLINE} s\n{self.log_tail()}"
        )

    def run(self, program: str, *args: str, stdin: bytes = b"") -> str:
        """Run a Dovecot program on this server and return what it prints.

        Raises:
            DovecotError: it failed.
        """
        with self._config.site.owner.spawn(
            program,
            "-c",
            self._config.file,
            *args,
            folder=self._config.site.base,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            stdout, stderr = process.communicate(stdin)
        if process.returncode:
            raise DovecotError(
                f"{program} {' '.join(args)}: status {process.returncode}\n"
                + (stdout + stderr).decode(errors="replace")
            )
        return stdout.decode(errors="surrogateescape")
