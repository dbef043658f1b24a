"""The command line where names, terminals and pipes are not as one hopes."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import termios
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import aiosage
from aiosage import IMAPConfigurationError
from aiosage.service.cli._output import Output
from aiosage.service.cli._passwords import account_from_url
from aiosage.testing import MemoryServer

from .service.command_line import Ended, environment, run

_ODD_NAMES = ("[/b]", "[bold]Invoices", ":100:", "Größe", "日本語")
_PASSWORD = "s3cret"


@pytest.fixture
async def odd_account() -> AsyncIterator[str]:
    """The URL of an account whose mailboxes have odd names."""
    async with MemoryServer() as memory:
        account = memory.add_account("[/i]jane", _PASSWORD)
        for name in _ODD_NAMES:
            account.create_mailbox(name).deliver(b"Subject: hello\r\n\r\nhello\r\n")
        yield f"imap://%5B%2Fi%5Djane@{memory.host}:{memory.port}?security=plain"


async def test_the_version_is_told() -> None:
    ended = await run("--version")
    assert (ended.code, ended.out) == (0, f"aiosage {aiosage.__version__}\n")


class _Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._arguments = arguments
        self._env = {**environment(**variables), "TERM": "xterm", "COLUMNS": "120"}
        self.shown = b""

    async def run(self, keys: bytes = b"", *, after: bytes = b"\0") -> int:
        """Run it to its end; type *keys* once it has shown *after*."""
        self._master, slave = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "aiosage", *self._arguments),
            env=self._env,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
        )
        self.has_echo: Callable[[], bool] = lambda: bool(
            termios.tcgetattr(slave)[3] & termios.ECHO
        )
        reader = asyncio.create_task(asyncio.to_thread(self._read, keys, after))
        try:
            async with asyncio.timeout(30):
                code = await process.wait()
            self.echoes = self.has_echo()
            return code
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            os.close(slave)  # the reader sees the end
            await reader
            os.close(self._master)

    def _read(self, keys: bytes, after: bytes) -> None:
        while True:
            try:
                self.shown += os.read(self._master, 4096)
            except OSError:  # the terminal is gone
                return
            if keys and after in self.shown:
                os.write(self._master, keys)
                keys = b""


async def test_names_that_look_like_markup_are_shown_as_they_are(
    odd_account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server chooses them: they must not end a command."""
    monkeypatch.chdir(tmp_path)
    terminal = _Terminal(
        *("sync", odd_account, "--store", "[b]mirror.sqlite"),
        AIOSAGE_PASSWORD=_PASSWORD,
    )

    assert await terminal.run() == 0, terminal.shown.decode()

    shown = terminal.shown.decode()
    assert "Traceback" not in shown
    assert "[/i]jane@" in shown
    assert "[b]mirror.sqlite" in shown


async def test_names_that_look_like_emoji_are_shown_as_they_are(
    odd_account: str, tmp_path: Path
) -> None:
    """Somebody looks for the mailbox by the name that the line tells."""
    ended = await run(
        *("sync", odd_account, "--store", tmp_path / "mirror.sqlite"),
        AIOSAGE_PASSWORD=_PASSWORD,
    )

    assert ended.code == 0, ended
    assert " :100:: finished" in ended.err


