"""Where the command line gets passwords from."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import tempfile
from pathlib import Path

import pytest

from aiosage.testing import Certificates

from ..conftest import Endpoint
from .command_line import Ended, environment, run, url_of

_PRINT = f"{sys.executable} -c"


async def _sync(
    account: Endpoint, certificates: Certificates, *options: str, **variables: str
) -> Ended:
    """Synchronise an empty mailbox, which takes a login."""
    with tempfile.TemporaryDirectory() as folder:
        return await run(
            *("sync", url_of(account, certificates), "--mailbox", "Trash"),
            *("--store", f"{folder}/mirror.sqlite", *options),
            **variables,
        )


def _variable(account: Endpoint) -> str:
    letters = (c if c.isascii() and c.isalnum() else "_" for c in account.username)
    return "AIOSAGE_PASSWORD_" + "".join(letters).upper()


async def test_the_variable_of_the_user_goes_before_the_common_one(
    account: Endpoint, certificates: Certificates
) -> None:
    """So several accounts can have several passwords."""
    right, wrong = account.password, "wrong"

    ended = await _sync(
        account, certificates, **{_variable(account): right, "AIOSAGE_PASSWORD": wrong}
    )
    assert ended.code == 0, ended

    ended = await _sync(
        account, certificates, **{_variable(account): wrong, "AIOSAGE_PASSWORD": right}
    )
    assert ended.code == 3, ended


async def test_a_command_prints_the_password_of_the_user_asked_for(
    account: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """It goes before all else, gets the user name as one word, and needs no shell."""
    program = tmp_path / "pass word.py"
    program.write_text(
        "import sys\n"
        f"assert sys.argv[1:] == [{account.username!r}, {account.host!r}], sys.argv\n"
        f"print({account.password!r})\n"
        "print('url: https://example.org')\n"
    )
    command = f"{sys.executable} '{program}' {{username}} {{host}}"

    ended = await _sync(
        *(account, certificates, "--password-command", command),
        AIOSAGE_PASSWORD="wrong",
    )

    assert ended.code == 0, ended


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (f"{_PRINT} 'raise SystemExit(3)'", "exit code 3"),
        (f"{_PRINT} pass", "printed nothing"),
        ("/nonexistent/pass show", "No such file"),
        ("pass 'show", "No closing quotation"),
        ("pass {name}", "name"),
        ("''", "password command"),
    ],
)
async def test_a_command_that_gives_no_password_is_wrong_usage(
    command: str, said: str
) -> None:
    """Before anybody is asked to log in."""
    ended = await run(
        *("watch", "imaps://jane@127.0.0.1:1", "--password-command", command)
    )

    assert ended.code == 2, ended
    assert said in ended.err


async def test_the_keyring_is_asked_for_the_account(
    account: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """Under the name that the error for a missing password tells."""
    (tmp_path / "vault.py").write_text(
        "import os\n"
        "from keyring.backend import KeyringBackend\n"
        "class Vault(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        "        if (service, username) == ('aiosage', os.environ['ACCOUNT']):\n"
        "            return os.environ['KEPT']\n"
        "    def set_password(self, service, username, password): ...\n"
        "    def delete_password(self, service, username): ...\n"
    )

    ended = await _sync(
        *(account, certificates),
        PYTHON_KEYRING_BACKEND="vault.Vault",
        PYTHONPATH=str(tmp_path),
        ACCOUNT=f"{account.username}@{account.host}:{account.tls_port}",
        KEPT=account.password,
    )

    assert ended.code == 0, ended


async def test_without_a_password_and_a_terminal_all_ways_are_told() -> None:
    """A job of cron must not wait at a prompt that nobody sees."""
    ended = await run("watch", "imaps://jane.doe@127.0.0.1:1")

    assert ended.code == 2, ended
    for way in (
        "AIOSAGE_PASSWORD_JANE_DOE",
        "--password-command",
        "keyring set aiosage jane.doe@127.0.0.1:1",
    ):
        assert way in ended.err


async def test_on_a_terminal_the_password_is_asked_for_and_not_shown(
    account: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """The prompt is on stderr, so stdout stays for results."""
    master, slave = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aiosage", "sync", "--json", "--mailbox", "Trash"),
            *("--store", str(tmp_path / "mirror.sqlite")),
            url_of(account, certificates),
            env=environment(),
            stdin=slave,
            stdout=asyncio.subprocess.PIPE,
            stderr=slave,
            start_new_session=True,  # without it, it would ask on our terminal
        )
        os.close(slave)
        try:
            async with asyncio.timeout(30):
                shown = b""
                while not shown.endswith(b": "):
                    shown += await asyncio.to_thread(os.read, master, 1000)
                os.write(master, account.password.encode() + b"\n")
                out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        shown += os.read(master, 1000)
    finally:
        os.close(master)
    assert f"Password for {account.username}@" in shown.decode()
    assert account.password not in shown.decode().replace(account.username, "")
    assert process.returncode == 0, (out, shown)
