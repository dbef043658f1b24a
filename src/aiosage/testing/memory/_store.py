"""STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3)."""

from __future__ import annotations

from ...model import Flag
from ._arguments import Arguments, checked_flags
from ._refusal import Bad
from ._response import number_set
from ._session import Session


async def store(session: Session, arguments: Arguments, uid: bool) -> str:
    """STORE; what is read-only is left as it is."""
    view = session.selected
    arguments.space()
    ranges = arguments.sequence_set()
    arguments.space()
    unchanged_since: int | None = None
    if arguments.next_is(b"("):
        unchanged_since = _read_unchanged_since(session, arguments)
        arguments.space()
    operation, is_silent = _read_operation(arguments)
    arguments.space()
    flags = frozenset(checked_flags(arguments.flags()))
    arguments.end()
    chosen = view.select(ranges, by_uid=uid)
    if unchanged_since is not None:
        session.enable_condstore()
    if view.read_only:
        return "Store ignored with read-only mailbox."
    modified: list[int] = []
    for number, message_uid in chosen:
        await session.breathe()
        message = view.mailbox.get(message_uid)
        if message is None:
            continue  # expunged meanwhile: the client will be told
        if unchanged_since is not None and message.modseq > unchanged_since:
            modified.append(message_uid if uid else number)
            continue
        has_changed = view.mailbox.set_flags(
            message, _applied(operation, message.flags, flags), by=view
        )
        if not has_changed:
            continue  # which Dovecot does not mention either
        items: list[bytes] = []
        if uid:
            items.append(b"UID %d" % message_uid)
        if session.condstore:
            items.append(b"MODSEQ (%d)" % message.modseq)
        if not is_silent:
            items.append(b"FLAGS " + view.flags(message))
        if session.condstore or not is_silent:
            session.write_all(view.new_flags())
            session.write(b"* %d FETCH (%b)\r\n" % (number, b" ".join(items)))
    if modified:
        return f"[MODIFIED {number_set(modified).decode()}] Conditional store failed."
    return "Store completed."


def _read_unchanged_since(session: Session, arguments: Arguments) -> int:
    arguments.open()
    modifier = arguments.keyword("a modifier")
    if modifier != "UNCHANGEDSINCE" or not session.offers("CONDSTORE"):
        raise Bad("Unknown STORE modifier")
    arguments.space()
    modseq = arguments.number("a mod-sequence")
    arguments.close()
    return modseq


def _read_operation(arguments: Arguments) -> tuple[str, bool]:
    """Return ``+``, ``-`` or nothing, and whether the answer is silent."""
    name = arguments.keyword("FLAGS")
    operation = name[0] if name[0] in "+-" else ""
    match name.removeprefix(operation):
        case "FLAGS":
            return operation, False
        case "FLAGS.SILENT":
            return operation, True
        case _:
            raise Bad("Invalid arguments")


def _applied(
    operation: str, old: frozenset[Flag], given: frozenset[Flag]
) -> frozenset[Flag]:
    if operation == "+":
        return old | given
    if operation == "-":
        return old - given
    return given
