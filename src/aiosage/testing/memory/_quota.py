"""QUOTA (RFC 9208): one quota root for the whole account, whose name is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...wire._mailbox_name import encode_mailbox_name
from ._account import MemoryAccount, canonical_name
from ._arguments import Arguments
from ._mailbox import Message
from ._refusal import No
from ._response import astring, parenthesized
from ._session import Session

_RESOURCES: Final = ("STORAGE", "MESSAGE")
_UNIT: Final = 1024  # octets, of STORAGE


async def get_quota(session: Session, arguments: Arguments, uid: bool) -> str:
    """GETQUOTA."""
    arguments.space()
    _read_root(arguments)
    arguments.end()
    session.write(_response(session.account))
    return "Getquota completed."


async def get_quota_root(session: Session, arguments: Arguments, uid: bool) -> str:
    """GETQUOTAROOT; the mailbox need not exist."""
    arguments.space()
    name = encode_mailbox_name(canonical_name(arguments.mailbox()))
    arguments.end()
    session.write(b'* QUOTAROOT %b ""\r\n' % astring(name))
    session.write(_response(session.account))
    return "Getquotaroot completed."


async def set_quota(session: Session, arguments: Arguments, uid: bool) -> str:
    """SETQUOTA: the limits that are not named are taken away."""
    arguments.space()
    _read_root(arguments)
    arguments.space()
    arguments.open()
    limits: dict[str, int] = {}
    while not arguments.accept(b")"):
        if limits:
            arguments.space()
        resource = arguments.keyword("a resource")
        arguments.space()
        limits[resource] = arguments.number("a limit")
    arguments.end()
    if not limits.keys() <= set(_RESOURCES):
        raise No("Cannot limit that")
    session.account.quota = limits
    session.write(_response(session.account))
    return "Setquota completed."


def check_quota(
    account: MemoryAccount,
    messages: Iterable[Message],
    *,
    instead_of: Iterable[Message] = (),
) -> None:
    """Refuse to add *messages* if there is no room, others being gone then."""
    if not account.quota:
        return
    added, gone = list(messages), list(instead_of)
    more = {
        "STORAGE": sum(len(m.raw) for m in added) - sum(len(m.raw) for m in gone),
        "MESSAGE": len(added) - len(gone),
    }
    for resource, limit in account.quota.items():
        unit = _UNIT if resource == "STORAGE" else 1
        if _used(account, resource) + more[resource] > limit * unit:
            raise No("Quota exceeded", code="OVERQUOTA")


def _used(account: MemoryAccount, resource: str) -> int:
    """Return how much there is: octets, or messages."""
    if resource == "MESSAGE":
        return sum(mailbox.message_count for mailbox in account.mailboxes)
    return sum(len(m.raw) for mailbox in account.mailboxes for m in mailbox.all())


def _read_root(arguments: Arguments) -> None:
    if arguments.astring():
        raise No("No such quota root", code="NONEXISTENT")


def _response(account: MemoryAccount) -> bytes:
    shown: list[bytes] = []
    for resource, limit in account.quota.items():
        used = _used(account, resource)
        if resource == "STORAGE":
            used = -(-used // _UNIT)
        shown.append(b"%b %d %d" % (resource.encode(), used, limit))
    return b'* QUOTA "" %b\r\n' % parenthesized(shown)
