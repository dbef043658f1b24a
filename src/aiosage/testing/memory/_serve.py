"""The loop that serves one client: read a command, run it, answer."""

from __future__ import annotations

import re
from typing import Final

from ._append import check_append
from ._arguments import Arguments
from ._commands import COMMANDS, UID_COMMANDS, Command, State
from ._refusal import Bad, No, Refusal
from ._session import MAILBOX_GONE, Session
from ._stream import LineTooLong

MAX_BAD_COMMANDS: Final = 20
"""Bad commands in a row after which a client is sent away, as Dovecot does."""

_LITERAL: Final = re.compile(rb"~?\{(\d{1,20})(\+?)\}\Z")
_WITH_MESSAGE: Final = {"APPEND", "REPLACE", "UID REPLACE"}
_TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]+")


async def serve(
    session: Session, *, greeting: bytes | None, implicit_tls: bool
) -> None:
    """Greet the client and serve its commands until either side ends it.

    Args:
        session: the session.
        greeting: what to send first instead of the capabilities. If that is a
            BYE, it is also the last; if it is empty, the client waits in vain.
        implicit_tls: negotiate TLS before that.
    """
    try:
        if implicit_tls and session.settings.ssl_context is not None:
            await session.start_tls(session.settings.ssl_context)
        if greeting is None:
            capabilities = session.capability_list
            greeting = b"* OK [CAPABILITY %b] MemoryServer ready." % capabilities
        if greeting:
            session.write(greeting.removesuffix(b"\r\n") + b"\r\n")
            await session.flush()
            if greeting.upper().startswith(b"* BYE"):
                return
        bad = 0
        while not session.is_over:
            bad = bad + 1 if await _serve_command(session) else 0
            if bad >= MAX_BAD_COMMANDS:
                session.say_bye("Too many invalid IMAP commands.")
    except LineTooLong:
        session.say_bye("[TOOBIG] Command is too long.")
    except OSError:
        pass  # the client went away; nobody is left to be told
    finally:
        session.unselect()
        session.stream.close()


async def _serve_command(session: Session) -> bool:
    """Serve one command; return whether it was a bad one."""
    session.tag = b"*"
    status = b"OK"
    try:
        octets = await _read_command(session)
        if session.view is not None and session.view.is_closed:
            session.say_bye(MAILBOX_GONE)
            return False
        text = await _run(session, octets)
        response = b"OK " + text.encode() if text else b""
    except Refusal as refusal:
        status = refusal.status
        response = refusal.response
        if isinstance(refusal, No):
            session.write_updates()
    if response:
        session.write(session.tag + b" " + response + b"\r\n")
    if not session.stream.is_closing:
        await session.flush()
    return status == b"BAD"


async def _read_command(session: Session) -> bytes:
    """Return the next command, literals in place.

    Raises:
        Refusal: a literal is refused. Nothing of the command is left unread.
    """
    pieces: list[bytes] = []
    room, message_room = session.settings.max_line, session.settings.max_message
    refused: Refusal | None = None
    while True:
        line = await session.stream.read_line(room)
        if not pieces:
            found = _TAG.match(line)
            session.tag = found[0] if found else b"*"
        room -= len(line)
        pieces.append(line)
        literal = _LITERAL.search(line)
        if literal is None:
            if refused is not None:
                raise refused
            return b"".join(pieces)
        size, is_synchronizing = int(literal[1]), not literal[2]
        name = _name_of(pieces[0]) if session.is_authenticated else ""
        has_message = name in _WITH_MESSAGE
        if size > (message_room if has_message else room):
            if is_synchronizing:
                raise No("Literal is too large", code="TOOBIG")
            session.say_bye("[TOOBIG] Literal is too large.")
            raise ConnectionAbortedError
        if is_synchronizing:
            if refused is not None:
                raise refused
            if name == "APPEND" and len(pieces) <= 3:
                check_append(session, _arguments_of(b"".join(pieces)))
            session.write(b"+ OK\r\n")
            await session.flush()
        elif not session.offers("LITERAL+"):
            refused = Bad("Non-synchronizing literals are not supported")
        pieces[-1] += b"\r\n"
        pieces.append(await session.stream.read_exactly(size))
        if has_message:
            message_room -= size
        else:
            room -= size


def _name_of(line: bytes) -> str:
    """Return the name of the command in *line*; with UID, both words."""
    words = line.upper().split(b" ", 3)[1:3]
    return b" ".join(words[: 1 + (words[:1] == [b"UID"])]).decode("latin-1")


def _arguments_of(octets: bytes) -> Arguments:
    """Return what follows the tag and the name of a command of one word."""
    return Arguments(octets, octets.index(b" ", octets.index(b" ") + 1))


async def _run(session: Session, octets: bytes) -> str:
    """Run one command; return what its tagged OK says."""
    if session.tag == b"*":
        raise Bad("Error in IMAP tag: Invalid tag")
    arguments = Arguments(octets, len(session.tag))
    arguments.space()
    name = arguments.keyword("a command")
    commands = COMMANDS
    if name == "UID":
        arguments.space()
        name = arguments.keyword("a command")
        commands = UID_COMMANDS
    command = commands.get(name)
    shown = f"UID {name}" if commands is UID_COMMANDS else name
    session.settings.on_command(shown if command else "(unknown)")
    if command is None or not _is_possible(session, command):
        raise Bad(f"Error in IMAP command {shown[:40]}: Unknown command")
    if command.state is State.SELECTED and session.selected:
        pass  # refuses if there is none
    is_uid = commands is UID_COMMANDS
    text = await command.handler(session, arguments, is_uid)
    session.write_updates(expunges=is_uid or not command.keeps_numbers)
    return text


def _is_possible(session: Session, command: Command) -> bool:
    if command.capability is not None and not session.offers(command.capability):
        return False
    if command.state is State.NOT_AUTHENTICATED:
        return not session.is_authenticated
    return command.state is State.ANY or session.is_authenticated
