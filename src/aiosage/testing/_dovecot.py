"""A real Dovecot for tests, started in milliseconds and gone without a trace."""

from __future__ import annotations

import os
import signal
from typing import Final

from ._certificates import Certificates
from ._dovecot_config import DovecotConfig, Storage
from ._dovecot_process import DovecotProcess, PortTaken, check_version, find_program
from ._guarded_folder import GuardedFolder
from ._master import LOG_LINES
from ._own_server import OwnServer, Site

PORT_ATTEMPTS: Final = 3
"""Pairs of free ports tried: another program may take one before Dovecot does."""


class DovecotServer(OwnServer[DovecotProcess]):
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
        super().__init__(certificates)
        self._storage: Storage = storage
        self._capability = capability
        self._extra_config = extra_config

    def start(self) -> None:
        """Start the server and wait until it greets.

        Raises:
            DovecotNotFound: Dovecot 2.3 is not installed.
            DovecotError: it does not start; the text ends with its log.
            ImportError: trustme is not installed.
        """
        super().start()

    def _launch(self) -> None:
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            try:
                super()._launch()
                break
            except PortTaken:
                if not attempts_left:
                    raise

    def _run(self, site: Site, folder: GuardedFolder) -> DovecotProcess:
        dovecot = find_program("dovecot")
        check_version(dovecot)
        config = DovecotConfig(
            site, self._storage, self._capability, self._extra_config
        )
        config.write()
        # Left by one that was killed, it would pass for a sign of life.
        (site.base / "run" / "master.pid").unlink(missing_ok=True)
        return DovecotProcess(dovecot, config, folder)

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
