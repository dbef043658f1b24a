"""What is fuzzed: each takes any octets and must not raise.

The first octet says which target the others are for, so one corpus serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from aiosage.errors import IMAPProtocolError
from aiosage.model import EmailAddress, Secret, addresses_from_raw
from aiosage.wire import (
    Encoder,
    FetchData,
    Framer,
    Limits,
    Response,
    decode_mailbox_name,
    encode_mailbox_name,
    parse,
)
from aiosage.wire._tokens import tokenize
from aiosage.wire.responses._codes import parse_code

from ..wire.quirks import QUIRKS
from ..wire.stream import RECORDED

_LIMITS: Final = Limits(line=4096, literal=4096, response=8192, tokens=2000)


def stream(octets: bytes) -> None:
    """What a server sends means the same in one piece and in two."""
    whole = said(octets)
    middle = len(octets) // 2
    if said(octets[:middle], octets[middle:]) != whole:
        raise AssertionError("it matters how the stream was cut")


def said(*pieces: bytes) -> list[Response]:
    """Return what *pieces* say, to the last field, up to where it is not IMAP."""
    framer = Framer(_LIMITS)
    responses: list[Response] = []
    try:
        for piece in pieces:
            for frame in framer.feed(piece):
                response = parse(frame, _LIMITS)
                if isinstance(response, FetchData):
                    if response.envelope is not None:
                        repr(response.envelope)
                    if response.body_structure is not None:
                        for part in response.body_structure.walk():
                            repr((part, part.filename, part.envelope))
                responses.append(response)
    except IMAPProtocolError:
        pass
    return responses


def fetch(octets: bytes) -> None:
    """Any items of a message."""
    stream(b"* 1 FETCH (" + octets + b")\r\n")


def envelope(octets: bytes) -> None:
    """Any envelope."""
    stream(b"* 1 FETCH (ENVELOPE (" + octets + b") UID 1)\r\n")


def body_structure(octets: bytes) -> None:
    """Any structure."""
    stream(b"* 1 FETCH (BODYSTRUCTURE (" + octets + b") UID 1)\r\n")


def code(octets: bytes) -> None:
    """Any response code; the text for humans is safe to show."""
    _, text = parse_code(b"[" + octets)
    if any(character < " " for character in text):
        raise AssertionError("a control character got through")


def mailbox_name(octets: bytes) -> None:
    """Any name a server has is sent back to it as it came."""
    name = decode_mailbox_name(octets)
    try:
        sent = encode_mailbox_name(name)
    except ValueError:
        if not set(octets) & {0, 10, 13} and not set(name) & set("\0\r\n"):
            raise
        return
    if sent != octets and decode_mailbox_name(sent) != name:
        raise AssertionError("the name has become another")


def addresses(octets: bytes) -> None:
    """Any four fields of an address."""
    name, mailbox, host, *_ = [*octets.split(b"\0"), None, None, None]
    found = addresses_from_raw([(name, None, mailbox, host), (name, None, None, None)])
    for address in found:
        if not isinstance(address, EmailAddress) or not isinstance(str(address), str):
            raise AssertionError(address)


def argument(octets: bytes) -> None:
    """Any string is one argument of one command."""
    data = octets.replace(b"\0", b"")
    encoder = Encoder("T").astring(data).string(Secret(data.decode("latin-1")))
    flights = encoder.literal8(octets).finish().flights
    (frame,) = Framer().feed(b"".join(piece for each in flights for piece in each))
    values = tokenize(frame, skip=1, nesting=1)
    first = values[0]
    if isinstance(first, str):
        first = first.encode()
    if [first, *values[1:]] != [data, data.decode("latin-1").encode(), octets]:
        raise AssertionError("it is another argument now")


TARGETS: Final[tuple[Callable[[bytes], None], ...]] = (
    *(stream, fetch, envelope, body_structure),
    *(code, mailbox_name, addresses, argument),
)


def one(octets: bytes) -> None:
    """Run the target that *octets* begin with the number of."""
    if octets:
        TARGETS[octets[0] % len(TARGETS)](octets[1:])


def seeds() -> Iterator[bytes]:
    """Yield inputs to begin with: what servers do send."""
    for quirk in QUIRKS:
        yield bytes([TARGETS.index(stream)]) + quirk.sent + b"\r\n"
        _, _, items = quirk.sent.partition(b"FETCH (")
        if items:
            yield bytes([TARGETS.index(fetch)]) + items[:-1]
        for target, start in ((envelope, b"ENVELOPE ("), (body_structure, b"TURE (")):
            _, _, fields = quirk.sent.partition(start)
            if fields:
                yield bytes([TARGETS.index(target)]) + fields[:-2]
        _, _, text = quirk.sent.partition(b"[")
        if text:
            yield bytes([TARGETS.index(code)]) + text
    yield bytes([TARGETS.index(stream)]) + RECORDED
    for name in (b"INBOX", b"&AOk-t&AOk-", b"a&-b", b"&U,BTFw-", b"\xff"):
        yield bytes([TARGETS.index(mailbox_name)]) + name
    yield bytes([TARGETS.index(addresses)]) + b"=?utf-8?q?a?=\0a\0x.y"
    yield bytes([TARGETS.index(argument)]) + b'a"\\\r\n{3}'
