"""No argument of a command about mailboxes can end a line or begin another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Rights, Secret
from aiosage.wire import Encoder, Value, decode_mailbox_name
from aiosage.wire._tokens import tokenize
from aiosage.wire.commands import (
    Command,
    Comparator,
    Create,
    DeleteAcl,
    EventGroup,
    GenUrlAuth,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    GetStatus,
    Language,
    ListMailboxes,
    ListRights,
    Lsub,
    MyRights,
    Notify,
    NotifyEvent,
    NotifyFilter,
    Rename,
    ResetKey,
    SetAcl,
    SetMetadata,
    SetQuota,
    UrlFetch,
    UrlFetchItem,
    Xlist,
)

from ..stream import frames

Shape: TypeAlias = "list[str | Shape]"
"""Words of a command, where ``?`` is the argument, ``=?`` it as a mailbox, ``!`` it as
a keyword."""

NEW = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
EVENTS: Shape = ["MessageNew", "MessageExpunge"]
COMMANDS: list[tuple[Callable[[str], Command[object]], Shape]] = [
    (Create, ["CREATE", "=?"]),
    (lambda text: Rename("a", text), ["RENAME", "a", "=?"]),
    (lambda text: ListMailboxes(text), ["LIST", "", "=?"]),
    (lambda text: ListMailboxes((text, "a")), ["LIST", "", ["=?", "a"]]),
    (lambda text: ListMailboxes("a", text), ["LIST", "=?", "a"]),
    (
        lambda text: ListMailboxes("a", status=(text,)),
        ["LIST", "", "a", "RETURN", ["STATUS", ["!"]]],
    ),
    (
        lambda text: ListMailboxes("a", metadata=(text, "/a")),
        ["LIST", "", "a", "RETURN", ["METADATA", ["?", "/a"]]],
    ),
    (lambda text: Lsub(text, text), ["LSUB", "=?", "=?"]),
    (lambda text: Xlist(text, text), ["XLIST", "=?", "=?"]),
    (lambda text: GetStatus(text, ("A",)), ["STATUS", "=?", ["A"]]),
    (lambda text: GetStatus("a", (text,)), ["STATUS", "a", ["!"]]),
    (GetQuota, ["GETQUOTA", "?"]),
    (GetQuotaRoot, ["GETQUOTAROOT", "=?"]),
    (lambda text: SetQuota(text, {"A": 1}), ["SETQUOTA", "?", ["A", "1"]]),
    (lambda text: SetQuota("a", {text: 1}), ["SETQUOTA", "a", ["!", "1"]]),
    (lambda text: SetAcl(text, text, Rights("l")), ["SETACL", "=?", "?", "l"]),
    (lambda text: DeleteAcl(text, text), ["DELETEACL", "=?", "?"]),
    (GetAcl, ["GETACL", "=?"]),
    (lambda text: ListRights(text, text), ["LISTRIGHTS", "=?", "?"]),
    (MyRights, ["MYRIGHTS", "=?"]),
    (lambda text: GetMetadata("a", (text,)), ["GETMETADATA", "a", ["?"]]),
    (lambda text: GetMetadata(text or "a", ("/a",)), ["GETMETADATA", "=?", ["/a"]]),
    (lambda text: SetMetadata("a", {text: "b"}), ["SETMETADATA", "a", ["?", "b"]]),
    (lambda text: SetMetadata("a", {"/b": text}), ["SETMETADATA", "a", ["/b", "?"]]),
    (
        lambda text: Notify((EventGroup(NotifyFilter.SUBTREE, NEW, (text,)),)),
        ["NOTIFY", "SET", ["subtree", ["=?"], EVENTS]],
    ),
    (lambda text: GenUrlAuth((text,)), ["GENURLAUTH", "?", "INTERNAL"]),
    (lambda text: GenUrlAuth(("a",), text), ["GENURLAUTH", "a", "!"]),
    (lambda text: ResetKey(text, ("A",)), ["RESETKEY", "=?", "A"]),
    (lambda text: ResetKey("a", (text,)), ["RESETKEY", "a", "!"]),
    (lambda text: UrlFetch((Secret(text),)), ["URLFETCH", "?"]),
    (
        lambda text: UrlFetch((Secret(text),), frozenset({UrlFetchItem.BODY})),
        ["URLFETCH", ["?", "BODY"]],
    ),
    (lambda text: Language((text, "a")), ["LANGUAGE", "?", "a"]),
    (lambda text: Comparator((text, "a")), ["COMPARATOR", "?", "a"]),
]
NIL = "the atom NIL"
HOSTILE = [
    "x\r\nT2 DELETE INBOX",
    "x\nT2 NOOP",
    "x\r",
    "/a\0b",
    'a" b',
    "a\\",
    "a)",
    "(",
    "{3}",
    "{3+}",
    "~{3}",
    "é🎉",
    "\ud800",
    "\udc80",
    "\x7f",
    "",
    "NIL",
    "nil",
    "a]",
    "*",
    "%",
    "/a b",
    "&",
    "x" * 100_000,
]


def read(command: Command[object], non_sync_max: int | None) -> list[Value] | None:
    """Return the words a server reads; None if the command cannot be sent."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    try:
        command.encode(encoder)
    except ValueError:
        return None
    octets = b"".join(b"".join(flight) for flight in encoder.finish().flights)
    # A frame of a server's stream is a command of ours: same lines and literals.
    (frame,) = frames(octets)
    for line in frame[::2]:
        assert not set(line) & set(b"\r\n\0")
    return tokenize(frame, skip=2, nesting=5)


