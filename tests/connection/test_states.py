"""The table of states: what moves a session, and that it is what the docs show."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from aiosage.connection._states import START, TRANSITIONS, Event, after, event_of
from aiosage.wire import Condition
from aiosage.wire.commands import (
    Authenticate,
    Command,
    Login,
    Logout,
    Noop,
    Select,
    SessionState,
    StartTls,
    Unauthenticate,
    Unselect,
)

DOCS = Path(__file__).parents[2] / "docs"


def writer() -> ModuleType:
    """Return the script that writes the states into their page."""
    spec = importlib.util.spec_from_file_location("states", DOCS / "states.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_the_table_of_the_code() -> None:
    """If not, run ``python docs/states.py``."""
    page = (DOCS / "explanation" / "session.md").read_text(encoding="utf-8")
    script = writer()
    assert script.written(page) == page
    fewer = dict(TRANSITIONS)
    del fewer[START, Event.LOGIN]
    assert script.written(page, fewer) != page


def test_nothing_follows_the_end() -> None:
    assert SessionState.LOGOUT not in {state for state, _ in TRANSITIONS}
    for event in Event:
        assert after(SessionState.LOGOUT, event) is SessionState.LOGOUT


@pytest.mark.parametrize("state", list(SessionState))
def test_every_state_ends_with_the_connection(state: SessionState) -> None:
    assert after(state, Event.END) is SessionState.LOGOUT


@pytest.mark.parametrize(
    "command",
    [Login, Authenticate, Unauthenticate, Select, Unselect, Logout],
    ids=lambda command: command.__name__,
)
def test_a_command_moves_a_session_from_where_it_may_be_sent(
    command: type[Command[object]],
) -> None:
    event = event_of(command.name, Condition.OK)
    assert event is not None
    assert {state for state, what in TRANSITIONS if what is event} == command.states


@pytest.mark.parametrize("command", [Noop.name, StartTls.name, "UID FETCH", "X"])
def test_other_commands_move_nothing(command: str) -> None:
    for condition in Condition:
        assert event_of(command, condition) is None


@pytest.mark.parametrize("command", ["SELECT", "EXAMINE"])
def test_a_refused_select_leaves_no_mailbox_open(command: str) -> None:
    """RFC 9051 §6.3.2; but what is BAD has not been tried."""
    assert event_of(command, Condition.NO) is Event.SELECT_REFUSED
    assert event_of(command, Condition.BAD) is None
    refused = after(SessionState.SELECTED, Event.SELECT_REFUSED)
    assert refused is SessionState.AUTHENTICATED
    refused = after(SessionState.AUTHENTICATED, Event.SELECT_REFUSED)
    assert refused is SessionState.AUTHENTICATED


@pytest.mark.parametrize("command", ["LOGIN", "UNSELECT", "UNAUTHENTICATE", "LOGOUT"])
@pytest.mark.parametrize("condition", [Condition.NO, Condition.BAD])
def test_what_is_refused_moves_nothing(command: str, condition: Condition) -> None:
    assert event_of(command, condition) is None
