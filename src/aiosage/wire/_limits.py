"""How much a server may make us hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on what a server may cost, checked before memory is spent.

    Attributes:
        line: longest run of octets without a literal. A SEARCH answer is one
            line: a million UIDs take about 8 MiB.
        literal: largest literal that is held, in octets.
        diverted: largest literal that is handed on as it arrives, in octets.
        response: largest whole response, in octets, without what is handed on.
        answer: most octets kept as the answer to one command, counted as the
            memory it takes, roughly: 256 for a response and what it has, more if
            it has many parentheses, spaces and commas.
        nesting: deepest parentheses.
        tokens: most atoms, strings and parentheses in one response; most literals,
            too. One octet may be a token, and take 60 of memory. The threads of a
            million messages are three million tokens; a SEARCH answer is none.
    """

    line: int = 16 * 2**20
    literal: int = 256 * 2**20
    diverted: int = 2**40
    response: int = 512 * 2**20
    answer: int = 1024 * 2**20
    nesting: int = 200
    tokens: int = 4 * 2**20
