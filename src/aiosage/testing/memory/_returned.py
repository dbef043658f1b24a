"""What a search returns: RETURN and ESEARCH (RFC 4731, 5182, 5267 and 9394)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from ...model import PartialRange
from ._arguments import Arguments
from ._refusal import Bad
from ._response import number_set, string
from ._session import Session

T = TypeVar("T")


@dataclass(slots=True)
class Returned:
    """The options of RETURN."""

    options: set[str] = field(default_factory=set[str])
    partial: PartialRange | None = None

    @property
    def is_silent(self) -> bool:
        """Whether the result is only saved."""
        return self.options == {"SAVE"} and self.partial is None

    def saved(self, uids: list[int]) -> list[int]:
        """Return what SAVE keeps of *uids* found (RFC 5182 §2.1, RFC 9394 §3.2)."""
        if (self.options & {"ALL", "COUNT"} and self.partial is None) or self.is_silent:
            return uids
        kept = set(page(uids, self.partial) if self.partial else ())
        if "MIN" in self.options:
            kept.update(uids[:1])
        if "MAX" in self.options:
            kept.update(uids[-1:])
        return sorted(kept)


def read_returned(session: Session, arguments: Arguments) -> Returned:
    """Read the options in their parentheses."""
    known = {"MIN", "MAX", "ALL", "COUNT"}
    if session.offers("SEARCHRES"):
        known.add("SAVE")
    returned = Returned()
    words = iter(arguments.list())
    for word in words:
        option = word.upper()
        if option == "PARTIAL" and session.offers("PARTIAL") and not returned.partial:
            returned.partial = read_range(next(words, ""))
        elif option in known:
            returned.options.add(option)
        else:
            raise Bad("Unknown SEARCH return option")
    if returned.partial and "ALL" in returned.options:
        raise Bad("PARTIAL and ALL exclude each other")
    if not returned.options and returned.partial is None:
        returned.options.add("ALL")
    return returned


def read_range(text: str) -> PartialRange:
    """Return the range of results that *text* is."""
    try:
        return PartialRange.parse(text)
    except ValueError:
        raise Bad("Invalid range of results") from None


def page(numbers: list[T], wanted: PartialRange) -> list[T]:
    """Return those of *numbers* that *wanted* counts, in their order."""
    low, high = sorted((wanted.first, wanted.last))
    if low > 0:
        return numbers[low - 1 : high]
    return numbers[low : high + 1 or None]


def write_esearch(
    session: Session,
    numbers: list[int],
    modseq: int,
    returned: Returned,
    *,
    uid: bool,
) -> None:
    """Write ESEARCH with *numbers*, which are in the order of the search."""
    words = [b"* ESEARCH (TAG %b)" % string(session.tag)]
    if uid:
        words.append(b"UID")
    if numbers:
        if "MIN" in returned.options:
            words.append(b"MIN %d" % numbers[0])
        if "MAX" in returned.options:
            words.append(b"MAX %d" % numbers[-1])
        if "ALL" in returned.options:
            words.append(b"ALL " + number_set(numbers))
    if returned.partial is not None:
        wanted = str(returned.partial).encode()
        found = number_set(page(numbers, returned.partial)) or b"NIL"
        words.append(b"PARTIAL (%b %b)" % (wanted, found))
    if "COUNT" in returned.options:
        words.append(b"COUNT %d" % len(numbers))
    if modseq:
        words.append(b"MODSEQ %d" % modseq)
    session.write(b" ".join(words) + b"\r\n")
