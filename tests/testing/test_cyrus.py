from __future__ import annotations

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

from aiosage.testing import CyrusError, CyrusNotFound, CyrusServer

pytestmark = pytest.mark.usefixtures("cyrus")  # even where a test starts its own

MESSAGE = b"From: bob@example.org\r\nSubject: hello\r\n\r\nHello.\r\n"


@contextmanager
def session(server: CyrusServer, user: str) -> Iterator[imaplib.IMAP4]:
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
        ["ps", "-ww", "-e", "-o", "pgid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    fields = (row.split(maxsplit=2) for row in rows)
    return [f[-1] for f in fields if f[0] == str(group) and not f[1].startswith("Z")]


def folder_of(group: int) -> Path:
    """Return the folder the processes of *group* work in."""
    (found,) = {
        match[1]
        for row in living(group)
        if (match := re.search(r"-C (/tmp/\S+)/imapd\.conf", row))
    }
    return Path(found)


def wait_gone(group: int, folder: Path) -> None:
    """Wait for orphans to die, which gives no event to wait for."""
    deadline = time.monotonic() + 10
    while (left := living(group)) or folder.exists():
        assert time.monotonic() < deadline, left or folder
        time.sleep(0.01)


def test_plain_starttls_and_tls_clients_log_in(cyrus: CyrusServer) -> None:
    plain = imaplib.IMAP4(cyrus.host, cyrus.port, timeout=10)
    starttls = imaplib.IMAP4(cyrus.host, cyrus.port, timeout=10)
    starttls.starttls(cyrus.client_context())
    tls = imaplib.IMAP4_SSL(
        "localhost", cyrus.tls_port, ssl_context=cyrus.client_context(), timeout=10
    )

    for client in (plain, starttls, tls):
        assert client.login(cyrus.new_user(), cyrus.password)[0] == "OK"
        client.logout()


def test_users_do_not_see_each_others_mail(cyrus: CyrusServer) -> None:
    alice, bob = cyrus.new_user(), cyrus.new_user()
    with session(cyrus, alice) as client:
        client.append("INBOX", "", "", MESSAGE)

    with session(cyrus, alice) as client:
        assert client.search(None, "ALL") == ("OK", [b"1"])
    with session(cyrus, bob) as client:
        assert client.search(None, "ALL") == ("OK", [b""])


def test_a_user_has_the_special_use_mailboxes(cyrus: CyrusServer) -> None:
    with session(cyrus, cyrus.new_user()) as client:
        _, lines = client.list()

    text = b"\n".join(line for line in lines if isinstance(line, bytes))
    found = re.findall(rb'\(.*\\(\w+)\) "/" (\w+)', text)
    assert {(use, name) for use, name in found if name != b"INBOX"} == {
        (name.lower(), name)
        for name in (b"Drafts", b"Sent", b"Junk", b"Trash", b"Archive")
    }


def test_a_secret_that_is_never_sent_logs_in_too(cyrus: CyrusServer) -> None:
    """The server holds the password itself, as SCRAM and CRAM-MD5 need."""
    client = imaplib.IMAP4(cyrus.host, cyrus.port, timeout=10)
    assert client.login_cram_md5(cyrus.new_user(), cyrus.password)[0] == "OK"
    client.logout()


def test_wrong_passwords_are_refused_and_do_not_delay_the_next_login(
    cyrus: CyrusServer,
) -> None:
    """As installed, each takes 3 s."""
    begin = time.monotonic()
    for password in ("wrong", "userPassword", "Secret"):
        client = imaplib.IMAP4(cyrus.host, cyrus.port, timeout=10)
        with pytest.raises(imaplib.IMAP4.error, match="authentication failure"):
            client.login(cyrus.new_user(), password)
        client.shutdown()
    assert time.monotonic() - begin < 3


def test_killed_sessions_end_without_bye(cyrus: CyrusServer) -> None:
    alice, bob = cyrus.new_user(), cyrus.new_user()
    with (
        session(cyrus, alice) as one,
        session(cyrus, alice) as two,
        session(cyrus, bob) as other,
    ):
        assert cyrus.kill_sessions(alice) == 2

        assert one.sock.recv(1) == b""
        assert two.sock.recv(1) == b""
        assert other.noop()[0] == "OK"
        assert cyrus.kill_sessions(alice) == 0


def test_options_replace_those_of_the_server() -> None:
    with CyrusServer(options={"allowplaintext": "no"}) as server:
        client = imaplib.IMAP4(server.host, server.port, timeout=10)
        before = client.capabilities
        client.starttls(server.client_context())
        after = client.capabilities
        client.shutdown()

    assert "LOGINDISABLED" in before
    assert "LOGINDISABLED" not in after


def test_stop_leaves_no_process_no_folder_no_listener() -> None:
    server = CyrusServer()
    server.start()
    group, folder = server.pid, folder_of(server.pid)
    assert folder.is_dir()
    with session(server, server.new_user()) as client:
        assert any("/imapd " in row for row in living(group))

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
        "from aiosage.testing import CyrusServer\n"
        "server = CyrusServer()\n"
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


def test_a_server_that_does_not_start_says_so() -> None:
    with pytest.raises(CyrusError, match="Cyrus ended with status"):
        CyrusServer(options={"configdirectory": ""}).start()


def test_a_server_starts_only_once_and_is_used_while_it_runs() -> None:
    server = CyrusServer()
    with pytest.raises(RuntimeError, match="not running"):
        server.client_context()
    with server, pytest.raises(RuntimeError, match="only once"):
        server.start()

    with pytest.raises(RuntimeError, match="not running"):
        server.kill_sessions("alice")


def test_a_folder_without_cyrus_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIOSAGE_CYRUS", str(tmp_path))

    with pytest.raises(CyrusNotFound, match=rf"no Cyrus in {tmp_path}: .*\.ci/run"):
        CyrusServer().start()
