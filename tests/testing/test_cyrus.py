from __future__ import annotations

import imaplib
import time
from pathlib import Path

import pytest

from aiosage.testing import CyrusError, CyrusNotFound, CyrusServer

pytestmark = pytest.mark.usefixtures("cyrus")  # even where a test starts its own


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


def test_options_replace_those_of_the_server() -> None:
    with CyrusServer(options={"allowplaintext": "no"}) as server:
        client = imaplib.IMAP4(server.host, server.port, timeout=10)
        before = client.capabilities
        client.starttls(server.client_context())
        after = client.capabilities
        client.shutdown()

    assert "LOGINDISABLED" in before
    assert "LOGINDISABLED" not in after


def test_a_server_that_does_not_start_says_so() -> None:
    with pytest.raises(CyrusError, match="Cyrus ended with status"):
        CyrusServer(options={"configdirectory": ""}).start()


def test_a_folder_without_cyrus_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIOSAGE_CYRUS", str(tmp_path))

    with pytest.raises(CyrusNotFound, match=rf"no Cyrus in {tmp_path}: .*\.ci/run"):
        CyrusServer().start()
