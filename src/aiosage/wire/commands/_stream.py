"""One section of one message, handed on as it arrives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from ...errors import IMAPProtocolError
from ...model import MessagePart, MessageSet
from .._encoder import Encoder
from .._framer import Diverted, Frame
from .._values import as_octets
from ..responses import FetchData, Status, Untagged
from ._command import SELECTED, Command

# The line before a section, as servers write it. No string stands in it, so UID
# is UID. What does not match, as after another literal, is held and not diverted.
_BEFORE: Final = re.compile(
    rb'\* +(\d{1,10}) +(UID)?FETCH +\(([^"\[]*)'
    rb'((?:BODY|BINARY)\[[^"\[\]]*\])(?:<\d{1,20}>)? *\Z',
    re.IGNORECASE,
)
_UID: Final = re.compile(rb"(?:\A|[ )])UID +(\d{1,10})(?= )", re.IGNORECASE)
# What tells sections apart. Servers write the fields of a header, and the octet a
# window begins with, in ways of their own.
_SECTION: Final = re.compile(r"[^ \]]*")


@dataclass(frozen=True, slots=True)
class StreamSection(Command[bytes | None]):
    """Read one section of one message (RFC 9051 §6.4.5) as it arrives.

    Attributes:
        uid: of the message.
        part: content, such as ``MessagePart.FULL``.

    Raises:
        ValueError: *part* is no content.
    """

    uid: int
    part: MessagePart

    name: ClassVar = "UID FETCH"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)

    def __post_init__(self) -> None:
        if not self.part.key.startswith(("BODY[", "BINARY[")):
            raise ValueError(f"only content can be streamed, not {self.part}")

    def encode(self, to: Encoder) -> None:
        """Write the UID and the section."""
        to.keyword("UID").keyword("FETCH").message_set(MessageSet([self.uid]))
        to.open().verbatim(self.part.wire).close()

    def diverts(self, frame: Frame) -> bool:
        """Return whether the literal after *frame* is the section.

        Whatever is not, or cannot be told yet, is held as ever.
        """
        before = _BEFORE.fullmatch(frame[0]) if len(frame) == 1 else None
        if before is None or not self._is_section(str(before[4], "latin-1")):
            return False
        # UIDFETCH, where there are no numbers, tells the UID first (RFC 9586 §3.3).
        uid = before if before[2] else _UID.search(before[3])
        return uid is None or int(uid[1]) == self.uid

    def section(self, data: FetchData) -> tuple[bytes | None] | None:
        """Return the section in *data*, None if it is not there.

        Short ones come as strings, and one that does not exist as NIL. One that
        went elsewhere is a `Diverted`.

        Raises:
            IMAPProtocolError: what was diverted is of another message.
        """
        is_other = data.uid is not None and data.uid != self.uid
        for name, value in (*data.sections.items(), *data.others.items()):
            if self._is_section(name):
                octets = as_octets(value)
                if not is_other:
                    return (octets,)
                if isinstance(octets, Diverted):
                    raise IMAPProtocolError(
                        f"the server sent message {data.uid} instead of {self.uid}"
                    )
        return None

    def _is_section(self, name: str) -> bool:
        wanted = _SECTION.match(self.part.key)
        found = _SECTION.match(name.upper())
        return wanted is not None and found is not None and wanted[0] == found[0]

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> bytes | None:
        """Return the section if it was held; None if it does not exist."""
        for data in untagged:
            if isinstance(data, FetchData) and (found := self.section(data)):
                return found[0]
        return None
