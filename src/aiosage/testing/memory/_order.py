"""SORT and THREAD (RFC 5256, RFC 5267, RFC 5957)."""

from __future__ import annotations

from typing import Final

from ...model import (
    Descending,
    SortKey,
    SortValue,
    ThreadAlgorithm,
    ThreadItem,
    ThreadNode,
    in_order,
    sort_values,
    threads_of,
)
from ._arguments import Arguments
from ._refusal import Bad
from ._returned import write_esearch
from ._search import accept_returned, find, write_numbers
from ._search_key import check_charset
from ._session import Session

_ALGORITHMS: Final = frozenset(map(str, ThreadAlgorithm))
_DISPLAY: Final = {SortKey.DISPLAY_FROM, SortKey.DISPLAY_TO}


async def sort(session: Session, arguments: Arguments, uid: bool) -> str:
    """SORT."""
    arguments.space()
    returned = accept_returned(session, arguments, "ESORT")
    order = _read_order(session, arguments)
    arguments.space()
    _read_charset(arguments)
    found = await find(session, arguments, uid=uid)
    values: list[tuple[int, tuple[SortValue, ...]]] = []
    for number, message in found.messages:
        await session.breathe()
        values.append((number, sort_values(message.email, order)))
    numbers = list(in_order(values, order))
    if returned is None:
        write_numbers(session, b"SORT", numbers, found.modseq)
        return "Sort completed."
    if "SAVE" in returned.options:
        uids = {number: message.uid for number, message in found.messages}
        saved = returned.saved([uids[number] for number in numbers])
        session.selected.saved = sorted(saved)
    if not returned.is_silent:
        write_esearch(session, numbers, found.modseq, returned, uid=uid)
    return "Sort completed."


def _read_order(session: Session, arguments: Arguments) -> list[SortKey | Descending]:
    order: list[SortKey | Descending] = []
    words = iter(arguments.list())
    for word in words:
        is_descending = word.upper() == "REVERSE"
        name = (next(words, "") if is_descending else word).upper()
        try:
            key = SortKey(name)
        except ValueError:
            raise Bad(f"Unknown sort key {name[:40]}") from None
        if key is SortKey.RELEVANCY or (
            key in _DISPLAY and not session.offers("SORT=DISPLAY")
        ):
            raise Bad(f"Unknown sort key {name}")
        order.append(key.descending if is_descending else key)
    if not order:
        raise Bad("Empty sort program")
    return order


async def thread(session: Session, arguments: Arguments, uid: bool) -> str:
    """THREAD."""
    arguments.space()
    name = arguments.keyword("a threading algorithm")
    if name not in _ALGORITHMS or not session.offers(f"THREAD={name}"):
        raise Bad("Unknown thread algorithm")
    algorithm = ThreadAlgorithm(name)
    arguments.space()
    _read_charset(arguments)
    found = await find(session, arguments, uid=uid)
    items: list[ThreadItem] = []
    for number, message in found.messages:
        await session.breathe()
        items.append(ThreadItem.from_message(number, message.email))
    threads = b"".join(map(_rendered, threads_of(items, algorithm)))
    session.write(b"* THREAD" + (b" " + threads if threads else b"") + b"\r\n")
    return "Thread completed."


def _rendered(root: ThreadNode) -> bytes:
    """Return a thread in its parentheses; it may be as deep as mail is answered."""
    pieces: list[bytes] = []
    pending: list[ThreadNode | bytes] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, bytes):
            pieces.append(node)
            continue
        numbers = b" ".join(b"%d" % number for number in node.messages)
        space = b" " if numbers and node.branches else b""
        pieces.append(b"(" + numbers + space)
        pending.append(b")")
        pending.extend(reversed(node.branches))
    return b"".join(pieces)


def _read_charset(arguments: Arguments) -> None:
    check_charset(arguments.astring())
    arguments.space()
