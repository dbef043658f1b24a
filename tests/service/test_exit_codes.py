"""How commands end, and what they say, when they cannot do what is asked."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from aiosage.testing import Certificates

from ..conftest import Endpoint
from .command_line import run, url_of


def _free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _command(name: str, url: str, tmp_path: Path) -> list[str]:
    """Return the arguments of *name* for the account *url*."""
    store = ["--store", str(tmp_path / "mirror.sqlite")]
    return [name, url, *(store if name == "sync" else [])]


@pytest.mark.parametrize("name", ["sync", "watch"])
async def test_a_wrong_password_is_3(
    name: str, account: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """A script then asks for another one."""
    url = url_of(account, certificates)

    ended = await run(*_command(name, url, tmp_path), AIOSAGE_PASSWORD="Wr0ng!")

    assert ended.code == 3, ended
    assert "app password" in ended.err  # what to do
    assert "Wr0ng!" not in ended.out + ended.err


@pytest.mark.parametrize("name", ["sync", "watch"])
async def test_a_server_that_is_not_there_is_4(name: str, tmp_path: Path) -> None:
    """A script then tries again later."""
    url = f"imaps://jane@127.0.0.1:{_free_port()}"

    ended = await run(*_command(name, url, tmp_path), AIOSAGE_PASSWORD="secret")

    assert ended.code == 4, ended
    assert "refused the connection" in ended.err


async def test_a_certificate_that_is_not_trusted_is_4(account: Endpoint) -> None:
    """And the text says how to trust it; nothing is sent."""
    url = f"imaps://jane@{account.host}:{account.tls_port}"

    ended = await run("watch", url, AIOSAGE_PASSWORD="secret")

    assert ended.code == 4, ended
    assert "not trusted" in ended.err
    assert "ca_file" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sync"], "URL"),
        (["sync", "imaps://jane@host"], "--store"),
        (["watch", "https://jane@host"], "the scheme is imaps or imap"),
        (["watch", "imaps://host"], "names no user"),
        (["watch", "imaps://jane@host:port"], "host or port is malformed"),
        (["watch", "imaps://jane@host?tls=no"], "unknown option 'tls'"),
        (["demo", "--messages", "1"], "--messages"),
        (["fetch"], "fetch"),
    ],
)
async def test_wrong_usage_is_2(arguments: list[str], said: str) -> None:
    """Nothing is tried, and the mistake is named."""
    ended = await run(*arguments, AIOSAGE_PASSWORD="secret")

    assert ended.code == 2, ended
    assert said in ended.err


@pytest.mark.parametrize("name", ["sync", "watch"])
async def test_a_password_in_a_url_is_refused_and_not_repeated(
    name: str, tmp_path: Path
) -> None:
    """Everybody on the machine can read arguments; logs must not have it, too."""
    url = "imaps://jane:hunter2@127.0.0.1:1"

    ended = await run(*_command(name, url, tmp_path))

    assert ended.code == 2, ended
    assert "must not hold a password" in ended.err
    assert "hunter2" not in ended.out + ended.err


@pytest.mark.parametrize("missing", ["typer", "rich", "sqlalchemy", "aiosqlite"])
async def test_a_missing_extra_is_named(missing: str, tmp_path: Path) -> None:
    """Whoever installed aiosage alone is told what to add, not shown a traceback."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {missing!r}:\n"
        "            raise ModuleNotFoundError(\n"
        f"                'No module named ' + repr(name), name={missing!r})\n"
        "sys.meta_path.insert(0, Missing())\n"
    )

    ended = await run(
        *("demo", "--messages", "40", "--store", tmp_path / "mirror.sqlite"),
        PYTHONPATH=str(tmp_path),
    )

    assert ended.code == 1, ended
    assert "pip install 'aiosage[" in ended.err
    assert missing in ended.err.lower()


async def test_help_tells_commands_and_exit_codes() -> None:
    """What the exit codes mean must be found where one looks first."""
    ended = await run("--help")

    assert ended.code == 0
    text = " ".join(ended.out.split())
    for word in ("demo", "sync", "watch", "3 credentials refused", "130 interrupted"):
        assert word in text
