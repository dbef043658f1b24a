"""The processes of one Dovecot: started together, ended together."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ._guarded_folder import GuardedFolder

START_DEADLINE: Final = 15.0
"""Seconds a server has from its start to its greeting; 0.05 is usual."""
POLL_INTERVAL: Final = 0.01
"""Seconds between two attempts to connect to a server that is starting."""
LOG_LINES: Final = 50


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


@dataclass(frozen=True, slots=True)
class Owner:
    """The user Dovecot runs as: not root, which may not own mail."""

    name: str
    group: str
    uid: int
    gid: int
    is_other: bool
    """Whether it is another user than the one we are."""

    @classmethod
    def find(cls) -> Owner:
        """Return ``nobody`` for root, and anybody else themselves.

        Raises:
            DovecotError: the user has no name, as in some containers.
        """
        # Windows has neither module; it has no Dovecot either.
        import grp
        import pwd

        is_root = os.geteuid() == 0
        try:
            user = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
            group = grp.getgrgid(user.pw_gid).gr_name
        except KeyError as error:
            raise DovecotError(f"Dovecot needs a user with a name: {error}") from error
        return cls(user.pw_name, group, user.pw_uid, user.pw_gid, is_other=is_root)

    def spawn(
        self,
        *args: str,
        folder: Path,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes],
        stderr: int,
    ) -> subprocess.Popen[bytes]:
        """Run *args* in *folder* as this user, in a process group of its own."""
        return subprocess.Popen(
            args,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            start_new_session=True,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )


class DovecotProcess:
    """A running Dovecot, from its start to its end.

    Its master, services and sessions (one ``imap`` process each) form one
    process group.
    """

    def __init__(self, dovecot: str, owner: Owner, folder: GuardedFolder) -> None:
        """Start the program *dovecot* with the ``dovecot.conf`` in *folder*."""
        self._owner = owner
        self._folder = folder.path
        self._log.touch()
        if owner.is_other:
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, owner.uid, owner.gid)
        with self._log.open("ab") as log:
            self._master = owner.spawn(
                *(dovecot, "-F", "-c", str(self._config)),
                folder=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        folder.kill_with_it(self.pid)

    @property
    def pid(self) -> int:
        """The master's process ID, which is that of the process group too."""
        return self._master.pid

    @property
    def _config(self) -> Path:
        return self._folder / "dovecot.conf"

    @property
    def _log(self) -> Path:
        return self._folder / "dovecot.log"

    def wait_greeting(self, host: str, port: int) -> None:
        """Return when a client that connects is greeted.

        Raises:
            PortTaken: a port is in use.
            DovecotError: it ended, or gave no greeting in START_DEADLINE.
        """
        deadline = time.monotonic() + START_DEADLINE
        while (left := deadline - time.monotonic()) > 0:
            if (status := self._master.poll()) is not None:
                log = self.log_tail()
                is_taken = "Address already in use" in log
                error = PortTaken if is_taken else DovecotError
                raise error(f"Dovecot ended with status {status}\n{log}")
            # It writes this once it listens: a greeting before is another's.
            if (self._folder / "run" / "master.pid").exists():
                with (
                    socket.create_connection((host, port), timeout=left) as client,
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
        with self._owner.spawn(
            *(program, "-c", str(self._config), *args),
            folder=self._folder,
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

    def log_tail(self, lines: int = LOG_LINES) -> str:
        """Return the last *lines* lines of the log."""
        with self._log.open(errors="replace") as log:
            return "".join(deque(log, maxlen=lines))

    def end(self) -> None:
        """Kill every process (what a dead master left, the folder's guard kills)."""
        if self._master.poll() is None:  # so its process ID is still its own
            os.killpg(self.pid, signal.SIGKILL)
            self._master.wait()
