"""How results look: a terminal, plain lines, or JSON for machines.

Results go to stdout; progress goes to stderr and only where somebody watches.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table

from ...model import Flag
from ...watch import (
    ConnectionState,
    FlagsChanged,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)

_VISIBLE: Final = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))
}


def printable(text: str) -> str:
    """Return *text* with control characters written out.

    Names of mailboxes come from servers, and a terminal does what they say.
    """
    return text.translate(_VISIBLE)


@dataclass(frozen=True, slots=True)
class Output:
    """Where and how results are written.

    Attributes:
        is_json: one JSON object per line.
        console: for results.
        progress: for what is only of interest while it lasts.
    """

    is_json: bool
    console: Console
    progress: Console

    @classmethod
    def make(cls, *, is_json: bool) -> Output:
        """Return the output this process should have."""
        # It is None where the shell closed it. Names may look like rich's markup.
        is_terminal = sys.stdout is not None and sys.stdout.isatty()
        return cls(
            is_json,
            Console(
                highlight=False, markup=False, emoji=False, soft_wrap=not is_terminal
            ),
            Console(stderr=True, highlight=False, markup=False, emoji=False),
        )

    def record(self, kind: str, fields: Mapping[str, object]) -> None:
        """Write one JSON object, in ASCII, which every locale can."""
        text = json.dumps({"type": kind, **fields}, default=_json)
        self.console.file.write(text + "\n")
        self.console.file.flush()

    def line(self, text: str, *, style: str | None = None) -> None:
        """Write one line of text; nothing in JSON."""
        if not self.is_json:
            self.console.print(printable(text), style=style, soft_wrap=True)

    def note(self, text: str) -> None:
        """Write a line to stderr: what is of interest only while it lasts."""
        self.progress.print(printable(text), soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> None:
        """Write a table; numbers stand to the right. Nothing in JSON."""
        if self.is_json:
            return
        if not self.console.is_terminal:
            self.console.print(printable(f"{title}:"))
            for row in rows:
                cells = (
                    f"{name.lower()}={cell}"
                    for name, cell in zip(columns, row, strict=True)
                )
                self.console.print("  " + printable("  ".join(cells)))
            return
        table = Table(title=printable(title), title_justify="left")
        for index, name in enumerate(columns):
            is_number = bool(rows) and isinstance(rows[0][index], int | float)
            table.add_column(name, justify="right" if is_number else "left")
        for row in rows:
            table.add_row(*map(_cell, row))
        self.console.print(table)

    def error(self, text: str) -> None:
        """Say on stderr what went wrong."""
        self.progress.print(printable(f"aiosage: {text}"), soft_wrap=True)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def _json(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] # of flags
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def describe(event: WatchEvent) -> tuple[str, Mapping[str, object], str]:
    """Return the name, the fields and the text of *event*."""
    match event:
        case NewMessage(mailbox, _, uid, flags):
            name, text = "new", f"new message {uid}{_flags(flags)}"
        case MessageExpunged(mailbox, _, uid):
            name, text = "expunged", f"message {uid} is gone"
        case FlagsChanged(mailbox, _, uid, flags):
            name, text = "flags", f"message {uid} has{_flags(flags) or ' no flags'}"
        case MailboxReset(mailbox):
            name, text = "reset", "the mailbox was made anew"
        case MailboxCreated(mailbox):
            name, text = "created", "the mailbox is new"
        case MailboxRenamed(mailbox, old_name):
            name, text = "renamed", f"the mailbox was called {old_name}"
        case MailboxDeleted(mailbox):
            name, text = "deleted", "the mailbox is gone"
        case ConnectionState(mailbox, True):
            name, text = "connected", "connected again, nothing was missed"
        case ConnectionState(mailbox, _, reason):
            name, text = "disconnected", reason
    fields = {
        field.name: getattr(event, field.name)
        for field in dataclass_fields(event)
        if field.repr  # and no messages
    }
    return name, fields, f"{mailbox}: {text}"


def _flags(flags: frozenset[Flag]) -> str:
    return " " + " ".join(sorted(flags)) if flags else ""
