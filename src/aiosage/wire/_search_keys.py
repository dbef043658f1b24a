"""Search criteria on the wire (RFC 9051 §6.4.4)."""

from __future__ import annotations

from ..model import IMAPSearchCriteria, SearchAtom, SearchName, SearchString
from ._encoder import Encoder


def encode_criteria(criteria: IMAPSearchCriteria, to: Encoder) -> None:
    """Write *criteria*, quoting strings or sending them as literals."""
    for token in criteria.to_wire():
        if isinstance(token, SearchString):
            to.string(token.text)
        elif isinstance(token, SearchName):
            to.mailbox(token.text)
        elif not isinstance(token, SearchAtom):
            to.message_set(token.messages)
        elif token.text == "(":
            to.open()
        elif token.text == ")":
            to.close()
        else:
            to.verbatim(token.text.encode("ascii"))