def test_control_characters_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Servers choose names and texts, and a terminal does what they say."""
    output = Output.make(is_json=False)
    name = "\x1b]0;owned\x07\n\x9b1m"

    output.line(name)
    output.note(name)
    output.error(name)
    output.table(name, ("Account",), [(name,)])

    shown = r"\x1b]0;owned\x07\x0a\x9b1m"
    out, err = capsys.readouterr()
    assert out.splitlines() == [shown, f"{shown}:", f"  account={shown}"]
    assert err.splitlines() == [shown, f"aiosage: {shown}"]


@pytest.mark.parametrize("json", [(), ("--json",)])
async def test_names_are_written_in_every_locale(
    json: tuple[str, ...], odd_account: str, tmp_path: Path
) -> None:
    """One of few letters must not end a command, and JSON stays JSON."""
    store = tmp_path / "日本語.sqlite"

    ended = await run(
        *("sync", odd_account, "--store", str(store), *json),
        AIOSAGE_PASSWORD=_PASSWORD,
        PYTHONIOENCODING="ascii",
    )

    assert ended.code == 0, ended
    if json:
        names = {record["mailbox"] for record in ended.records_of("progress")}
        assert names >= set(_ODD_NAMES)
    else:
        assert r"\u65e5\u672c\u8a9e.sqlite" in ended.out


async def test_what_is_logged_holds_no_mail(odd_account: str, tmp_path: Path) -> None:
    """Nor the password; what was said to the server is there."""
    ended = await run(
        *("sync", odd_account, "--store", tmp_path / "mirror.sqlite", "--verbose"),
        AIOSAGE_PASSWORD=_PASSWORD,
    )

    assert ended.code == 0, ended
    assert "AUTHENTICATE PLAIN ***" in ended.err
    assert "hello" not in ended.err
    assert _PASSWORD not in ended.err


@pytest.mark.parametrize("command", ["sync", "watch"])
async def test_what_is_no_mailbox_name_is_a_mistake(
    command: str, odd_account: str, tmp_path: Path
) -> None:
    """Said before anything is asked of a server."""
    name = "two\nlines"
    options = ("--store", str(tmp_path / "mirror.sqlite"), "--mailbox", name)

    ended = await run(
        *(command, odd_account, *(options if command == "sync" else (name,))),
        AIOSAGE_PASSWORD=_PASSWORD,
    )

    assert ended.code == 2, ended
    assert "mailbox: " in ended.err


async def test_a_store_in_memory_is_refused(odd_account: str) -> None:
    """It would be one for each connection to it, and gone at the end."""
    ended = await run(
        *("sync", odd_account, "--store", ":memory:"), AIOSAGE_PASSWORD=_PASSWORD
    )

    assert ended.code == 1, ended
    assert ":memory: is not a file" in ended.err


async def _shell(line: str) -> Ended:
    process = await asyncio.create_subprocess_shell(
        line,
        env={**environment(), "PYTHON": sys.executable},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_a_closed_stdout_is_no_failure(tmp_path: Path) -> None:
    """Jobs are started like this; the exit code says enough."""
    store = tmp_path / "mirror.sqlite"

    ended = await _shell(f'"$PYTHON" -m aiosage demo --messages 40 --store {store} >&-')

    assert "Traceback" not in ended.err
    assert ended.code == 0, ended


async def test_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A full disk is a failure, not a bug."""
    store = tmp_path / "mirror.sqlite"

    ended = await _shell(
        f'"$PYTHON" -m aiosage demo --messages 40 --store {store} >/dev/full'
    )

    assert "Traceback" not in ended.err
    assert "No space left on device" in ended.err
    assert ended.code != 0


@pytest.mark.parametrize(
    ("key", "code"), [(b"\x03", 130), (b"\x04", 2)], ids=["Ctrl-C", "Ctrl-D"]
)
async def test_the_question_for_a_password_can_be_left(key: bytes, code: int) -> None:
    """By one key press, and what is typed into the shell then is shown again."""
    terminal = _Terminal("watch", "imaps://jane@127.0.0.1:1")

    assert await terminal.run(key, after=b": ") == code, terminal.shown.decode()

    assert terminal.echoes
    assert "Traceback" not in terminal.shown.decode()


@pytest.mark.parametrize(
    "command",
    [
        f"{sys.executable} -c \"print('{{username.real}}')\"",
        f"{sys.executable} -c \"print('{{host[name]}}')\"",
        f"{sys.executable} -c 'import os; os.write(1, bytes([104, 233]))'",
    ],
)
async def test_an_odd_password_command_is_a_mistake_in_the_settings(
    command: str,
) -> None:
    """Not a traceback, which might show what the command printed."""
    with pytest.raises(IMAPConfigurationError, match="password command: "):
        await account_from_url("imaps://jane@127.0.0.1:1", password_command=command)
