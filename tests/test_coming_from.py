"""The tables of "Coming from ...": nothing of theirs is left out, ours exists."""

from __future__ import annotations

import builtins
import dataclasses
import imaplib
import re
from pathlib import Path
from typing import Final

import aioimaplib
import imapclient
import pytest

import aiosage
import aiosage.resilience
import aiosage.sync
import aiosage.wire.commands

PAGE: Final = Path(__file__).parents[1] / "docs/reference/coming-from.md"
NAMED: Final[dict[str, type]] = {
    "client": aiosage.IMAPClient,
    "client.folders": aiosage.IMAPFolderService,
    "client.pool": aiosage.IMAPConnectionPool,
    "inbox": aiosage.IMAPMailboxUIDService,
    "found": aiosage.MessageSet,
    "message": aiosage.EmailMessage,
    "attachment": aiosage.Attachment,
    "connection": aiosage.IMAPConnection,
    "Q": aiosage.IMAPSearchCriteria,
}
"""What the page calls an object, and what that is."""
MODULES: Final = (
    aiosage,
    aiosage.resilience,
    aiosage.sync,
    aiosage.wire.commands,
    builtins,
)


def rows() -> list[tuple[str, str, str]]:
    """Return the rows of all tables: whose, what of theirs, what of ours."""
    library, found = "", []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            library = line[3:]
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) == 4 and "---" not in line and cells[1].strip() != library:
            found.append((library, cells[1], cells[2]))
    return found


def spans(cell: str) -> list[str]:
    """Return the pieces of code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


OURS: Final = sorted(
    {
        re.sub(r'client\.mailbox\("\w+"\)\.', "inbox.", code)
        for _, _, cell in rows()
        for code in spans(cell)
    }
)


def has(cls: type, name: str) -> bool:
    """Tell whether instances of *cls* have something of that name."""
    is_field = dataclasses.is_dataclass(cls) and name in {
        field.name for field in dataclasses.fields(cls)
    }
    return hasattr(cls, name) or is_field


@pytest.mark.parametrize("code", OURS)
def test_what_is_ours_exists(code: str) -> None:
    """A call that is named but not there would send people on a chase."""
    found = re.match(r"(?:async (?=with))?([\w.]*)(.*)", code)
    assert found is not None
    path, _ = found.groups()
    if path in ("", "with"):  # an operator, or a statement
        assert re.fullmatch(r"\\\||[&~-]|async with", code)
        return
    owner, _, name = path.rpartition(".")
    if owner in NAMED:
        assert has(NAMED[owner], name), code
    elif path in NAMED:
        pytest.fail(f"{code} says nothing")
    else:
        head, *rest = path.split(".")
        module = next((module for module in MODULES if hasattr(module, head)), None)
        assert module is not None, code
        value = getattr(module, head)
        for part in rest:
            value = getattr(value, part)


@pytest.mark.parametrize("code", [code for code in OURS if "=" in code])
def test_arguments_that_are_ours_exist(code: str) -> None:
    """Names of arguments change more quietly than those of methods."""
    call = code.partition("(")[0]
    owner, _, name = call.rpartition(".")
    cls = NAMED.get(owner)
    function = getattr(cls, name) if cls else getattr(aiosage, name)
    known = set(_arguments(function))
    assert set(re.findall(r"(\w+)=", code)) <= known, (code, known)


def _arguments(function: object) -> list[str]:
    """Return the names of the arguments that *function* takes."""
    names: list[str] = []
    for candidate in (function, getattr(function, "__init__", None)):
        code = getattr(candidate, "__code__", None)
        if code is not None:
            names.extend(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return names


def public(cls: object) -> set[str]:
    """Return the public names of *cls*."""
    return {name for name in dir(cls) if not name.startswith("_")}


@pytest.mark.parametrize(
    ("library", "names"),
    [
        ("IMAPClient", public(imapclient.IMAPClient)),
        ("aioimaplib", public(aioimaplib.IMAP4)),
        ("aioimaplib", public(aioimaplib.IMAP4_SSL)),
        ("imaplib", public(imaplib.IMAP4)),
        ("imaplib", public(imaplib.IMAP4_SSL)),
    ],
)
def test_every_call_of_theirs_is_listed(library: str, names: set[str]) -> None:
    """By introspection of what is installed."""
    listed: set[str] = set()
    for section, cell, _ in rows():
        if section == library:
            for code in spans(cell):
                listed.update(re.findall(r"\w+", code))
    assert len(names) > 30
    # What Python 3.14 adds to its own, in how a socket is read.
    assert names - listed - {"file", "sock", "sslobj"} == set()
