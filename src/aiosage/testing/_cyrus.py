"""A real Cyrus for tests: the second opinion, from another code base."""

from __future__ import annotations

import secrets
import shutil
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from ._certificates import Certificates
from ._cyrus_config import CyrusConfig
from ._cyrus_process import PROGRAMS, CyrusProcess, find_prefix
from ._dovecot_process import Owner
from ._guarded_folder import GuardedFolder

HOST: Final = "127.0.0.1"
PASSWORD: Final = "secret"


class CyrusServer:
    """A Cyrus 3.6 of its own, on free ports of 127.0.0.1.

    Any user name logs in with :attr:`password`; its mailboxes are made when it
    first does. The plain listener offers STARTTLS.

    Cyrus cannot be installed beside Dovecot. The environment variable
    ``AIOSAGE_CYRUS`` names a folder into which its packages were unpacked
    instead (``dpkg -x``); unset, an installed one is used.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`: both
    block, a start for some tenths of a second. It starts once. Its processes and
    files go when it stops, and also when this process dies without stopping it.

    Attributes:
        host: the address it listens on.
        port: port of the plain listener; 0 before the start.
        tls_port: port of the implicit TLS listener; 0 before the start.
        password: the password of every user.
    """

    def __init__(
        self,
        *,
        certificates: Certificates | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Describe a server.

        Args:
            certificates: used for TLS, and not closed; None to make new ones.
            options: settings of imapd.conf(5), such as
                ``{"allowplaintext": "no"}``.
        """
        self.host = HOST
        self.port = 0
        self.tls_port = 0
        self.password = PASSWORD
        self._given_certificates = certificates
        self._options = dict(options or {})
        self._lock = threading.Lock()
        self._is_spent = False
        self._certificates: Certificates | None = None
        self._process: CyrusProcess | None = None
        self._cleanup = ExitStack()

    def start(self) -> None:
        """Start the server and wait until it greets.

        Raises:
            CyrusNotFound: Cyrus 3.6 is not there.
            CyrusError: it does not start.
            ImportError: trustme is not installed.
        """
        with self._lock:
            if self._is_spent:
                raise RuntimeError("a CyrusServer starts only once")
            self._is_spent = True
            prefix = find_prefix()
            owner = Owner.find()
            self.port, self.tls_port = _free_ports()
            with ExitStack() as cleanup:
                folder = GuardedFolder()
                cleanup.callback(folder.remove)
                certificates = self._given_certificates or cleanup.enter_context(
                    Certificates(folder=folder.path)
                )
                config = CyrusConfig(
                    base=folder.path,
                    programs=prefix / PROGRAMS,
                    host=self.host,
                    port=self.port,
                    tls_port=self.tls_port,
                    owner=owner.name,
                    group=owner.group,
                    password=self.password,
                    options=self._options,
                )
                # Copies, since the owner may not read where the originals are.
                shutil.copyfile(certificates.certificate_file, config.certificate_file)
                shutil.copyfile(certificates.key_file, config.key_file)
                config.write()
                process = CyrusProcess(prefix, config, owner, folder)
                cleanup.callback(process.end)
                process.wait_greeting()
                self._certificates = certificates
                self._process = process
                self._cleanup = cleanup.pop_all()

    def stop(self) -> None:
        """Kill the server and remove its files; harmless when done already.

        Clients see their connections close, without a BYE.
        """
        with self._lock:
            self._is_spent = True
            self._certificates = self._process = None
            self._cleanup.close()

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

    def kill_sessions(self, user: str) -> int:
        """Kill the processes that serve *user*, so connections just end.

        Returns:
            How many sessions were killed.
        """
        return self._running.kill_sessions(user)

    @property
    def _running(self) -> CyrusProcess:
        if self._process is None:
            raise RuntimeError("this CyrusServer is not running")
        return self._process

    @property
    def _trusted(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError("this CyrusServer is not running")
        return self._certificates

    def __enter__(self) -> CyrusServer:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((HOST, 0))
        two.bind((HOST, 0))
        return one.getsockname()[1], two.getsockname()[1]
