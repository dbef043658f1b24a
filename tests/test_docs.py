"""Every Python example of the README and the docs, run as a program of its own.

Each one finds, in ``AIOSAGE_URL`` and ``AIOSAGE_PASSWORD``, an account with mail on
a server with TLS, where another client delivers, flags and expunges all the time.
A comment before a block says what is special about it:

* ``<!-- continues -->``: the program is the block before, and this one.
* ``<!-- needs Dovecot -->``: left out where none is installed.
* ``<!-- not run: why -->``: shown only.

A block with a function ``test_...`` is given to pytest.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from urllib.parse import quote

import pytest
from _pytest.mark import ParameterSet

from aiosage import Flag
from aiosage.testing import (
    Certificates,
    MemoryAccount,
    MemoryMailbox,
    MemoryServer,
    sample_messages,
)

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NOT_RUN_MOST = 2
"""An example that is not run will be wrong one day: there may be this few."""

DEADLINE = 60.0
"""Seconds a program may take: many times what it needs."""

PERIOD = 0.3
"""Seconds between what the other client does."""

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<info>[^\n`]*)\n"
    r"(?P<code>.*?)^(?P=indent)(?P=fence) *$",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"<!-- *([^>]*?) *-->\s*\Z")
_INI = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
_NEWS = b"From: shop <shop@example.org>\r\nSubject: News %d\r\n\r\nHello\r\n"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of code.

    Attributes:
        page: where it stands.
        line: the number of its fence, from 1.
        info: what is behind the fence: the language.
        remark: of the comment right before it; empty if there is none.
        code: with what it continues.
    """

    page: Path
    line: int
    info: str
    remark: str
    code: str

    @property
    def place(self) -> str:
        """Where to look when it fails."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_python(self) -> bool:
        """Whether it is Python, by whatever name."""
        if self.info.startswith("{literalinclude} ../../examples/"):
            return False  # run by test_examples
        return re.search(r"(?i)\bpy(thon3?|con)?\b|doctest|ipython", self.info) is not (
            None
        )

    @property
    def is_run(self) -> bool:
        """Whether it is an example that must work."""
        return not self.remark.startswith("not run:")

    @property
    def is_test(self) -> bool:
        """Whether it is a module for pytest."""
        return re.search(r"^(async )?def test_", self.code, re.MULTILINE) is not None


def blocks_of(page: Path, text: str) -> Iterator[Block]:
    """Yield the fenced blocks in *text*."""
    code = ""
    for fence in _FENCE.finditer(text):
        comment = _COMMENT.search(text, 0, fence.start())
        remark = comment[1] if comment else ""
        block = dedent(fence["code"])
        if fence["info"].strip() == "python":
            code = f"{code}\n\n{block}" if remark == "continues" else block
            block = code
        line = text.count("\n", 0, fence.start()) + 1
        yield Block(page, line, fence["info"].strip(), remark, block)


BLOCKS = [
    block
    for page in PAGES
    for block in blocks_of(page, page.read_text(encoding="utf-8"))
    if block.is_python
]


def _params() -> Iterator[ParameterSet]:
    for block in BLOCKS:
        if block.is_run:
            needs_dovecot = block.remark == "needs Dovecot"
            marks = [pytest.mark.dovecot] if needs_dovecot else []
            yield pytest.param(block, id=block.place, marks=marks)


@asynccontextmanager
async def _another_client(inbox: MemoryMailbox) -> AsyncIterator[None]:
    """Deliver a message, flag one and expunge one, again and again."""

    async def change() -> None:
        number = 0
        while True:
            await asyncio.sleep(PERIOD)
            number += 1
            uid = inbox.deliver(_NEWS % number)
            inbox.add_flags([uid - 1], Flag.FLAGGED)
            if number > 3:
                inbox.expunge([uid - 3])  # one of its own: samples stay

    changing = asyncio.create_task(change())
    try:
        yield
    finally:
        changing.cancel()
        await asyncio.wait([changing])
        assert changing.cancelled(), changing


def _fill(account: MemoryAccount) -> None:
    """Put made-up mail where examples look for it."""
    for number, (arrived, raw) in enumerate(sample_messages(60)):
        name = "INBOX" if number % 3 else "Archive"
        flags = [Flag.SEEN] if number % 2 else []
        account.mailbox(name).deliver(raw, flags, arrived)
    account.mailbox("INBOX").deliver(_NEWS % 0)


async def _run(block: Block, folder: Path, environ: dict[str, str]) -> tuple[int, str]:
    """Run *block*; return its exit code and all it printed."""
    program = folder / ("test_example.py" if block.is_test else "example.py")
    program.write_text(block.code, encoding="utf-8")
    arguments = ["-W", "error"]
    if block.is_test:
        # No configuration but its own, as with somebody who copied it.
        (folder / "pytest.ini").write_text(_INI)
        arguments += ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        program.name,
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DEADLINE):
            out, err = await process.communicate()
    except TimeoutError:
        pytest.fail(f"{block.place} did not end within {DEADLINE:g} s", pytrace=False)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    printed = f"{block.place}\n{out.decode()}\n{err.decode()}"
    # What goes wrong where nobody can catch it, such as in __del__, is printed.
    return (process.returncode or bool(err)), printed


@pytest.mark.parametrize("block", list(_params()))
async def test_the_example_runs(
    block: Block,
    tmp_path: Path,
    certificates: Certificates,
    request: pytest.FixtureRequest,
) -> None:
    """An example is a promise: it ends, without an error or a warning."""
    if block.remark == "needs Dovecot":
        request.getfixturevalue("dovecot")
    context = certificates.server_context()
    async with MemoryServer(ssl_context=context) as server:
        account = server.add_account("jane@example.org", "secret", special=True)
        _fill(account)
        environ = {
            **os.environ,
            "AIOSAGE_URL": f"imaps://jane%40example.org@{server.host}:{server.tls_port}"
            f"?ca_file={quote(str(certificates.ca_file))}",
            "AIOSAGE_PASSWORD": "secret",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        async with _another_client(account.mailbox("INBOX")):
            code, printed = await _run(block, tmp_path, environ)
    assert code == 0, printed


def test_every_page_is_looked_at() -> None:
    """An empty list of examples would pass everything."""
    assert len(PAGES) > 10
    assert len(BLOCKS) > 10
    assert any(block.page.name == "README.md" for block in BLOCKS)


def test_python_blocks_are_called_python_and_their_remarks_are_known() -> None:
    """Another name, or a slip in a remark, would leave a block out silently."""
    known = re.compile(r"|continues|needs Dovecot|not run: .+")
    for block in BLOCKS:
        assert block.info == "python", block.place
        assert known.fullmatch(block.remark), f"{block.place}: {block.remark}"


def test_few_examples_are_not_run() -> None:
    """Each of them says why."""
    not_run = [block.place for block in BLOCKS if not block.is_run]
    assert len(not_run) <= NOT_RUN_MOST, not_run


def test_blocks_are_found_wherever_they_stand() -> None:
    """In lists, behind remarks, after longer fences; with their place."""
    page = ROOT / "README.md"
    text = (
        "a\n\n```python\nx = 1\n```\n\n<!-- continues -->\n\n```python\ny = x\n```\n"
        "1. b\n\n   <!-- not run: no -->\n   ```py\n   z\n   ```\n````md\n```python\n"
        "inner\n```\n````\n"
    )
    first, second, third, fourth = blocks_of(page, text)
    assert (first.place, first.code) == ("README.md:3", "x = 1\n")
    assert (second.place, second.code) == ("README.md:9", "x = 1\n\n\ny = x\n")
    assert (third.code, third.is_python, third.is_run) == ("z\n", True, False)
    assert (fourth.info, fourth.is_python) == ("md", False)
