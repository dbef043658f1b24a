"""COPY and MOVE (RFC 9051 §6.4.7, RFC 6851, RFC 4315 §3)."""

from __future__ import annotations

from ._arguments import Arguments
from ._mailbox import MemoryMailbox, Message
from ._quota import check_quota
from ._refusal import No
from ._response import number_set
from ._session import Session


async def copy(session: Session, arguments: Arguments, uid: bool) -> str:
    """COPY: all messages or, if one is gone, none."""
    messages, target = _read(session, arguments, uid)
    if not messages:
        return "No messages found."
    check_quota(session.account, messages)
    code = _copy(session, messages, target)
    return f"{code}Copy completed."


async def move(session: Session, arguments: Arguments, uid: bool) -> str:
    """MOVE: COPYUID comes before the EXPUNGEs (RFC 6851 §4.3)."""
    view = session.selected
    messages, target = _read(session, arguments, uid)
    if view.read_only:
        raise No("Mailbox is read-only", code="READ-ONLY")
    if not messages:
        return "No messages found."
    code = _copy(session, messages, target)
    if code:
        session.write(f"* OK {code}Moved UIDs.\r\n".encode())
    view.mailbox.expunge([message.uid for message in messages])
    return "Move completed."


def _read(
    session: Session, arguments: Arguments, uid: bool
) -> tuple[list[Message], MemoryMailbox]:
    view = session.selected
    arguments.space()
    ranges = arguments.sequence_set()
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    chosen = view.select(ranges, by_uid=uid)
    target = session.account.require(name, code="TRYCREATE")
    messages = list(view.mailbox.find(message_uid for _, message_uid in chosen))
    if len(messages) < len(chosen):
        raise No("Some of the requested messages no longer exist", code="EXPUNGEISSUED")
    return messages, target


def _copy(session: Session, messages: list[Message], target: MemoryMailbox) -> str:
    """Copy *messages* and return the COPYUID code, if that is offered."""
    old = number_set(message.uid for message in messages).decode()
    new = number_set(target.add([message.copy() for message in messages])).decode()
    if not session.offers("UIDPLUS"):
        return ""
    return f"[COPYUID {target.uidvalidity} {old} {new}] "
