"""Write the states of a session into the page that tells of them.

Run it as ``python docs/states.py`` when the table in the code has changed; a test
fails until then.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Final

from aiosage.connection._states import TRANSITIONS, Event, Transitions
from aiosage.wire.commands import SessionState

PAGE: Final = Path(__file__).parent / "explanation" / "session.md"
BEGIN: Final = "<!-- states: written by docs/states.py -->\n"
END: Final = "<!-- end of states -->\n"


def table(transitions: Transitions) -> str:
    """Return *transitions* as a table in Markdown: states down, events across."""
    states = [state for state in SessionState if state is not SessionState.LOGOUT]
    lines = [
        f"| When | {' | '.join(f'{state.value} becomes' for state in states)} |\n",
        f"|---|{'---|' * len(states)}\n",
    ]
    for event in Event:
        to = [transitions.get((state, event)) for state in states]
        cells = " | ".join("" if state is None else state.value for state in to)
        lines.append(f"| {event.value} | {cells} |\n")
    return "".join(lines)


def drawing(transitions: Transitions) -> str:
    """Return *transitions* as text: for each state, where it leads and by what."""
    rows = sorted(
        transitions.items(),
        key=lambda row: [
            list(SessionState).index(state) for state in (row[0][0], row[1])
        ],
    )
    lines: list[str] = []
    for state, leaving in groupby(rows, lambda row: row[0][0]):
        lines.append(state.value)
        for to, events in groupby(leaving, lambda row: row[1]):
            words = ", ".join(event.name for (_, event), _ in events)
            lines.append(f"    --> {to.value:<18} on {words}".rstrip())
    return "\n".join(lines) + "\n"


def written(page: str, transitions: Transitions = TRANSITIONS) -> str:
    """Return *page* with the states between their marks.

    Raises:
        ValueError: it has no place for them.
    """
    text = f"{BEGIN}```text\n{drawing(transitions)}```\n\n{table(transitions)}{END}"
    place = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if not place.search(page):
        raise ValueError("the page has no place for the states")
    return place.sub(lambda _: text, page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
