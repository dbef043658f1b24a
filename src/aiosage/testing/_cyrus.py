"""A real Cyrus for tests: the second opinion, from another code base."""

from __future__ import annotations

from collections.abc import Mapping

from ._certificates import Certificates
from ._cyrus_config import CyrusConfig
from ._cyrus_process import PROGRAMS, CyrusProcess, find_prefix
from ._guarded_folder import GuardedFolder
from ._own_server import OwnServer, Site


class CyrusServer(OwnServer[CyrusProcess]):
    """A Cyrus 3.6 of its own, on free ports of 127.0.0.1.

    Any user name logs in with :attr:`password`; its mailboxes are made when it
    first does. The plain listener offers STARTTLS.

    Cyrus cannot be installed beside Dovecot. The environment variable
    ``AIOSAGE_CYRUS`` names a folder into which its packages were unpacked
    instead (``dpkg -x``); unset, an installed one is used.

    Use it as a context manager, asynchronous or not, or call :meth:`start` and
    :meth:`stop`: both block, a start for some tenths of a second. It starts once.
    Its processes and files go when it stops, and also when this process dies
    without stopping it.

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
        super().__init__(certificates)
        self._options = dict(options or {})

    def start(self) -> None:
        """Start the server and wait until it greets.

        Raises:
            CyrusNotFound: Cyrus 3.6 is not there.
            CyrusError: it does not start.
            ImportError: trustme is not installed.
        """
        super().start()

    def _run(self, site: Site, folder: GuardedFolder) -> CyrusProcess:
        prefix = find_prefix()
        config = CyrusConfig(site, prefix / PROGRAMS, self._options)
        config.write()
        # Left by one that was killed, it would pass for a sign of life.
        config.pid_file.unlink(missing_ok=True)
        return CyrusProcess(prefix, config, folder)

    def kill_sessions(self, user: str) -> int:
        """Kill the processes that serve *user*, so connections just end.

        Returns:
            How many sessions were killed.
        """
        return self._running.kill_sessions(user)
