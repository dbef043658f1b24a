"""Commands on mailboxes as such (RFC 9051 §6.3)."""

from __future__ import annotations

from typing import Final

from ...model import Flag
from ...wire._mailbox_name import encode_mailbox_name
from ._account import canonical_name
from ._arguments import Arguments
from ._mailbox import MemoryMailbox
from ._refusal import Bad, No
from ._response import astring
from ._session import Session

_SPECIAL_USES: Final = frozenset(
    f"\\{name}".upper()
    for name in ("All", "Archive", "Drafts", "Flagged", "Junk", "Sent", "Trash")
)


async def enable(session: Session, arguments: Arguments, uid: bool) -> str:
    """ENABLE (RFC 5161); what is not known is ignored."""
    names: list[str] = []
    while arguments.accept(b" "):
        names.append(arguments.keyword("a capability"))
    arguments.end()
    if not names:
        raise Bad("Missing capability")
    enabled = b""
    if "CONDSTORE" in names and session.offers("CONDSTORE"):
        session.enable_condstore()
        enabled = b" CONDSTORE"
    session.write(b"* ENABLED" + enabled + b"\r\n")
    return "Enabled."


async def namespace(session: Session, arguments: Arguments, uid: bool) -> str:
    """NAMESPACE (RFC 2342): one personal namespace."""
    arguments.end()
    session.write(b'* NAMESPACE (("" "/")) NIL NIL\r\n')
    return "Namespace completed."


async def create(session: Session, arguments: Arguments, uid: bool) -> str:
    """CREATE, with USE (RFC 6154 §3)."""
    arguments.space()
    name = arguments.mailbox()
    special_use: Flag | None = None
    if session.offers("CREATE-SPECIAL-USE") and arguments.accept(b" "):
        special_use = _read_use(arguments)
    arguments.end()
    mailbox = session.account.create(name, special_use=special_use)
    if not session.offers("OBJECTID"):
        return "Create completed."
    return f"[MAILBOXID ({mailbox.mailbox_id.decode()})] Create completed."


def _read_use(arguments: Arguments) -> Flag | None:
    arguments.open()
    if arguments.keyword("USE") != "USE":
        raise Bad("Unknown CREATE parameter")
    arguments.space()
    uses = [Flag.from_wire(str(flag)) for flag in arguments.flags()]
    arguments.close()
    if any(use.upper() not in _SPECIAL_USES for use in uses) or len(uses) > 1:
        raise No("Unsupported special use", code="USEATTR")
    return uses[0] if uses else None


async def delete(session: Session, arguments: Arguments, uid: bool) -> str:
    """DELETE; sessions that have it selected are sent away."""
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    session.account.delete(name)
    return "Delete completed."


async def rename(session: Session, arguments: Arguments, uid: bool) -> str:
    """RENAME, with what is below."""
    arguments.space()
    old = arguments.mailbox()
    arguments.space()
    new = arguments.mailbox()
    arguments.end()
    session.account.rename(old, new)
    return "Rename completed."


async def subscribe(session: Session, arguments: Arguments, uid: bool) -> str:
    """SUBSCRIBE; only to what exists."""
    arguments.space()
    name = canonical_name(arguments.mailbox())
    arguments.end()
    if not session.account.exists(name):
        session.account.require(name)
    session.account.subscriptions[name] = None
    return "Subscribe completed."


async def unsubscribe(session: Session, arguments: Arguments, uid: bool) -> str:
    """UNSUBSCRIBE; also from what does not exist any more."""
    arguments.space()
    name = canonical_name(arguments.mailbox())
    arguments.end()
    session.account.subscriptions.pop(name, None)
    return "Unsubscribe completed."


async def status(session: Session, arguments: Arguments, uid: bool) -> str:
    """STATUS."""
    arguments.space()
    name = arguments.mailbox()
    arguments.space()
    items = read_status_items(session, arguments)
    arguments.end()
    mailbox = session.account.require(name)
    session.write(status_response(session, mailbox, items))
    return "Status completed."


def read_status_items(session: Session, arguments: Arguments) -> list[str]:
    """Read a list of status items; refuse the unknown."""
    items = [item.upper() for item in arguments.list()]
    if not items:
        raise Bad("Empty status list")
    for item in items:
        needed = _STATUS_ITEMS.get(item, "")
        if needed == "" or (needed is not None and not session.offers(needed)):
            raise Bad(f"Invalid status item {item}")
    return items


_STATUS_ITEMS: Final[dict[str, str | None]] = {
    "MESSAGES": None,
    "RECENT": None,
    "UIDNEXT": None,
    "UIDVALIDITY": None,
    "UNSEEN": None,
    "DELETED": None,
    "SIZE": "STATUS=SIZE",
    "HIGHESTMODSEQ": "CONDSTORE",
    "MAILBOXID": "OBJECTID",
}
"""The items, and the extension that each needs."""


def status_response(
    session: Session, mailbox: MemoryMailbox, items: list[str]
) -> bytes:
    """Return the STATUS response for *mailbox*."""
    if "HIGHESTMODSEQ" in items:
        session.enable_condstore()
    values = b" ".join(
        b"%b %b" % (item.encode(), _status_value(mailbox, item)) for item in items
    )
    name = astring(encode_mailbox_name(mailbox.name))
    return b"* STATUS %b (%b)\r\n" % (name, values)


def _status_value(mailbox: MemoryMailbox, item: str) -> bytes:
    if item == "MAILBOXID":
        return b"(%b)" % mailbox.mailbox_id
    return b"%d" % _status_number(mailbox, item)


def _status_number(mailbox: MemoryMailbox, item: str) -> int:
    match item:
        case "MESSAGES":
            return mailbox.message_count
        case "RECENT":
            return len(mailbox.uids_from(mailbox.first_recent))
        case "UIDNEXT":
            return mailbox.uidnext
        case "UIDVALIDITY":
            return mailbox.uidvalidity
        case "UNSEEN":
            return sum(Flag.SEEN not in m.flags for m in mailbox.all())
        case "DELETED":
            return sum(Flag.DELETED in m.flags for m in mailbox.all())
        case "SIZE":
            return sum(len(m.raw) for m in mailbox.all())
        case _:
            return mailbox.highestmodseq