def plain(value: Value) -> Shape | str:
    """Return words as text; NIL must not stand where an argument is a string."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return NIL if value is None else value


def expected(shape: Shape, text: str) -> Shape:
    """Return *shape* with *text* in its place."""
    return [
        expected(word, text)
        if isinstance(word, list)
        else NIL
        if word == "!" and text.upper() == "NIL"
        else text
        if word in ("?", "=?", "!")
        else word
        for word in shape
    ]


def decoded(words: Shape | str, shape: Shape | str) -> Shape | str:
    """Return *words* with mailbox names decoded where *shape* has them."""
    if isinstance(words, list) and isinstance(shape, list):
        return [decoded(*pair) for pair in zip(words, shape, strict=True)]
    if isinstance(words, str) and shape == "=?":
        return decode_mailbox_name(words.encode("utf-8", "surrogateescape"))
    return words


@pytest.mark.parametrize("non_sync_max", [0, None])
@pytest.mark.parametrize(("make", "shape"), COMMANDS)
@given(text=st.one_of(st.text(), st.text('/abc NIL\r\n\0"\\(){}%*&~]+\udcff')))
def test_an_argument_comes_back_or_is_refused(
    make: Callable[[str], Command[object]],
    shape: Shape,
    non_sync_max: int | None,
    text: str,
) -> None:
    check(make, shape, non_sync_max, text)


@pytest.mark.parametrize("non_sync_max", [0, None])
@pytest.mark.parametrize(("make", "shape"), COMMANDS)
def test_a_hostile_argument_comes_back_or_is_refused(
    make: Callable[[str], Command[object]], shape: Shape, non_sync_max: int | None
) -> None:
    for text in HOSTILE:
        check(make, shape, non_sync_max, text)


def check(
    make: Callable[[str], Command[object]],
    shape: Shape,
    non_sync_max: int | None,
    text: str,
) -> None:
    try:
        command = make(text)
    except ValueError:
        return
    words = read(command, non_sync_max)
    if words is None:
        return
    if shape[1] == "=?" and shape[0] == "GETMETADATA":
        text = text or "a"
    assert decoded([plain(word) for word in words], shape) == expected(shape, text)


def test_ordinary_arguments_are_not_refused() -> None:
    """Else the tests above would prove nothing."""
    for make, shape in COMMANDS:
        words = read(make("/ab"), 0)
        assert words is not None
        assert [plain(word) for word in words] == expected(shape, "/ab")
