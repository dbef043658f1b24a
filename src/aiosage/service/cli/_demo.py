"""``aiosage demo``: the whole story on a server in this process.

The server is `aiosage.testing.MemoryServer`, which speaks IMAP over real
sockets; "another client" changes mail behind the back of ours.
"""

from __future__ import annotations

import asyncio
import shlex
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import anyio

from ...client import IMAPClient
from ...connection import ConnectionConfig, Security
from ...errors import IMAPConfigurationError
from ...model import Flag, Secret
from ...sync import SQLiteStore, SyncReport
from ...testing import MemoryMailbox, MemoryServer, sample_messages
from ...watch import (
    ConnectionState,
    FlagsChanged,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from ._exit import ExitCode
from ._output import Output, describe
from ._sync import show_report, sync_with_progress

_PEOPLE: Final = ("ada", "grace", "jürgen", "maría")
_FOLDERS: Final = ("INBOX", "Archive/2025", "Sent", "Größe & Maß", 'The "odd" one')
_PYTHON: Final = "python3"
_PATIENCE: Final = 20.0
"""Seconds after which an event that has not come is missed."""


async def run_demo(output: Output, *, store: Path | None, messages: int) -> ExitCode:
    """Run the demonstration; the code says whether all went as promised.

    Raises:
        IMAPConfigurationError: *store* exists.
    """
    if store is None:
        store = Path(tempfile.mkdtemp(prefix="aiosage-demo-")) / "mirror.sqlite"
    elif store.exists():
        raise IMAPConfigurationError([f"store: {store} exists, name a new file"])
    async with MemoryServer() as server, AsyncExitStack() as stack:
        demo = _Demo(
            output, server, await stack.enter_async_context(SQLiteStore(store))
        )
        demo.fill(messages)
        first = await demo.sync("1. All accounts at once, into SQLite")
        missed = await demo.watch()
        second = await demo.sync("3. Again: only the difference moves")
        complete = await demo.compare()
    ok = first.ok and second.ok and not missed and complete
    output.line("")
    if output.is_json:
        output.record("demo", {"ok": ok, "store": str(store), "missed": missed})
    output.line("All as promised." if ok else "Something is wrong.", style="bold")
    output.line(f"Look into the mirror:  {_look_into(store)}")
    return ExitCode.OK if ok else ExitCode.FAILED


def _look_into(store: Path) -> str:
    """Return a command line that shows what is in the file; Python has all it needs."""
    code = (
        f"import sqlite3; [print(*row) for row in sqlite3.connect({str(store)!r})"
        ".execute('SELECT sender, subject, size FROM message LIMIT 9')]"
    )
    is_plain = not set(code) & set('"$`\\!')
    return f"{_PYTHON} -c " + (f'"{code}"' if is_plain else shlex.quote(code))


class _Demo:
    """The server, our side of it, and the steps of the story."""

    def __init__(
        self, output: Output, server: MemoryServer, store: SQLiteStore
    ) -> None:
        self._output = output
        self._server = server
        self._store = store
        self._accounts: list[ConnectionConfig] = []

    def fill(self, messages: int) -> None:
        """Make accounts, folders and *messages* messages in all."""
        mailboxes: list[MemoryMailbox] = []
        for person in _PEOPLE:
            username = f"{person}@example.org"
            account = self._server.add_account(username, "demo", special=True)
            for folder in _FOLDERS:
                if folder not in {mailbox.name for mailbox in account.mailboxes}:
                    account.create_mailbox(folder)
                mailboxes.append(account.mailbox(folder))
            self._accounts.append(
                ConnectionConfig(
                    host=self._server.host,
                    port=self._server.port,
                    username=username,
                    password=Secret("demo"),
                    security=Security.PLAIN,  # it never leaves this process
                )
            )
        for number, (arrived, raw) in enumerate(sample_messages(messages)):
            flags = [Flag.SEEN] if number % 3 else []
            mailboxes[number % len(mailboxes)].deliver(raw, flags=flags, date=arrived)
        self._output.line(
            f"An IMAP server with {len(_PEOPLE)} accounts, {len(mailboxes)} mailboxes"
            f" and {messages:,} messages listens on {self._server.host}:"
            f"{self._server.port}."
        )

    async def sync(self, title: str) -> SyncReport:
        """Synchronise all accounts and show what moved."""
        self._output.line("")
        began = time.perf_counter()
        report = await sync_with_progress(self._output, self._accounts, self._store)
        seconds = time.perf_counter() - began
        show_report(self._output, report, title=title)
        self._output.line(f"in {seconds:.2f} s")
        return report

    async def watch(self) -> int:
        """Watch all inboxes while mail changes; return how many events were missed."""
        self._output.line("")
        self._output.line("2. Watching all inboxes", style="bold")
        async with AsyncExitStack() as stack:
            watchers: list[_Watcher] = []
            for account in self._accounts:
                client = await stack.enter_async_context(IMAPClient(account))
                events = await stack.enter_async_context(client.watch("INBOX"))
                inbox = self._server.account(account.username).mailbox("INBOX")
                watchers.append(_Watcher(self._output, account, inbox, events))
            for watcher in watchers:
                await watcher.deliver()
                await watcher.flag()
                await watcher.expunge()
            self._output.line(
                "   now every connection is cut, and mail changes meanwhile"
            )
            self._server.disconnect_all(abort=True)
            for watcher in watchers:
                watcher.change_unseen()
            missed = sum(await asyncio.gather(*(w.collect() for w in watchers)))
        self._output.line(f"   {missed} events missed")
        return missed

    async def compare(self) -> bool:
        """Return whether the mirror holds what the server holds, octet by octet."""
        count = 0
        for account in self._accounts:
            for mailbox in self._server.account(account.username).mailboxes:
                mirrored = {
                    message.uid: message.flags
                    async for message in self._store.messages(
                        account.account, mailbox.name
                    )
                }
                there = {
                    message.uid: message.flags - {Flag.RECENT}
                    for message in mailbox.messages
                }
                if mirrored != there:
                    return False
                for message in mailbox.messages:
                    raw = await self._store.raw(
                        account.account, mailbox.name, message.uid
                    )
                    if raw != message.raw:
                        return False
                count += len(there)
        self._output.line(f"The mirror and the server agree on {count:,} messages.")
        return True


class _Watcher:
    """One watched inbox, and the other client that changes it."""

    def __init__(
        self,
        output: Output,
        account: ConnectionConfig,
        inbox: MemoryMailbox,
        events: asyncio.Queue[WatchEvent],
    ) -> None:
        self._output = output
        self._who = account.username.partition("@")[0]
        self._inbox = inbox
        self._events = events
        self._expected: Counter[tuple[type[WatchEvent], int]] = Counter()
        self._is_cut = False
        self._changed_at = 0.0

    def _change(self, kind: type[WatchEvent], uid: int) -> None:
        self._expected[kind, uid] += 1
        self._changed_at = time.perf_counter()

    def _deliver(self) -> None:
        uid = self._inbox.deliver(
            b"From: demo <demo@example.org>\r\nSubject: News\r\n\r\nHello\r\n"
        )
        self._change(NewMessage, uid)

    def _flag(self) -> None:
        uid = self._inbox.messages[0].uid
        self._inbox.add_flags([uid], Flag.FLAGGED)
        self._change(FlagsChanged, uid)

    def _expunge(self) -> None:
        uid = self._inbox.messages[1].uid
        self._inbox.expunge([uid])
        self._change(MessageExpunged, uid)

    async def deliver(self) -> None:
        """A message arrives."""
        self._deliver()
        await self.collect()

    async def flag(self) -> None:
        """Another client flags a message."""
        self._flag()
        await self.collect()

    async def expunge(self) -> None:
        """Another client expunges a message."""
        self._expunge()
        await self.collect()

    def change_unseen(self) -> None:
        """Change what nobody is connected to see."""
        self._is_cut = True
        self._deliver()
        self._deliver()
        self._expunge()
        uid = self._inbox.messages[0].uid
        self._inbox.add_flags([uid], Flag.ANSWERED)
        self._change(FlagsChanged, uid)

    async def collect(self) -> int:
        """Print events until all expected ones came; return how many did not."""
        with anyio.move_on_after(_PATIENCE):
            while self._expected or self._is_cut:
                event = await self._events.get()
                latency = time.perf_counter() - self._changed_at
                self._show(event, latency)
                if not isinstance(event, ConnectionState):
                    self._meet(event)
                elif event.is_connected:
                    self._is_cut = False
        return sum(self._expected.values()) + self._is_cut

    def _meet(self, event: WatchEvent) -> None:
        assert isinstance(event, NewMessage | MessageExpunged | FlagsChanged)
        key = (type(event), event.uid)
        if self._expected[key] <= 0:  # told twice, or what never happened
            raise RuntimeError(f"unexpected {event}")
        self._expected[key] -= 1
        self._expected = +self._expected

    def _show(self, event: WatchEvent, latency: float) -> None:
        name, fields, text = describe(event)
        milliseconds = round(latency * 1000, 1)
        if self._output.is_json:
            self._output.record(
                name, {"account": self._who, **fields, "milliseconds": milliseconds}
            )
        self._output.line(f"   {self._who:8} {text} ({milliseconds} ms)")
