"""ACL (RFC 4314): rights are kept and told, and never in the way of anybody."""

from __future__ import annotations

from typing import Final

from ...model import Rights
from ...wire._mailbox_name import encode_mailbox_name
from ._arguments import Arguments
from ._mailbox import MemoryMailbox
from ._refusal import Bad
from ._response import astring
from ._session import Session

OWNER: Final = Rights("lrswipkxtea")
"""What the user of an account may do with each mailbox of it, unless changed."""


async def get_acl(session: Session, arguments: Arguments, uid: bool) -> str:
    """GETACL."""
    mailbox = _read_mailbox(session, arguments)
    arguments.end()
    entries = b"".join(
        b" %b %b" % (astring(identifier.encode()), str(rights).encode() or b'""')
        for identifier, rights in _acl(session, mailbox).items()
    )
    session.write(b"* ACL %b%b\r\n" % (_name(mailbox), entries))
    return "Getacl completed."


async def my_rights(session: Session, arguments: Arguments, uid: bool) -> str:
    """MYRIGHTS."""
    mailbox = _read_mailbox(session, arguments)
    arguments.end()
    session.write(my_rights_response(session, mailbox))
    return "Myrights completed."


async def list_rights(session: Session, arguments: Arguments, uid: bool) -> str:
    """LISTRIGHTS: each right can be granted by itself."""
    mailbox = _read_mailbox(session, arguments)
    identifier = _read_text(arguments)
    arguments.end()
    rights = " ".join(OWNER).encode()
    whom = astring(identifier.encode())
    session.write(b'* LISTRIGHTS %b %b "" %b\r\n' % (_name(mailbox), whom, rights))
    return "Listrights completed."


async def set_acl(session: Session, arguments: Arguments, uid: bool) -> str:
    """SETACL: replace, add (``+``) or remove (``-``)."""
    mailbox = _read_mailbox(session, arguments)
    identifier = _read_text(arguments)
    letters = _read_text(arguments)
    arguments.end()
    try:
        rights = Rights(letters.lstrip("+-"))
    except ValueError:
        raise Bad("Invalid rights") from None
    if not rights <= OWNER:
        raise Bad("Unknown rights")
    acl = _acl(session, mailbox)
    before = acl.get(identifier, Rights())
    if letters.startswith("+"):
        rights = Rights(before | rights)
    elif letters.startswith("-"):
        rights = Rights(before - rights)
    acl[identifier] = rights
    mailbox.acl = acl
    return "Setacl completed."


async def delete_acl(session: Session, arguments: Arguments, uid: bool) -> str:
    """DELETEACL."""
    mailbox = _read_mailbox(session, arguments)
    identifier = _read_text(arguments)
    arguments.end()
    acl = _acl(session, mailbox)
    acl.pop(identifier, None)
    mailbox.acl = acl
    return "Deleteacl completed."


def my_rights_response(session: Session, mailbox: MemoryMailbox) -> bytes:
    """Return the MYRIGHTS response for *mailbox*."""
    rights = _acl(session, mailbox).get(session.account.username, Rights())
    shown = str(rights).encode() or b'""'
    return b"* MYRIGHTS %b %b\r\n" % (_name(mailbox), shown)


def _acl(session: Session, mailbox: MemoryMailbox) -> dict[str, Rights]:
    if mailbox.acl is None:
        return {session.account.username: OWNER}
    return mailbox.acl


def _read_mailbox(session: Session, arguments: Arguments) -> MemoryMailbox:
    arguments.space()
    return session.account.require(arguments.mailbox(), code="NONEXISTENT")


def _read_text(arguments: Arguments) -> str:
    arguments.space()
    try:
        return arguments.astring().decode()
    except UnicodeDecodeError:
        raise Bad("Not UTF-8") from None


def _name(mailbox: MemoryMailbox) -> bytes:
    return astring(encode_mailbox_name(mailbox.name))
