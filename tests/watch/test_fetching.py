"""Reading new messages before they are told of."""

from __future__ import annotations

from aiosage import FlagsChanged, IMAPClient, MailboxDeleted, MessagePart, NewMessage

from ..client.accounts import OtherClient, client_of, small
from ..conftest import Endpoint
from ..connection.scripted import LOGGED_IN, config, scripted
from .mirror import take


async def test_a_mailbox_may_go_before_its_messages_are_read(
    server: Endpoint, other: OtherClient
) -> None:
    other.create("A")
    async with (
        client_of(server, poll_interval=0.1) as client,
        client.watch(
            "INBOX", "A*", queue_size=1, fetch=[MessagePart.ENVELOPE]
        ) as events,
    ):
        for number in (1, 2, 3):
            other.deliver(small(number), mailbox="A")
        (new,) = await take(events, 1)
        other.delete("A")
        assert isinstance(new, NewMessage)
        other.deliver(small(4))
        told = [*await take(events, 1)]
        while not (isinstance(told[-1], NewMessage) and told[-1].mailbox == "INBOX"):
            told += await take(events, 1)
        if MailboxDeleted("A") not in told:
            told += await take(events, 1)
        assert MailboxDeleted("A") in told


async def test_a_message_that_cannot_be_read_does_not_end_the_watch() -> None:
    """Dovecot says so of one whose file is broken."""
    script = f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 0 EXISTS
S: T1 OK
C: T2 IDLE
S: + idling
S: * 2 EXISTS
C: DONE
S: T2 OK
C: T3 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 2 FLAGS ())
S: T3 OK
C: T4 UID FETCH 1:2 ***
S: T4 NO [SERVERBUG] broken
C: T5 UID FETCH 2 ***
S: * 2 FETCH (UID 2 BODY[] {{1}}
S: x)
S: T5 OK
C: T6 UID FETCH 1 ***
S: T6 NO [SERVERBUG] broken
C: T7 EXAMINE INBOX
S: * 2 EXISTS
S: T7 OK
C: T8 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 2 FLAGS ())
S: T8 OK
C: T9 IDLE
S: + idling
S: * 2 FETCH (FLAGS (\\Seen))
C: DONE
S: T9 OK
C: T10 LOGOUT
S: * BYE
S: T10 OK
"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX", fetch=[MessagePart.FULL]) as events,
    ):
        one, two, changed = await take(events, 3)
        assert isinstance(one, NewMessage)
        assert isinstance(two, NewMessage)
        assert (one.uid, one.message) == (1, None)
        assert (two.uid, two.message and two.message.raw) == (2, b"x")
        assert isinstance(changed, FlagsChanged)
