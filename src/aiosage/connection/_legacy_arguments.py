"""Arguments of aioimaplib's commands: strings in, valid IMAP out, as pure functions.

Programs written for aioimaplib quote and encode for themselves, more or less. So
what is valid is left as it is: an atom, a quoted string, a pattern, a name in
modified UTF-7. The rest is encoded, as it could not have worked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..wire import Flight, decode_mailbox_name, encode_mailbox_name

_ATOM: Final = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\]+')
_PATTERN: Final = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){"\\]+')
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\["\\])*+"')
_ESCAPE: Final = re.compile(r'\\(["\\])')

# More than a name: parameters of SELECT, or LIST-EXTENDED. Whoever writes these
# writes IMAP.
_SELECT_PARAMETERS: Final = re.compile(r".* \((?:CONDSTORE|QRESYNC \(.*\))\)", re.I)
_LIST_RETURN: Final = re.compile(r".+ RETURN \(.*\)", re.I)

_NAMES: Final = {
    "APPEND": (0,),
    "COPY": (1,),
    "CREATE": (0,),
    "DELETE": (0,),
    "DELETEACL": (0,),
    "EXAMINE": (0,),
    "GETACL": (0,),
    "GETQUOTAROOT": (0,),
    "MOVE": (1,),
    "MYRIGHTS": (0,),
    "RENAME": (0, 1),
    "SELECT": (0,),
    "SETACL": (0,),
    "STATUS": (0,),
    "SUBSCRIBE": (0,),
    "UNSUBSCRIBE": (0,),
}
_PATTERNS: Final = {"LIST": (0, 1), "LSUB": (0, 1)}

_TOKEN: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"|[^ ()"]++')
_OPENS_LITERAL: Final = re.compile(r"~?\{\d+\+?\}\Z")


def encode_arguments(command: str, args: Iterable[object]) -> str:
    """Return the arguments of *command* as one string, each made valid."""
    texts = ["" if arg is None else str(arg) for arg in args]
    for position in _NAMES.get(command, ()):
        if position < len(texts):
            texts[position] = mailbox(texts[position])
    for position in _PATTERNS.get(command, ()):
        if position < len(texts):
            texts[position] = pattern(texts[position])
    return " ".join(texts)


def mailbox(text: str) -> str:
    """Return *text* as a mailbox name on the wire."""
    return text if _SELECT_PARAMETERS.fullmatch(text) else _name(text, _ATOM)


def pattern(text: str) -> str:
    """Return *text* as a LIST pattern or reference on the wire."""
    if text.startswith("(") or _LIST_RETURN.fullmatch(text):
        return text
    return _name(text, _PATTERN)


def astring(text: str) -> str:
    """Return *text* as an atom or a quoted string."""
    return text if _ATOM.fullmatch(text) or _QUOTED.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Return *text* as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(text: str, atom: re.Pattern[str]) -> str:
    is_quoted = _QUOTED.fullmatch(text) is not None
    name = _ESCAPE.sub(r"\1", text[1:-1]) if is_quoted else text
    # Decoded and encoded, a name in modified UTF-7 is what it was, and any other
    # becomes one: as a plain str, which does not remember how it came.
    decoded = str(decode_mailbox_name(name.encode()))
    encoded = encode_mailbox_name(decoded).decode("ascii")
    if encoded == name and (is_quoted or atom.fullmatch(name)):
        return text
    return encoded if atom.fullmatch(encoded) else quoted(encoded)


def cut_flights(line: str, literal: bytes | None = None) -> list[Flight]:
    """Return *line* as it is sent: what is not ASCII goes as literals.

    8-bit text can stand neither in an atom nor in a quoted string (RFC 3501
    §9). Each literal waits for the server's ``+``, so that none is taken for a
    command where the server did not expect it.

    Args:
        line: without tag's CRLF; announces *literal*, if there is one.
        literal: sent last.

    Raises:
        ValueError: the line announces a literal and there is none, or holds what
            is no character.
    """
    if literal is None and _OPENS_LITERAL.search(line):
        raise ValueError("an argument ends like the announcement of a literal")
    try:
        octets = line.encode()
    except UnicodeEncodeError:  # which would show all of it, as of a LOGIN
        raise ValueError("half a surrogate pair is no character") from None
    flights: list[Flight] = []
    flight: Flight = []
    position = 0
    for token in () if octets.isascii() else _TOKEN.finditer(octets):
        if token[0].isascii():
            continue
        text = re.sub(rb"\\(.)", rb"\1", token[1]) if token[1] else token[0]
        flight.append(octets[position : token.start()] + b"{%d}\r\n" % len(text))
        flights.append(flight)
        flight = [text]
        position = token.end()
    flight.append(octets[position:] + b"\r\n")
    flights.append(flight)
    if literal is not None:
        flights.append([literal, b"\r\n"])
    return flights
