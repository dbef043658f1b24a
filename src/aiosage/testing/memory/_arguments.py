"""The arguments of a command, read one by one (RFC 9051 §9).

A command is one run of octets in which each literal stands where it was sent,
after its ``{n}`` and CRLF. Reading is by position, left to right, never back.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, TypeAlias

from ...model import MAX_UID, Flag
from ...wire._mailbox_name import (
    RawMailboxName,
    decode_mailbox_name,
)
from ._refusal import Bad, No

Ranges: TypeAlias = tuple[tuple[int, int], ...]

STAR: Final = 0
"""Stands for ``*`` in ranges, until a mailbox says which message that is."""

SAVED: Final[Ranges] = ((-1, -1),)
"""Stands for ``$``, the result that SEARCH saved (RFC 5182)."""

_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_ASTRING: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_LIST_MAILBOX: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]+")
_FLAG: Final = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_QUOTED: Final = re.compile(rb'"((?:[^"\\\x00\r\n]|\\["\\])*)"')
_LITERAL: Final = re.compile(rb"~?\{(\d{1,10})\+?\}\r\n")
_ANNOUNCED: Final = re.compile(rb" ?~?\{\d+\+?\}")
_NUMBER: Final = re.compile(rb"\d{1,20}")
_SEQUENCE_SET: Final = re.compile(rb"\$|[\d:*,]+")
_RANGE: Final = re.compile(r"(\d{1,10}|\*)(?::(\d{1,10}|\*))?")
_DATE: Final = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_DATE_TIME: Final = re.compile(
    r"([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_SYSTEM_FLAGS: Final = {
    str(flag).lower(): flag
    for flag in (Flag.SEEN, Flag.ANSWERED, Flag.FLAGGED, Flag.DELETED, Flag.DRAFT)
}


class Arguments:
    """A position in a command.

    Every method reads one thing and moves past it, or raises ``Bad``.
    """

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    def accept(self, octets: bytes) -> bool:
        """Move past *octets* if they come next; return whether they did."""
        if not self._data.startswith(octets, self._position):
            return False
        self._position += len(octets)
        return True

    def next_is(self, octets: bytes) -> bool:
        """Return whether *octets* come next."""
        return self._data.startswith(octets, self._position)

    def next_is_set(self) -> bool:
        """Return whether a set of messages comes next."""
        return _SEQUENCE_SET.match(self._data, self._position) is not None

    def accept_word(self, word: bytes) -> bool:
        """Move past *word*, in any case, and a space, if they come next."""
        end = self._position + len(word) + 1
        if self._data[self._position : end].upper() != word + b" ":
            return False
        self._position = end
        return True

    @property
    def is_at_end(self) -> bool:
        """Whether everything is read, but for spaces."""
        return not self._data[self._position : self._position + 8].strip(b" ")

    @property
    def is_literal_announced(self) -> bool:
        """Whether only the announcement of a literal, not yet sent, is left."""
        return _ANNOUNCED.fullmatch(self._data, self._position) is not None

    def space(self) -> None:
        """Read the one space between two arguments."""
        if not self.accept(b" "):
            raise Bad("Missing argument" if self.is_at_end else "Missing space")

    def end(self) -> None:
        """Check that there are no more arguments."""
        if self._data[self._position :].strip(b" "):
            raise Bad("Extra arguments")

    def match(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Read what *pattern* matches, or raise ``Bad`` that *what* is missing."""
        found = pattern.match(self._data, self._position)
        if found is None:
            raise Bad(f"Expected {what}")
        self._position = found.end()
        return found

    def try_match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Read what *pattern* matches, if it does."""
        found = pattern.match(self._data, self._position)
        if found is not None:
            self._position = found.end()
        return found

    def keyword(self, what: str = "an atom") -> str:
        """Read an atom that is not case-sensitive; return it in upper case."""
        return self.match(_ATOM, what)[0].decode("ascii").upper()

    def astring(self, pattern: re.Pattern[bytes] = _ASTRING) -> bytes:
        """Read an atom or a string."""
        if found := pattern.match(self._data, self._position):
            self._position = found.end()
            return found[0]
        return self.string()

    def list_mailbox(self) -> bytes:
        """Read a LIST pattern: an atom with wildcards, or a string."""
        return self.astring(_LIST_MAILBOX)

    def string(self) -> bytes:
        """Read a quoted string or a literal."""
        if self.next_is(b'"'):
            found = _QUOTED.match(self._data, self._position)
            if found is None:
                raise Bad("Invalid quoted string")
            self._position = found.end()
            return re.sub(rb"\\(.)", rb"\1", found[1])
        return self.literal()

    def literal(self) -> bytes:
        """Read a literal."""
        found = _LITERAL.match(self._data, self._position)
        if found is None:
            raise Bad("Expected a string")
        start, size = found.end(), int(found[1])
        self._position = start + size
        return self._data[start : start + size]

    def number(self, what: str = "a number", *, largest: int = 2**63 - 1) -> int:
        """Read a number of at most *largest*."""
        value = int(self.match(_NUMBER, what)[0])
        if value > largest:
            raise Bad(f"Expected {what} of at most {largest}")
        return value

    def mailbox(self) -> str:
        """Read a mailbox name."""
        return decode_name(self.astring())

    def sequence_set(self) -> Ranges:
        """Read a set of message numbers or UIDs; the ranges are as given."""
        return parse_sequence_set(
            self.match(_SEQUENCE_SET, "a message set")[0].decode("ascii")
        )

    def flags(self) -> list[Flag]:
        """Read a list of flags, or flags without parentheses (RFC 9051 §9)."""
        if self.next_is(b"("):
            return [Flag.from_wire(text) for text in self.list(_FLAG)]
        flags = [self.match(_FLAG, "a flag")[0]]
        while self.accept(b" "):
            flags.append(self.match(_FLAG, "a flag")[0])
        return [Flag.from_wire(flag.decode("ascii")) for flag in flags]

    def list(self, pattern: re.Pattern[bytes] = _ATOM) -> list[str]:
        """Read a list of words in parentheses; it may be empty."""
        self.open()
        words: list[str] = []
        while not self.accept(b")"):
            if words:
                self.space()
            words.append(self.match(pattern, "a word in the list")[0].decode("ascii"))
        return words

    def open(self) -> None:
        """Read an opening parenthesis."""
        if not self.accept(b"("):
            raise Bad("Expected a list")

    def close(self) -> None:
        """Read a closing parenthesis."""
        if not self.accept(b")"):
            raise Bad("Missing ')'")

    def date(self) -> date:
        """Read a date, quoted or not."""
        text = self.astring().decode("ascii", "replace")
        found = _DATE.fullmatch(text)
        if found is None:
            raise Bad("Invalid search date parameter")
        try:
            return date(int(found[3]), _month(found[2]), int(found[1]))
        except ValueError:
            raise Bad("Invalid search date parameter") from None

    def date_time(self) -> datetime:
        """Read a quoted date and time; return it in UTC."""
        found = _DATE_TIME.fullmatch(self.string().decode("ascii", "replace"))
        if found is None:
            raise Bad("Invalid internal date")
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = (
            found.groups()
        )
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        try:
            return datetime(
                int(year),
                _month(month),
                int(day),
                int(hour),
                int(minute),
                int(second),
                tzinfo=timezone(-offset if sign == "-" else offset),
            ).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Bad("Invalid internal date") from None


def _month(name: str) -> int:
    return MONTHS.index(name.capitalize()) + 1


def decode_name(name: bytes) -> str:
    """Return the mailbox name that *name* is on the wire.

    Raises:
        No: it is not in modified UTF-7.
    """
    decoded = decode_mailbox_name(name)
    if isinstance(decoded, RawMailboxName):
        raise No("Mailbox name is not valid mUTF-7")
    return decoded


def parse_sequence_set(text: str) -> Ranges:
    """Return the ranges *text* gives, in its order; ``*`` is ``STAR``."""
    if text == "$":
        return SAVED
    ranges: list[tuple[int, int]] = []
    for item in text.split(","):
        found = _RANGE.fullmatch(item)
        if found is None:
            raise Bad("Invalid messageset")
        first = _set_number(found[1])
        ranges.append((first, _set_number(found[2]) if found[2] else first))
    return tuple(ranges)


def _set_number(text: str) -> int:
    if text == "*":
        return STAR
    number = int(text)
    if not 1 <= number <= MAX_UID:
        raise Bad("Invalid messageset")
    return number


def checked_flags(flags: list[Flag]) -> list[Flag]:
    r"""Return *flags*, system flags in their canonical spelling, none twice.

    Raises:
        Bad: a system flag that IMAP does not have, or ``\Recent``.
    """
    checked: dict[Flag, None] = {}
    for flag in flags:
        if not flag.is_system:
            checked[flag] = None
        elif known := _SYSTEM_FLAGS.get(str(flag).lower()):
            checked[known] = None
        else:
            raise Bad(f"Invalid system flag {flag}")
    return list(checked)
