"""APPEND, with several messages too, and REPLACE (RFC 9051 §6.3.12, 3502, 8508)."""

from __future__ import annotations

from datetime import datetime

from ...model import Flag
from ._arguments import Arguments, checked_flags
from ._mailbox import MemoryMailbox, Message, new_message
from ._quota import check_quota
from ._refusal import Bad, No
from ._response import number_set
from ._session import Session


async def append(session: Session, arguments: Arguments, uid: bool) -> str:
    """APPEND: all messages or none."""
    mailbox = _read_mailbox(session, arguments)
    messages: list[Message] = []
    while arguments.accept(b" "):
        if messages:
            session.require("MULTIAPPEND", "More than one message")
        messages.append(_read_message(arguments))
        await session.breathe()
    arguments.end()
    if not messages:
        raise Bad("Missing message size")
    check_quota(session.account, messages)
    uids = mailbox.add(messages)
    if not session.offers("UIDPLUS"):
        return "Append completed."
    shown = number_set(uids).decode()
    return f"[APPENDUID {mailbox.uidvalidity} {shown}] Append completed."


async def replace(session: Session, arguments: Arguments, uid: bool) -> str:
    """REPLACE: the new message comes before the old one goes (RFC 8508 §3.4)."""
    view = session.selected
    arguments.space()
    ranges = arguments.sequence_set()
    mailbox = _read_mailbox(session, arguments)
    arguments.space()
    message = _read_message(arguments)
    arguments.end()
    chosen = [old for _, old in view.select(ranges, by_uid=uid)]
    if len(chosen) > 1:
        raise Bad("Only one message can be replaced")
    old = list(view.mailbox.find(chosen))
    if not old:
        raise No("No such message", code="NONEXISTENT")
    if view.read_only:
        raise No("Mailbox is read-only", code="READ-ONLY")
    check_quota(session.account, [message], instead_of=old)
    [new] = mailbox.add([message])
    if session.offers("UIDPLUS"):
        code = f"[APPENDUID {mailbox.uidvalidity} {new}]"
        session.write(f"* OK {code} Replacement is there.\r\n".encode())
    view.mailbox.expunge(chosen)
    return "Replace completed."


def check_append(session: Session, arguments: Arguments) -> None:
    """Refuse, before the message is sent, what will be refused afterwards.

    Args:
        session: the session.
        arguments: the arguments so far; the next literal is announced at their
            end, be it the message or the name of the mailbox.
    """
    if arguments.is_literal_announced:
        return
    _read_mailbox(session, arguments)
    arguments.space()
    _read_flags_and_date(arguments)
    if not arguments.is_literal_announced:
        raise Bad("Invalid arguments")


def _read_mailbox(session: Session, arguments: Arguments) -> MemoryMailbox:
    arguments.space()
    return session.account.require(arguments.mailbox(), code="TRYCREATE")


def _read_message(arguments: Arguments) -> Message:
    flags, date = _read_flags_and_date(arguments)
    raw = arguments.literal()
    if not raw:
        raise No("Can't save a zero byte message")
    return new_message(raw, flags, date)


def _read_flags_and_date(
    arguments: Arguments,
) -> tuple[list[Flag], datetime | None]:
    flags: list[Flag] = []
    date: datetime | None = None
    if arguments.next_is(b"("):
        flags = checked_flags(arguments.flags())
        arguments.space()
    if arguments.next_is(b'"'):
        date = arguments.date_time()
        arguments.space()
    return flags, date
