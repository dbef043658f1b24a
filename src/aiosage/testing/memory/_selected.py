"""SELECT and what follows it (RFC 9051 §6.3.2, §6.4)."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import Flag
from ._arguments import Arguments
from ._mailbox import Message
from ._refusal import Bad
from ._session import Session
from ._view import View


async def select(session: Session, arguments: Arguments, uid: bool) -> str:
    """SELECT."""
    _select(session, arguments, read_only=False)
    return "[READ-WRITE] Select completed."


async def examine(session: Session, arguments: Arguments, uid: bool) -> str:
    """EXAMINE."""
    _select(session, arguments, read_only=True)
    return "[READ-ONLY] Examine completed."


def _select(session: Session, arguments: Arguments, *, read_only: bool) -> None:
    arguments.space()
    name = arguments.mailbox()
    condstore = session.offers("CONDSTORE") and arguments.accept(b" ")
    if condstore and arguments.list() != ["CONDSTORE"]:
        raise Bad("Unknown SELECT parameter")
    arguments.end()
    if session.view is not None:
        # The old mailbox is closed even if the new one cannot be selected.
        session.unselect()
        session.write(b"* OK [CLOSED] Previous mailbox closed.\r\n")
    view = session.select(name, read_only=read_only)
    mailbox = view.mailbox
    session.write_all(view.flags_responses())
    session.write(b"* %d EXISTS\r\n" % len(view.uids))
    session.write(b"* %d RECENT\r\n" % len(view.recent))
    if unseen := view.first_unseen():
        session.write(b"* OK [UNSEEN %d] First unseen.\r\n" % unseen)
    session.write(b"* OK [UIDVALIDITY %d] UIDs valid\r\n" % mailbox.uidvalidity)
    session.write(b"* OK [UIDNEXT %d] Predicted next UID\r\n" % mailbox.uidnext)
    if session.offers("OBJECTID"):
        session.write(b"* OK [MAILBOXID (%b)] Ok\r\n" % mailbox.mailbox_id)
    if session.offers("CONDSTORE"):
        session.condstore |= condstore
        modseq = mailbox.highestmodseq
        session.write(b"* OK [HIGHESTMODSEQ %d] Highest\r\n" % modseq)


async def unselect(session: Session, arguments: Arguments, uid: bool) -> str:
    """UNSELECT (RFC 3691): close, and expunge nothing."""
    arguments.end()
    session.unselect()
    return "Unselect completed."


async def close(session: Session, arguments: Arguments, uid: bool) -> str:
    """CLOSE: expunge without telling this client, then unselect."""
    arguments.end()
    view = session.selected
    session.unselect()
    if not view.read_only:
        expunge_deleted(view, view.mailbox.all())
    return "Close completed."


async def check(session: Session, arguments: Arguments, uid: bool) -> str:
    """CHECK: there is nothing to save."""
    arguments.end()
    return "Check completed."


async def expunge(session: Session, arguments: Arguments, uid: bool) -> str:
    """EXPUNGE, and UID EXPUNGE (RFC 4315 §2.1); ignored if read-only."""
    view = session.selected
    messages: Iterable[Message]
    if uid:
        arguments.space()
        chosen = view.select(arguments.sequence_set(), by_uid=True)
        messages = view.mailbox.find(uid for _, uid in chosen)
    else:
        messages = view.mailbox.all()
    arguments.end()
    if not view.read_only:
        expunge_deleted(view, messages)
    return "Expunge completed."


def expunge_deleted(view: View, messages: Iterable[Message]) -> None:
    r"""Expunge those of *messages* that are ``\Deleted``."""
    view.mailbox.expunge([m.uid for m in messages if Flag.DELETED in m.flags])


async def idle(session: Session, arguments: Arguments, uid: bool) -> str:
    """IDLE (RFC 2177)."""
    arguments.end()
    session.write(b"+ idling\r\n")
    await session.flush()
    line = await session.idle()
    if line.upper() != b"DONE":
        raise Bad("Expected DONE")
    return "Idle completed."
