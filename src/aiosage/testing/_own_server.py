"""What the real servers for tests have in common: a place, a start and an end."""

from __future__ import annotations

import secrets
import shutil
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Protocol, Self, TypeVar

from anyio import CancelScope, to_thread

from ._certificates import Certificates
from ._guarded_folder import GuardedFolder
from ._master import POLL_INTERVAL
from ._owner import Owner

HOST: Final = "127.0.0.1"
PASSWORD: Final = "secret"


@dataclass(frozen=True, slots=True)
class Site:
    """Where one server is, and who runs it.

    Attributes:
        base: the folder of everything; short, since the unix sockets below it
            have less than 108 octets for their path.
        owner: the user all processes run as, and who owns the mail.
        password: of every user.
    """

    base: Path
    host: str
    port: int
    tls_port: int
    owner: Owner
    password: str

    @property
    def certificate_file(self) -> Path:
        """Where the server reads the certificate chain it shows."""
        return self.base / "server.pem"

    @property
    def key_file(self) -> Path:
        """Where the server reads the key of its certificate."""
        return self.base / "server.key"


class ServerProcess(Protocol):
    """A running server."""

    @property
    def pid(self) -> int:
        """Process ID of the master, which is that of the process group too."""
        ...

    def wait_greeting(self) -> None:
        """Return when a client that connects is greeted."""
        ...

    def end(self) -> None:
        """Kill every process."""
        ...


_CRASH_DEADLINE: Final = 10.0
"""Seconds that killed processes have to let go of their ports."""

P = TypeVar("P", bound=ServerProcess)


class OwnServer(ABC, Generic[P]):
    """A real server of one's own, on free ports of 127.0.0.1.

    Attributes:
        host: the address it listens on.
        port: port of the plain listener; 0 before the start.
        tls_port: port of the implicit TLS listener; 0 before the start.
        password: the password of every user.
    """

    def __init__(self, certificates: Certificates | None) -> None:
        """Describe a server; None makes certificates of its own."""
        self.host = HOST
        self.port = 0
        self.tls_port = 0
        self.password = PASSWORD
        self._given_certificates = certificates
        self._lock = threading.Lock()  # a start goes on when its caller is cancelled
        self._is_spent = False
        self._certificates: Certificates | None = None
        self._process: P | None = None
        self._home: tuple[Site, GuardedFolder] | None = None
        self._cleanup = ExitStack()

    @abstractmethod
    def _run(self, site: Site, folder: GuardedFolder) -> P:
        """Write the configuration and start the processes."""

    def start(self) -> None:
        """Start the server and wait until it greets; blocks meanwhile.

        Raises:
            RuntimeError: it does not start, or did so already.
            ImportError: trustme is not installed.
        """
        with self._lock:
            if self._is_spent:
                raise RuntimeError(f"a {type(self).__name__} starts only once")
            self._is_spent = True
            self._launch()

    def _launch(self) -> None:
        owner = Owner.find()
        self.port, self.tls_port = _free_ports()
        with ExitStack() as cleanup:
            folder = GuardedFolder()
            cleanup.callback(folder.remove)
            certificates = self._given_certificates or cleanup.enter_context(
                Certificates(folder=folder.path)
            )
            site = Site(
                folder.path, self.host, self.port, self.tls_port, owner, self.password
            )
            # Copies, since the owner may not read where the originals are.
            shutil.copyfile(certificates.certificate_file, site.certificate_file)
            shutil.copyfile(certificates.key_file, site.key_file)
            process = self._run(site, folder)
            cleanup.callback(process.end)
            process.wait_greeting()
            self._certificates = certificates
            self._process = process
            self._home = site, folder
            self._cleanup = cleanup.pop_all()

    def crash(self) -> None:
        """Kill every process, with SIGKILL; `revive` starts them again.

        Blocks for some milliseconds. Nobody listens until then; the mail stays.

        Raises:
            RuntimeError: the server is not running, or somebody else listens there.
        """
        with self._lock:
            self._running.end()
            # The last of the processes may take a moment to let go of a port.
            deadline = time.monotonic() + _CRASH_DEADLINE
            while _is_open(self.port) or _is_open(self.tls_port):
                if time.monotonic() > deadline:
                    raise RuntimeError("a port of the server that was killed is open")
                time.sleep(POLL_INTERVAL)

    def revive(self) -> None:
        """Start the server again after a `crash`, with the same mail and ports.

        Blocks until it greets.

        Raises:
            RuntimeError: it is not running, or does not start again.
        """
        self.crash()
        with self._lock:
            assert self._home is not None
            process = self._run(*self._home)
            self._cleanup.callback(process.end)
            self._process = process
            process.wait_greeting()

    def stop(self) -> None:
        """Kill the server and remove its files; harmless when done already.

        Clients see their connections close, without a BYE.
        """
        with self._lock:
            self._is_spent = True
            self._certificates = self._process = self._home = None
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

    @property
    def _running(self) -> P:
        if self._process is None:
            raise RuntimeError(f"this {type(self).__name__} is not running")
        return self._process

    @property
    def _trusted(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError(f"this {type(self).__name__} is not running")
        return self._certificates

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
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


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((HOST, 0))
        two.bind((HOST, 0))
        return one.getsockname()[1], two.getsockname()[1]
