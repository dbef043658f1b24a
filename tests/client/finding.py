"""Mail to be sorted and threaded, and servers that are asked to."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

from aiosage import IMAPClient, IMAPMailboxUIDService
from aiosage.testing import DovecotServer, sample_messages

from .accounts import open_client

COUNT = 60

_SUBJECTS = (
    *("a", "Re: a", "Fwd: a", "re: [x] a", "[x] a", "b", "Re: b", "(fwd)", "Re:", ""),
    *("[fwd: b]", "B", "c (fwd)", "ß", "ÄPFEL", "äpfel", "[blob]", "_x", "Zx", "é"),
)
_PEOPLE = (
    *("Ann <ann@x>", "bob@y", "Grp: ann@x, bob@y;", '"Zoë" <zoe@x>', "Nobody:;"),
    *("<Xy@z>", "=?utf-8?q?=C3=84nne?= <aenne@x>", "b", '"q q"@x'),
)


def tangled_messages(seed: int) -> Iterator[tuple[datetime, bytes]]:
    """Yield messages with odd headers, which answer one another in any order."""
    rng = random.Random(seed)
    ids = [f"<{number}@x>" for number in range(COUNT + 5)]
    # Every date is another one: how ties are broken is up to the server.
    minutes = rng.sample(range(10_000), 2 * COUNT)
    dates = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m) for m in minutes]
    for number in range(COUNT):
        fields: list[tuple[str, str]] = []
        for name, share in (("From", 0.9), ("To", 0.9), ("Cc", 0.3)):
            if rng.random() < share:
                fields.append((name, rng.choice(_PEOPLE)))
        if rng.random() < 0.95:
            subject = rng.choice(_SUBJECTS)
            encoded = Header(subject, "us-ascii" if subject.isascii() else "utf-8")
            fields.append(("Subject", encoded.encode()))
        if rng.random() < 0.9:
            fields.append(("Date", format_datetime(dates[number])))
        if rng.random() < 0.95:
            own = rng.choice(ids) if rng.random() < 0.1 else ids[number]
            fields.append(("Message-ID", own))
        if rng.random() < 0.4:
            fields.append(("References", " ".join(rng.choices(ids, k=3))))
        if rng.random() < 0.3:
            fields.append(("In-Reply-To", rng.choice(ids)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        body = f"\r\n{'x' * rng.randrange(50)}\r\n"
        yield dates[COUNT + number], (head + body).encode()


CORPORA = {
    "samples": list(sample_messages(COUNT, seed=11)),
    **{f"tangled {seed}": list(tangled_messages(seed)) for seed in range(3)},
}

WITHOUT_SORT = (
    "IMAP4rev1 LITERAL+ UIDPLUS",
    "IMAP4rev1 LITERAL+ UIDPLUS ESEARCH SEARCHRES",
)
"""What a server may announce that does not sort."""


async def fill(inbox: IMAPMailboxUIDService, name: str) -> None:
    """Add the messages of a corpus."""
    for arrived, raw in CORPORA[name]:
        await inbox.append(raw, internal_date=arrived)


@asynccontextmanager
async def poor_dovecot(capability: str) -> AsyncIterator[IMAPClient]:
    """A client of a Dovecot that announces only *capability* of what it can do."""
    async with (
        DovecotServer(capability=capability) as server,
        open_client(server.host, server.port, server.new_user()) as client,
    ):
        yield client
