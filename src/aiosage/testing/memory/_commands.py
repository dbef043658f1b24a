"""Every command: in which state it is possible, and what runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from . import (
    _acl,
    _append,
    _copy,
    _fetch,
    _folders,
    _list,
    _login,
    _metadata,
    _order,
    _quota,
    _search,
    _selected,
    _store,
)
from ._arguments import Arguments
from ._session import Session

Handler: TypeAlias = Callable[[Session, Arguments, bool], Awaitable[str]]
"""Runs a command whose name is read; True if it came after UID.

Returns what the tagged OK says, nothing if it was sent already; raises
``Refusal`` for NO and BAD.
"""


class State(Enum):
    """The state a command needs (RFC 9051 §3)."""

    ANY = auto()
    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()  # or selected
    SELECTED = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """How a command is run."""

    handler: Handler
    state: State
    capability: str | None = None  # without which it is unknown
    keeps_numbers: bool = False  # no EXPUNGE may be told (RFC 9051 §7.5.1)


COMMANDS: Final = {
    "CAPABILITY": Command(_login.capability, State.ANY),
    "NOOP": Command(_login.noop, State.ANY),
    "LOGOUT": Command(_login.logout, State.ANY),
    "ID": Command(_login.identify, State.ANY, "ID"),
    "STARTTLS": Command(_login.starttls, State.NOT_AUTHENTICATED, "STARTTLS"),
    "LOGIN": Command(_login.login, State.NOT_AUTHENTICATED),
    "AUTHENTICATE": Command(_login.authenticate, State.NOT_AUTHENTICATED),
    "UNAUTHENTICATE": Command(
        _login.unauthenticate, State.AUTHENTICATED, "UNAUTHENTICATE"
    ),
    "ENABLE": Command(_folders.enable, State.AUTHENTICATED, "ENABLE"),
    "NAMESPACE": Command(_folders.namespace, State.AUTHENTICATED, "NAMESPACE"),
    "CREATE": Command(_folders.create, State.AUTHENTICATED),
    "DELETE": Command(_folders.delete, State.AUTHENTICATED),
    "RENAME": Command(_folders.rename, State.AUTHENTICATED),
    "SUBSCRIBE": Command(_folders.subscribe, State.AUTHENTICATED),
    "UNSUBSCRIBE": Command(_folders.unsubscribe, State.AUTHENTICATED),
    "STATUS": Command(_folders.status, State.AUTHENTICATED),
    "LIST": Command(_list.list_, State.AUTHENTICATED),
    "LSUB": Command(_list.lsub, State.AUTHENTICATED),
    "GETQUOTA": Command(_quota.get_quota, State.AUTHENTICATED, "QUOTA"),
    "GETQUOTAROOT": Command(_quota.get_quota_root, State.AUTHENTICATED, "QUOTA"),
    "SETQUOTA": Command(_quota.set_quota, State.AUTHENTICATED, "QUOTA"),
    "GETACL": Command(_acl.get_acl, State.AUTHENTICATED, "ACL"),
    "MYRIGHTS": Command(_acl.my_rights, State.AUTHENTICATED, "ACL"),
    "LISTRIGHTS": Command(_acl.list_rights, State.AUTHENTICATED, "ACL"),
    "SETACL": Command(_acl.set_acl, State.AUTHENTICATED, "ACL"),
    "DELETEACL": Command(_acl.delete_acl, State.AUTHENTICATED, "ACL"),
    "GETMETADATA": Command(_metadata.get_metadata, State.AUTHENTICATED, "METADATA"),
    "SETMETADATA": Command(_metadata.set_metadata, State.AUTHENTICATED, "METADATA"),
    "SELECT": Command(_selected.select, State.AUTHENTICATED),
    "EXAMINE": Command(_selected.examine, State.AUTHENTICATED),
    "APPEND": Command(_append.append, State.AUTHENTICATED),
    "IDLE": Command(_selected.idle, State.AUTHENTICATED, "IDLE"),
    "UNSELECT": Command(_selected.unselect, State.SELECTED, "UNSELECT"),
    "CLOSE": Command(_selected.close, State.SELECTED),
    "CHECK": Command(_selected.check, State.SELECTED),
    "EXPUNGE": Command(_selected.expunge, State.SELECTED),
    "COPY": Command(_copy.copy, State.SELECTED),
    "MOVE": Command(_copy.move, State.SELECTED, "MOVE"),
    "REPLACE": Command(_append.replace, State.SELECTED, "REPLACE"),
    "FETCH": Command(_fetch.fetch, State.SELECTED, keeps_numbers=True),
    "STORE": Command(_store.store, State.SELECTED, keeps_numbers=True),
    "SEARCH": Command(_search.search, State.SELECTED, keeps_numbers=True),
    "SORT": Command(_order.sort, State.SELECTED, "SORT", keeps_numbers=True),
    "THREAD": Command(_order.thread, State.SELECTED, keeps_numbers=True),
}
"""By name, in upper case."""

UID_COMMANDS: Final = {
    "COPY": COMMANDS["COPY"],
    "MOVE": COMMANDS["MOVE"],
    "REPLACE": COMMANDS["REPLACE"],
    "FETCH": COMMANDS["FETCH"],
    "STORE": COMMANDS["STORE"],
    "SEARCH": COMMANDS["SEARCH"],
    "SORT": COMMANDS["SORT"],
    "THREAD": COMMANDS["THREAD"],
    "EXPUNGE": Command(_selected.expunge, State.SELECTED, "UIDPLUS"),
}
"""Those that UID may come before."""
