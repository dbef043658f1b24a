"""Sessions as text: what was, or is to be, said by either side.

::

    # Lines that begin with # are for people.
    S: * OK [CAPABILITY IMAP4rev1] ready
    C: T1 LOGIN joe ***
    S: T1 OK logged in
    C: T2 UID FETCH 1 (BODY.PEEK[])
    S: * 1 FETCH (UID 1 BODY[] {7}
    S: caf%C3
    S% %A9
    S: )
    S: T2 OK done
    S! close

A line stands for what it shows and CRLF, in a literal, too. ``T1`` and its like at
the start, and in ``(TAG "T1")``, stand for the client's tags, whatever they are.
``***`` in what the client says is anything, and so is ``...`` at the end. In lines
of ``S%`` and ``C%`` nothing stands for anything, but ``%0A`` and its like for any
octet. ``S! close`` and ``S! reset`` end the connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ..connection import Direction, TraceRecord

if TYPE_CHECKING:
    import ssl

    from ._scripted import ScriptedServer

TAG: Final = re.compile(r"T\d+(?= |\Z)")
SERVER_TAG: Final = re.compile(r'\AT\d+(?= |\Z)|(?<=\(TAG ")T\d+(?="\))')
_CORRELATOR: Final = re.compile(r'(?<=\(TAG ")[^" ]+(?="\))')
_KINDS: Final = ("S: ", "C: ", "S% ", "C% ", "S! ")
_ACTIONS: Final = ("close", "reset")
# Printable ASCII but the % that begins an escape.
_PLAIN: Final = "".join(map(chr, range(32, 127))).replace("%", "")


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One line of a transcript.

    Attributes:
        kind: the three characters before *text*.
        text: as it is written.
        number: where it stands in the file, from 1.
    """

    kind: str
    text: str
    number: int = field(compare=False)

    def __str__(self) -> str:
        return f"{self.kind}{self.text}".rstrip(" ")

    @property
    def octets(self) -> bytes:
        """What it stands for, without CRLF, where nothing in it is special."""
        if self.kind[1] == "%":
            return unquote_to_bytes(self.text)
        return self.text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session as text; see the module for its form.

    ::

        records: list[TraceRecord] = []
        ...  # a session with trace=records.append, trace_literals=True
        path.write_text(str(Transcript.from_trace(records)), "utf-8")

        async with Transcript.parse(path.read_text("utf-8")).serve() as server:
            ...  # the same session with server.host, server.port
    """

    lines: tuple[TranscriptLine, ...]

    @classmethod
    def parse(cls, text: str) -> Transcript:
        """Return the transcript that *text* is.

        Raises:
            ValueError: it is none; says which line is not.
        """
        return cls(tuple(_parse(text)))

    @classmethod
    def from_trace(cls, records: Iterable[TraceRecord]) -> Transcript:
        """Return the session that was recorded.

        Args:
            records: of one connection, from its greeting on, traced with
                ``trace_literals=True``.

        Raises:
            ValueError: they are of several connections, or without literals.
        """
        lines = enumerate(_from_trace(records), start=1)
        return cls(tuple(TranscriptLine(*line, number) for number, line in lines))

    def __str__(self) -> str:
        """Return it as `parse` takes it, in characters that any editor keeps."""
        return "".join(f"{line}\n" for line in self.lines)

    def serve(self, *, ssl_context: ssl.SSLContext | None = None) -> ScriptedServer:
        """Return a server that plays it to every client, for ``async with``.

        A client that says anything else, or leaves before the end, fails the
        block with `TranscriptMismatch`.

        Args:
            ssl_context: for TLS from the first octet.
        """
        from ._scripted import ScriptedServer

        return ScriptedServer(self, ssl_context=ssl_context)


def _parse(text: str) -> Iterator[TranscriptLine]:
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")  # an editor's
        if not line or line.startswith("#"):
            continue
        kind, said = f"{line[:3]:3}", line[3:]
        if kind not in _KINDS or (kind == "S! " and said not in _ACTIONS):
            raise ValueError(f"line {number} is not one of a transcript: {line!r}")
        yield TranscriptLine(kind, said, number)


def _from_trace(records: Iterable[TraceRecord]) -> Iterator[tuple[str, str]]:
    """Yield kind and text of every line."""
    names: dict[str, str] = {}
    connection: int | None = None
    is_invited = False  # what the client says next has no tag
    for record in records:
        if record.omitted:
            raise ValueError(
                "the trace lacks what was in literals: record with trace_literals=True"
            )
        if connection not in (None, record.connection):
            raise ValueError("the trace is of more than one connection")
        connection = record.connection
        first, *rest = record.text.split("\r\n")
        if record.direction is Direction.SERVER:
            is_invited = is_invited or first.startswith("+")
            tag, _, said = first.partition(" ")
            if tag in names:
                is_invited = False  # as when the server ends IDLE unasked
                yield "S: ", f"{names[tag]} {said}"
            elif (found := _CORRELATOR.search(first)) and found[0] in names:
                name = names[found[0]]
                yield "S: ", f"{first[: found.start()]}{name}{first[found.end() :]}"
            else:
                yield _written("S", first)
        elif is_invited:
            is_invited = False
            yield _written("C", first)
        else:
            tag, _, said = first.partition(" ")
            names[tag] = f"T{len(names) + 1}"
            yield "C: ", f"{names[tag]} {said}"
        for line in rest:
            yield _written(record.direction, line)


def _written(side: str, said: str) -> tuple[str, str]:
    """Return kind and text of a line in which nothing stands for a tag."""
    special = SERVER_TAG.search(said) if side == "S" else TAG.match(said)
    is_plain = (
        said.replace("\t", " ").isprintable()
        and not said.endswith((" ", "..."))
        and special is None
    )
    if is_plain:
        return f"{side}: ", said
    return f"{side}% ", quote_from_bytes(
        said.encode("utf-8", "surrogateescape"), safe=_PLAIN
    ).removesuffix(" ") + ("%20" if said.endswith(" ") else "")
