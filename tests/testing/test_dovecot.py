from __future__ import annotations

import asyncio
import imaplib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiosage.testing import DovecotError, DovecotNotFound, DovecotServer, _own_server
from aiosage.testing._dovecot_config import Storage
from aiosage.testing._dovecot_process import find_program

pytestmark = pytest.mark.usefixtures("dovecot")  # even where a test starts its own

MESSAGE = b"From: bob@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"


@contextmanager
def session(server: DovecotServer, user: str) -> Iterator[imaplib.IMAP4]:
    """Log in with a client that is not ours, and select INBOX."""
    client = imaplib.IMAP4(server.host, server.port, timeout=10)
    try:
        client.login(user, server.password)
        client.select()
        yield client
    finally:
        client.shutdown()


def living(group: int) -> list[str]:
    """Return the processes of a group that still run (the dead may be unreaped)."""
    rows = subprocess.run(
        ["ps", "-e", "-o", "pgid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    fields = (row.split(maxsplit=2) for row in rows)
    return [f[-1] for f in fields if f[0] == str(group) and not f[1].startswith("Z")]


def wait_gone(group: int, folder: Path) -> None:
    """Wait for orphans to die, which gives no event to wait for."""
    deadline = time.monotonic() + 10
    while (left := living(group)) or folder.exists():
        assert time.monotonic() < deadline, left or folder
        time.sleep(0.01)


def test_plain_starttls_and_tls_clients_log_in(dovecot: DovecotServer) -> None:
    plain = imaplib.IMAP4(dovecot.host, dovecot.port, timeout=10)
    starttls = imaplib.IMAP4(dovecot.host, dovecot.port, timeout=10)
    starttls.starttls(dovecot.client_context())
    tls = imaplib.IMAP4_SSL(
        "localhost", dovecot.tls_port, ssl_context=dovecot.client_context(), timeout=10
    )

    for client in (plain, starttls, tls):
        assert client.login(dovecot.new_user(), dovecot.password)[0] == "OK"
        client.logout()


def test_users_do_not_see_each_others_mail(dovecot: DovecotServer) -> None:
    alice, bob = dovecot.new_user(), dovecot.new_user()
    with session(dovecot, alice) as client:
        client.append("INBOX", "", "", MESSAGE)

    with session(dovecot, alice) as client:
        assert client.search(None, "ALL") == ("OK", [b"1"])
    with session(dovecot, bob) as client:
        assert client.search(None, "ALL") == ("OK", [b""])


def test_a_user_has_the_special_use_mailboxes(dovecot: DovecotServer) -> None:
    with session(dovecot, dovecot.new_user()) as client:
        _, lines = client.list()

    text = b"\n".join(line for line in lines if isinstance(line, bytes))
    found = re.findall(rb'\(.*\\(\w+)\) "/" (\w+)', text)
    assert {(use, name) for use, name in found if name != b"INBOX"} == {
        (name, name) for name in (b"Drafts", b"Sent", b"Junk", b"Trash", b"Archive")
    }


def test_many_sessions_of_one_user_are_allowed(dovecot: DovecotServer) -> None:
    """Dovecot's own limit is 10 for a user and an address."""
    user = dovecot.new_user()
    clients = [imaplib.IMAP4(dovecot.host, dovecot.port, timeout=10) for _ in range(25)]
    try:
        assert {client.login(user, "secret")[0] for client in clients} == {"OK"}
    finally:
        for client in clients:
            client.shutdown()


def test_wrong_passwords_do_not_delay_the_next_login(dovecot: DovecotServer) -> None:
    """As installed, each delays those that follow by 4 s, 8 s, ... (here, 0.5 s)."""
    begin = time.monotonic()
    for _ in range(2):
        client = imaplib.IMAP4(dovecot.host, dovecot.port, timeout=10)
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(dovecot.new_user(), "wrong")
        client.shutdown()
    assert time.monotonic() - begin < 3


def test_doveadm_delivers_to_a_connected_client(dovecot: DovecotServer) -> None:
    user = dovecot.new_user()
    with session(dovecot, user) as client:
        dovecot.doveadm("save", "-u", user, stdin=MESSAGE)

        client.noop()

        assert client.response("EXISTS")[1][-1] == b"1"
        assert client.search(None, "SUBJECT", "hello") == ("OK", [b"1"])


def test_doveadm_that_fails_raises_its_words(dovecot: DovecotServer) -> None:
    with pytest.raises(DovecotError, match="Mailbox doesn't exist: Nowhere"):
        dovecot.doveadm("mailbox", "delete", "-u", dovecot.new_user(), "Nowhere")


def test_a_kicked_client_is_told_bye(dovecot: DovecotServer) -> None:
    user = dovecot.new_user()
    with session(dovecot, user) as client:
        dovecot.kick(user)

        with pytest.raises(imaplib.IMAP4.abort, match="shutting down"):
            client.noop()


def test_kicking_nobody_is_an_error(dovecot: DovecotServer) -> None:
    """A test that cuts connections must not pass because there were none."""
    with pytest.raises(DovecotError, match="no users kicked"):
        dovecot.kick(dovecot.new_user())


def test_killed_sessions_end_without_bye(dovecot: DovecotServer) -> None:
    alice, bob = dovecot.new_user(), dovecot.new_user()
    with (
        session(dovecot, alice) as one,
        session(dovecot, alice) as two,
        session(dovecot, bob) as other,
    ):
        assert dovecot.kill_sessions(alice) == 2

        assert one.sock.recv(1) == b""
        assert two.sock.recv(1) == b""
        assert other.noop()[0] == "OK"
        assert dovecot.kill_sessions(alice) == 0


def test_log_tail_shows_the_last_logins(dovecot: DovecotServer) -> None:
    user = dovecot.new_user()
    with session(dovecot, user):
        pass

    assert f"user=<{user}>" in dovecot.log_tail()
    assert len(dovecot.log_tail(2).splitlines()) == 2


@pytest.mark.parametrize("storage", ["maildir", "mdbox", "sdbox"])
async def test_each_storage_keeps_mail(storage: Storage) -> None:
    async with DovecotServer(storage=storage) as server:
        user = server.new_user()
        await asyncio.to_thread(server.doveadm, "save", "-u", user, stdin=MESSAGE)
        found = await asyncio.to_thread(server.doveadm, "search", "-u", user, "ALL")
        assert len(found.splitlines()) == 1


def test_capability_replaces_what_is_announced_before_and_after_login() -> None:
    with DovecotServer(capability="IMAP4rev1 IDLE") as server:
        client = imaplib.IMAP4(server.host, server.port, timeout=10)
        before = client.capabilities
        client.login(server.new_user(), server.password)
        after = client.capability()[1][0]
        client.shutdown()

    assert "IDLE" in before
    assert "LITERAL+" not in before
    assert after == b"IMAP4rev1 IDLE"


def test_stop_leaves_no_process_no_folder_no_listener() -> None:
    server = DovecotServer()
    server.start()
    group, folder = server.pid, Path(server.doveadm("config", "-h", "base_dir")).parent
    assert folder.is_dir()
    with session(server, server.new_user()) as client:
        assert any("dovecot/imap" in row for row in living(group))

        server.stop()
        server.stop()

        assert not folder.exists()
        wait_gone(group, folder)
        assert client.sock.recv(1) == b""
    with socket.socket() as probe:
        assert probe.connect_ex((server.host, server.port)) != 0


def test_the_server_dies_with_the_process_that_started_it() -> None:
    """A killed test run cleans nothing up itself."""
    program = (
        "import sys\n"
        "from aiosage.testing import DovecotServer\n"
        "server = DovecotServer()\n"
        "server.start()\n"
        "folder = server.doveadm('config', '-h', 'base_dir').strip()\n"
        "print(server.pid, server.port, folder, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        group, port, folder = starter.stdout.readline().split()
        with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as client:
            assert client.recv(1000).startswith(b"* OK")
            os.kill(starter.pid, signal.SIGKILL)
            assert client.recv(1) == b""  # the server is dying, so is its guard
    wait_gone(int(group), Path(folder).parent)


def test_a_server_that_does_not_start_says_why_and_leaves_nothing() -> None:
    server = DovecotServer(extra_config="no_such_setting = 1")

    with pytest.raises(DovecotError, match="Unknown setting: no_such_setting") as error:
        server.start()

    folder = re.search(r"(/tmp/\S+)/dovecot\.conf", str(error.value))
    assert folder is not None
    assert not Path(folder[1]).exists()


def test_a_port_taken_meanwhile_is_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        pairs = iter([(taken, 0), _own_server._free_ports()])
        monkeypatch.setattr(_own_server, "_free_ports", lambda: next(pairs))

        with DovecotServer() as server:
            assert server.port != taken
            with session(server, server.new_user()) as client:
                assert client.noop()[0] == "OK"


async def test_a_cancelled_start_leaves_no_server() -> None:
    server = DovecotServer()
    starting = asyncio.create_task(server.__aenter__())
    # A thread sets it, while it starts; there is no event for that.
    while not server.port:  # noqa: ASYNC110
        await asyncio.sleep(0)
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    with pytest.raises(RuntimeError, match="only once"):
        server.start()  # waits for the thread
    with pytest.raises(RuntimeError, match="not running"):
        server.log_tail()


def test_a_server_starts_only_once_and_is_used_while_it_runs() -> None:
    server = DovecotServer()
    with pytest.raises(RuntimeError, match="not running"):
        server.client_context()
    with server, pytest.raises(RuntimeError, match="only once"):
        server.start()

    with pytest.raises(RuntimeError, match="not running"):
        server.doveadm("who")


def test_a_missing_program_says_how_to_install_it() -> None:
    with pytest.raises(
        DovecotNotFound, match="apt-get install dovecot-core dovecot-imapd"
    ):
        find_program("dovecot-of-another-planet")


def test_another_version_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Dovecot 2.4 reads another kind of configuration."""
    program = tmp_path / "dovecot"
    program.write_text("#!/bin/sh\necho '2.4.1 (abcdef)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(DovecotNotFound, match=r"2\.3 is needed, but .* is 2\.4\.1"):
        DovecotServer().start()
