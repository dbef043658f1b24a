"""The states of a session and what moves it from one to another (RFC 9051 §3).

The one truth: the protocol follows this table, and the documentation shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeAlias

from ..wire import Condition
from ..wire.commands import SessionState


class Event(Enum):
    """What may move a session."""

    PREAUTH = "the greeting is PREAUTH"
    LOGIN = "LOGIN or AUTHENTICATE succeeds"
    UNAUTHENTICATE = "UNAUTHENTICATE succeeds"
    SELECT = "SELECT or EXAMINE succeeds"
    SELECT_REFUSED = "SELECT or EXAMINE is refused"
    UNSELECT = "CLOSE or UNSELECT succeeds"
    LOGOUT = "LOGOUT succeeds"
    END = "BYE, or the connection ends"


Transitions: TypeAlias = Mapping[tuple[SessionState, Event], SessionState]

START: Final = SessionState.NOT_AUTHENTICATED
"""Where a session is until the greeting says otherwise."""

TRANSITIONS: Final[Transitions] = MappingProxyType(
    {
        (START, Event.PREAUTH): SessionState.AUTHENTICATED,
        (START, Event.LOGIN): SessionState.AUTHENTICATED,
        (START, Event.LOGOUT): SessionState.LOGOUT,
        (START, Event.END): SessionState.LOGOUT,
        (SessionState.AUTHENTICATED, Event.SELECT): SessionState.SELECTED,
        (SessionState.AUTHENTICATED, Event.UNAUTHENTICATE): START,
        (SessionState.AUTHENTICATED, Event.LOGOUT): SessionState.LOGOUT,
        (SessionState.AUTHENTICATED, Event.END): SessionState.LOGOUT,
        (SessionState.SELECTED, Event.SELECT): SessionState.SELECTED,
        # What was open before is closed all the same (RFC 9051 §6.3.2).
        (SessionState.SELECTED, Event.SELECT_REFUSED): SessionState.AUTHENTICATED,
        (SessionState.SELECTED, Event.UNSELECT): SessionState.AUTHENTICATED,
        (SessionState.SELECTED, Event.UNAUTHENTICATE): START,
        (SessionState.SELECTED, Event.LOGOUT): SessionState.LOGOUT,
        (SessionState.SELECTED, Event.END): SessionState.LOGOUT,
    }
)
"""What is not in it changes nothing."""

_WHEN_OK: Final = {
    "LOGIN": Event.LOGIN,
    "AUTHENTICATE": Event.LOGIN,
    "UNAUTHENTICATE": Event.UNAUTHENTICATE,
    "SELECT": Event.SELECT,
    "EXAMINE": Event.SELECT,
    "CLOSE": Event.UNSELECT,
    "UNSELECT": Event.UNSELECT,
    "LOGOUT": Event.LOGOUT,
}


def event_of(command: str, condition: Condition) -> Event | None:
    """Return what the end of a command means to the session; None for nothing.

    Args:
        command: its name, in upper case.
        condition: of its tagged response. A SELECT that is BAD was not
            understood, so the mailbox before it is still open.
    """
    if condition is Condition.OK:
        return _WHEN_OK.get(command)
    if condition is Condition.NO and _WHEN_OK.get(command) is Event.SELECT:
        return Event.SELECT_REFUSED
    return None


def after(state: SessionState, event: Event) -> SessionState:
    """Return the state that *event* leads to from *state*."""
    return TRANSITIONS.get((state, event), state)
