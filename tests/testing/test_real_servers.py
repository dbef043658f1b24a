"""What holds of every real server for tests, whoever wrote it."""

from __future__ import annotations

import imaplib
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from aiosage.testing import CyrusServer, DovecotServer

from ..conftest import CYRUS, DOVECOT
from .real_servers import MESSAGE, RealServer, folder_of, living, session, wait_gone


@pytest.fixture(params=[DOVECOT, CYRUS])
def shared(request: pytest.FixtureRequest) -> RealServer:
    """The server of this run."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def kind(shared: RealServer) -> type[RealServer]:
    """The class of a server, of a kind that is there."""
    return type(shared)


def test_plain_starttls_and_tls_clients_log_in(shared: RealServer) -> None:
    plain = imaplib.IMAP4(shared.host, shared.port, timeout=10)
    starttls = imaplib.IMAP4(shared.host, shared.port, timeout=10)
    starttls.starttls(shared.client_context())
    tls = imaplib.IMAP4_SSL(
        "localhost", shared.tls_port, ssl_context=shared.client_context(), timeout=10
    )

    for client in (plain, starttls, tls):
        assert client.login(shared.new_user(), shared.password)[0] == "OK"
        client.logout()


def test_users_do_not_see_each_others_mail(shared: RealServer) -> None:
    alice, bob = shared.new_user(), shared.new_user()
    with session(shared, alice) as client:
        client.append("INBOX", "", "", MESSAGE)

    with session(shared, alice) as client:
        assert client.search(None, "ALL") == ("OK", [b"1"])
    with session(shared, bob) as client:
        assert client.search(None, "ALL") == ("OK", [b""])


def test_a_user_has_the_special_use_mailboxes(shared: RealServer) -> None:
    with session(shared, shared.new_user()) as client:
        _, lines = client.list()

    text = b"\n".join(line for line in lines if isinstance(line, bytes))
    found = re.findall(rb'\(.*\\(\w+)\) "/" (\w+)', text)
    names = (b"Drafts", b"Sent", b"Junk", b"Trash", b"Archive")
    assert {(use.lower(), name) for use, name in found if name != b"INBOX"} == {
        (name.lower(), name) for name in names
    }


def test_killed_sessions_end_without_bye(shared: RealServer) -> None:
    alice, bob = shared.new_user(), shared.new_user()
    with (
        session(shared, alice) as one,
        session(shared, alice) as two,
        session(shared, bob) as other,
    ):
        assert shared.kill_sessions(alice) == 2

        assert one.sock.recv(1) == b""
        assert two.sock.recv(1) == b""
        assert other.noop()[0] == "OK"
        assert shared.kill_sessions(alice) == 0


def test_a_server_that_crashed_is_revived_with_its_mail(
    kind: type[RealServer],
) -> None:
    with kind() as server:
        user, port = server.new_user(), server.port
        with session(server, user) as client:
            client.append("INBOX", "", "", MESSAGE)
            group = server.pid
            folder = folder_of(group)

            server.crash()
            assert client.sock.recv(1) == b""
            with socket.socket() as probe:
                assert probe.connect_ex((server.host, port)) != 0
            server.revive()

        assert server.port == port
        with session(server, user) as client:
            assert client.search(None, "ALL") == ("OK", [b"1"])
        assert not living(group)
        group = server.pid
    wait_gone(group, folder)


def test_stop_leaves_no_process_no_folder_no_listener(kind: type[RealServer]) -> None:
    server = kind()
    server.start()
    group, folder = server.pid, folder_of(server.pid)
    assert folder.is_dir()
    with session(server, server.new_user()) as client:
        assert any("imap" in row for row in living(group))

        server.stop()
        server.stop()

        assert not folder.exists()
        wait_gone(group, folder)
        assert client.sock.recv(1) == b""
    with socket.socket() as probe:
        assert probe.connect_ex((server.host, server.port)) != 0


def test_what_is_started_while_its_starter_dies_does_not_run() -> None:
    """There is a moment in which the guard of the folder does not know of it yet."""
    program = """
import os, signal
from aiosage.testing._guarded_folder import GuardedFolder
from aiosage.testing._master import Master
from aiosage.testing._owner import Owner

class Deadly(GuardedFolder):
    def kill_with_it(self, group):
        print(group, self.path, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

folder = Deadly()
Master("sleep", "60", owner=Owner.find(), folder=folder, log=folder.path / "log")
"""
    starter = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False
    )
    group, folder = starter.stdout.split()
    try:
        wait_gone(int(group), Path(folder))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(int(group), signal.SIGKILL)


def test_the_server_dies_with_the_process_that_started_it(
    kind: type[RealServer],
) -> None:
    """A killed test run cleans nothing up itself."""
    program = (
        "import sys\n"
        f"from aiosage.testing import {kind.__name__} as Server\n"
        "server = Server()\n"
        "server.start()\n"
        "print(server.pid, server.port, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        group, port = map(int, starter.stdout.readline().split())
        folder = folder_of(group)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            assert client.recv(1000).startswith(b"* OK")
            os.kill(starter.pid, signal.SIGKILL)
            assert client.recv(1) == b""  # the server is dying, so is its guard
    wait_gone(group, folder)


def test_a_server_starts_only_once_and_is_used_while_it_runs(
    kind: type[RealServer],
) -> None:
    server = kind()
    with pytest.raises(RuntimeError, match="not running"):
        server.client_context()
    with server, pytest.raises(RuntimeError, match="only once"):
        server.start()

    with pytest.raises(RuntimeError, match="not running"):
        server.kill_sessions("alice")


async def test_a_server_can_be_used_by_async_with(kind: type[RealServer]) -> None:
    async with kind() as server:
        assert isinstance(server, CyrusServer | DovecotServer)
        group, folder = server.pid, folder_of(server.pid)
    wait_gone(group, folder)
