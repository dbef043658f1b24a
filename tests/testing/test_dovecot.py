from __future__ import annotations

import asyncio
import imaplib
import os
import re
import socket
import time
from pathlib import Path

import pytest

from aiosage.testing import DovecotError, DovecotNotFound, DovecotServer, _own_server
from aiosage.testing._dovecot_config import Storage
from aiosage.testing._dovecot_process import find_program

from .real_servers import MESSAGE, session

pytestmark = pytest.mark.usefixtures("dovecot")  # even where a test starts its own


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
