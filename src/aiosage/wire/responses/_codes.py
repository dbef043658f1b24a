"""Response codes: what stands in brackets before the text (RFC 9051 §7.1)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ...errors import IMAPProtocolError
from ...model import Flag
from .._values import as_number, as_ranges, as_uid


@dataclass(frozen=True, slots=True)
class Code:
    """A response code: what stands in brackets before the text.

    Attributes:
        name: upper case, such as ``TRYCREATE``.
        text: what follows the name, undecoded beyond UTF-8; empty if nothing.
    """

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NumberCode(Code):
    """UIDVALIDITY, UIDNEXT, UNSEEN, HIGHESTMODSEQ and their like."""

    value: int = 0


@dataclass(frozen=True, slots=True)
class CapabilityCode(Code):
    """CAPABILITY, as sent with the greeting and after LOGIN."""

    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PermanentFlagsCode(Code):
    r"""PERMANENTFLAGS: what can be changed for good; ``\*`` allows new keywords."""

    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class AppendUidCode(Code):
    """APPENDUID: the UIDs that appended messages got (RFC 4315 §3)."""

    uidvalidity: int = 0
    uids: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CopyUidCode(Code):
    """COPYUID: which UIDs became which (RFC 4315 §3).

    Attributes:
        uidvalidity: of the destination mailbox.
        source: ascending ranges, in the order the server sent them.
        destination: as many UIDs, in the same order.
    """

    uidvalidity: int = 0
    source: tuple[tuple[int, int], ...] = ()
    destination: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many messages were copied."""
        return count_uids(self.source)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield (source UID, destination UID), first to first."""
        return zip(_expand(self.source), _expand(self.destination), strict=True)


def count_uids(ranges: tuple[tuple[int, int], ...]) -> int:
    """Return how many UIDs are in *ranges*."""
    return sum(last - first + 1 for first, last in ranges)


def _expand(ranges: tuple[tuple[int, int], ...]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


# A code ends at the first "]" outside quotes. Possessive repeats keep it linear.
_CODE: Final = re.compile(
    rb"\[ *+([^ \]]++)"
    rb'(?: ++((?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\]"]++)*+))?'
    rb" *+\] *+(.*)\Z",
    re.DOTALL,
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_code(text: bytes) -> tuple[Code | None, str]:
    """Split resp-text into its code, if it has one, and the text for humans.

    A code that is not what its name promises is kept as a plain `Code`: the
    response it stands in still says how the command went.
    """
    match = _CODE.match(text)
    if match is None:
        return None, _readable(text)
    name = match[1].decode("ascii", "replace").upper()
    arguments = (match[2] or b"").decode("utf-8", "surrogateescape").strip()
    human = _readable(match[3])
    code = Code(name, arguments)
    if parser := _PARSERS.get(name):
        with contextlib.suppress(IMAPProtocolError):
            code = parser(name, arguments)
    return code, human


def _readable(text: bytes) -> str:
    """Return text that can go to a log or a terminal and do nothing there."""
    return _CONTROL.sub("\ufffd", text.decode("utf-8", "replace"))


def _number(name: str, text: str) -> Code:
    return NumberCode(name, text, as_number(text))


def _capability(name: str, text: str) -> Code:
    return CapabilityCode(name, text, frozenset(text.upper().split()))


def _permanent_flags(name: str, text: str) -> Code:
    flags = map(Flag.from_wire, text.strip("()").split())
    return PermanentFlagsCode(name, text, frozenset(flags))


def _append_uid(name: str, text: str) -> Code:
    uidvalidity, _, uids = text.partition(" ")
    return AppendUidCode(name, text, as_uid(uidvalidity), as_ranges(uids))


def _copy_uid(name: str, text: str) -> Code:
    fields = text.split()
    if len(fields) != 3:
        raise IMAPProtocolError("COPYUID has three arguments")
    code = CopyUidCode(
        name, text, as_uid(fields[0]), as_ranges(fields[1]), as_ranges(fields[2])
    )
    if count_uids(code.destination) != code.count:
        raise IMAPProtocolError("COPYUID with sets of different sizes")
    return code


_PARSERS: Final[dict[str, Callable[[str, str], Code]]] = {
    "UIDVALIDITY": _number,
    "UIDNEXT": _number,
    "UNSEEN": _number,
    "HIGHESTMODSEQ": _number,
    "CAPABILITY": _capability,
    "PERMANENTFLAGS": _permanent_flags,
    "APPENDUID": _append_uid,
    "COPYUID": _copy_uid,
}
