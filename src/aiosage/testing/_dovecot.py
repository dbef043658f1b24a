"""A real Dovecot for tests, started in milliseconds and gone without a trace."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import ssl
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from anyio import CancelScope, to_thread

from ._certificates import Certificates
from ._dovecot_config import DovecotConfig, Storage
from ._dovecot_process import (
    LOG_LINES,
    DovecotProcess,
    Owner,
    PortTaken,
    check_version,
    find_program,
)
from ._guarded_folder import GuardedFolder

HOST: Final = "127.0.0.1"
PASSWORD: Final = "secret"
PORT_ATTEMPTS: Final = 3
"""Pairs of free ports tried: another program may take one before Dovecot does."""


class DovecotServer:
    """A Dovecot 2.3 of its own, on free ports of 127.0.0.1.

    Any user name logs in with :attr:`password`; its mailboxes are made when it
    first does. So one server serves a whole test run, and a user from
    :meth:`new_user` isolates each test. The plain listener offers STARTTLS.

    Use it as a context manager, asynchronous or not, or call :meth:`start` and
    :meth:`stop`. It starts once. Its processes and files go when it stops, and
    also when this process dies without stopping it.

    Every method blocks for some milliseconds; ``doveadm`` and what is built on
    it, for some tens of them.

    Attributes:
        host: the address it listens on.
        port: port of the plain listener; 0 before the start.
        tls_port: port of the implicit TLS listener; 0 before the start.
        password: the password of every user.
    """

    def __init__(
        self,
        *,
        storage: Storage = "mdbox",
        capability: str | None = None,
        certificates: Certificates | None = None,
        extra_config: str = "",
    ) -> None:
        """Describe a server.

        Args:
            storage: how it keeps mail.
            capability: what it announces before and after login, to pass for
                a poorer server; it still does what it does not announce.
            certificates: used for TLS, and not closed; None to make new ones.
            extra_config: lines for the end of ``dovecot.conf``.
        """
        self.host = HOST
        self.port = 0
        self.tls_port = 0
        self.password = PASSWORD
        self._storage: Storage = storage
        self._capability = capability
        self._given_certificates = certificates
        self._extra_config = extra_config
        self._lock = threading.Lock()  # a start goes on when its caller is cancelled
        self._is_spent = False
        self._certificates: Certificates | None = None
        self._process: DovecotProcess | None = None
        self._cleanup = ExitStack()

    def start(self) -> None:
        """Start the server and wait until it greets.

        Raises:
            DovecotNotFound: Dovecot 2.3 is not installed.
            DovecotError: it does not start; the text ends with its log.
            ImportError: trustme is not installed.
        """
        with self._lock:
            if self._is_spent:
                raise RuntimeError("a DovecotServer starts only once")
            self._is_spent = True
            dovecot = find_program("dovecot")
            check_version(dovecot)
            for attempts_left in reversed(range(PORT_ATTEMPTS)):
                try:
                    self._launch(dovecot)
                    break
                except PortTaken:
                    if not attempts_left:
                        raise

    def stop(self) -> None:
        """Kill the server and remove its files; harmless when done already.

        Clients see their connections close, without a BYE.
        """
        with self._lock:
            self._is_spent = True
            self._process = self._certificates = None
            self._cleanup.close()

    def _launch(self, dovecot: str) -> None:
        owner = Owner.find()
        self.port, self.tls_port = _free_ports()
        with ExitStack() as cleanup:
            folder = GuardedFolder()
            cleanup.callback(folder.remove)
            certificates = self._given_certificates or cleanup.enter_context(
                Certificates(folder=folder.path)
            )
            config = DovecotConfig(
                base=folder.path,
                host=self.host,
                port=self.port,
                tls_port=self.tls_port,
                owner=owner.name,
                group=owner.group,
                password=self.password,
                storage=self._storage,
                capability=self._capability,
                extra=self._extra_config,
            )
            # Copies, since the owner may not read where the originals are.
            shutil.copyfile(certificates.certificate_file, config.certificate_file)
            shutil.copyfile(certificates.key_file, config.key_file)
            config.file.write_text(config.render())
            process = DovecotProcess(dovecot, owner, folder)
            cleanup.callback(process.end)
            process.wait_greeting(self.host, self.port)
            self._certificates = certificates
            self._process = process
            self._cleanup = cleanup.pop_all()

    @property
    def pid(self) -> int:
        """Process ID of the master, which is that of the process group too."""
        return self._running.pid

    @property
    def ca_file(self) -> Path:
        """Certificate (PEM) of the authority a client must trust."""
        return self._trusted.ca_file

    def client_context(self) -> ssl.SSLContext:
        """Return a new TLS context that verifies, and trusts this server."""
        return self._trusted.client_context()

    def new_user(self) -> str:
        """Return a user name nobody has used."""
        return f"user-{secrets.token_hex(6)}"

    def doveadm(self, *args: str, stdin: bytes = b"") -> str:
        """Run ``doveadm`` on this server and return its standard output.

        This is how to be another client: ``server.doveadm("save", "-u", user,
        stdin=message)`` delivers to INBOX, ``flags add``, ``expunge`` and
        ``mailbox delete`` change what is there (doveadm(1)).

        Raises:
            DovecotError: doveadm failed; the text holds what it printed.
        """
        return self._running.run(find_program("doveadm"), *args, stdin=stdin)

    def kick(self, user: str) -> None:
        """Close the connections of *user*: each gets a BYE, then the end.

        Raises:
            DovecotError: *user* has none.
        """
        self.doveadm("kick", user)

    def kill_sessions(self, user: str) -> int:
        """Kill the processes that serve *user*, so connections just end.

        Returns:
            How many sessions were killed.
        """
        table = self.doveadm("-f", "tab", "who", "-1", user)
        pids = [int(row.split("\t")[2]) for row in table.splitlines()[1:]]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return len(pids)

    def log_tail(self, lines: int = LOG_LINES) -> str:
        """Return the last *lines* lines of the server's log."""
        return self._running.log_tail(lines)

    @property
    def _running(self) -> DovecotProcess:
        if self._process is None:
            raise RuntimeError("this DovecotServer is not running")
        return self._process

    @property
    def _trusted(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError("this DovecotServer is not running")
        return self._certificates

    def __enter__(self) -> DovecotServer:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> DovecotServer:
        try:
            await to_thread.run_sync(self.start)
        except BaseException:
            # Cancelled: the thread may be starting it still, and stop() waits.
            await self._stop_in_thread()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop_in_thread()

    async def _stop_in_thread(self) -> None:
        with CancelScope(shield=True):
            await to_thread.run_sync(self.stop)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((HOST, 0))
        two.bind((HOST, 0))
        return one.getsockname()[1], two.getsockname()[1]
