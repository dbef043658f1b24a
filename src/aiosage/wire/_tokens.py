"""One response as nested values: atoms, strings, NIL and lists (RFC 9051 §4).

One compiled expression cuts a text into tokens at C speed, and a loop with a
stack nests them, so neither length nor depth costs recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

from ..errors import IMAPProtocolError
from ._framer import Frame
from ._limits import Limits

Value: TypeAlias = "str | bytes | list[Value] | None"
"""A parsed token: atom (str), string (bytes), list, or NIL (None)."""

QUOTED: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
"""Pattern of a quoted string, for expressions with DOTALL."""

NSTRING: Final = b"(?:NIL|" + QUOTED + b")"
"""Pattern of a quoted string or NIL. Literals are not in texts."""

_LINE_QUOTED: Final = rb'"[^"\\\r]*+(?:\\[^\r][^"\\\r]*+)*+"'
_LINE_ATOMS: Final = rb'[^()"\\\[\x00\r]*+'
_BETWEEN: Final = _LINE_ATOMS + rb"(?:" + _LINE_QUOTED + _LINE_ATOMS + rb")*+"
LIST_DEPTH: Final = 12
"""How deep the parentheses that `LIST` matches may nest."""


def list_pattern(depth: int) -> bytes:
    """Return a pattern of lists that `tokenize` is sure to read, for DOTALL.

    Lists that nest deeper than *depth*, or hold CR, or backslashes or brackets
    outside strings, are not matched. There is only one way to match, so that what does
    not match takes linear time too.
    """
    pattern = rb"\(" + _BETWEEN + rb"\)"
    for _ in range(depth - 1):
        pattern = rb"\(" + _BETWEEN + b"(?:" + pattern + _BETWEEN + rb")*+\)"
    return pattern


LIST: Final = list_pattern(LIST_DEPTH)
"""Pattern of a list, at most `LIST_DEPTH` deep."""

# Possessive repeats never go back, and a quote without an end takes all that
# follows, so hostile text stays linear. An atom is whatever is not another token:
# servers send odd characters unquoted. Only the section of BODY[...] and BINARY[...]
# may hold spaces and strings, as in BODY[HEADER.FIELDS (SUBJECT "X]")]<0>.
_TOKEN: Final = re.compile(
    rb"([()])"
    rb'|("[^"\\]*+(?:\\.[^"\\]*+)*+)("?)'
    rb"|((?i:BODY|BINARY)[A-Za-z.]*+\[[^\[\]\"]*+(?:"
    + QUOTED
    + rb'[^\[\]"]*+)*+\](?:<[\d.]+>)?|[^\x00\x20()"]++)'
    rb"|([^\x20])",
    re.DOTALL,
)
_ALL_AT_ONCE: Final = 2**16
_MOST: Final = Limits().tokens
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


def unquoted(nstring: bytes) -> bytes | None:
    """Return the octets of what `NSTRING` matched; None for NIL."""
    if nstring == b"NIL":
        return None
    string = nstring[1:-1]
    return _ESCAPE.sub(rb"\1", string) if b"\\" in string else string


def read_list(octets: bytes) -> list[Value]:
    """Return the values of what `LIST` matched."""
    (values,) = tokenize([octets], nesting=LIST_DEPTH)
    assert isinstance(values, list)
    return values


def tokenize(
    frame: Frame, *, skip: int = 0, nesting: int, most: int = _MOST
) -> list[Value]:
    """Return the values of *frame* after its first *skip* octets.

    The last closing parenthesis may be missing, and there may be too many of them
    at the end: either way there is no doubt about what is in the list.

    Args:
        frame: a response.
        skip: octets of the first text that are dealt with already.
        nesting: deepest parentheses accepted.
        most: tokens accepted: atoms, strings, parentheses.

    Raises:
        IMAPProtocolError: parentheses or quotes do not match, nest too deep,
            or are too many.
    """
    top: list[Value] = []
    current = top
    stack: list[list[Value]] = []
    count = 0
    end_of_all = -1  # how many values there were when one parenthesis was too many
    for index, part in enumerate(frame):
        if index % 2:
            current.append(part)
            continue
        text = part[skip:] if index == 0 and skip else part
        for batch in _batches(text):
            count += len(batch)
            if count > most:
                raise IMAPProtocolError(
                    f"a response has more than the {most} tokens allowed",
                    hint="Raise the connection's limits if you trust this server.",
                )
            for parenthesis, quoted, end, atom, stray in batch:
                if atom:
                    current.append(None if atom in _NIL else str(atom, "latin-1"))
                elif end:
                    string = quoted[1:]
                    current.append(
                        _ESCAPE.sub(rb"\1", string) if b"\\" in string else string
                    )
                elif parenthesis == b"(":
                    if len(stack) >= nesting:
                        raise IMAPProtocolError(
                            f"a response nests deeper than {nesting} parentheses"
                        )
                    inner: list[Value] = []
                    current.append(inner)
                    stack.append(current)
                    current = inner
                elif not parenthesis:
                    raise IMAPProtocolError(
                        f"a response holds a stray {(stray or quoted[:1])!r}"
                    )
                elif stack:
                    current = stack.pop()
                elif end_of_all < 0:
                    end_of_all = len(top)
    if len(stack) > 1:
        raise IMAPProtocolError("a response ends inside a parenthesis")
    if 0 <= end_of_all < len(top):
        raise IMAPProtocolError("a response holds a stray ')'")
    return top


def _batches(text: bytes) -> Iterator[Sequence[Sequence[bytes]]]:
    """Yield the tokens of *text*, never too many at once: each takes 100 octets."""
    if len(text) <= _ALL_AT_ONCE:
        yield _TOKEN.findall(text)
        return
    matches = _TOKEN.finditer(text)
    while batch := [match.groups(b"") for match in islice(matches, _ALL_AT_ONCE)]:
        yield batch


_NIL: Final = frozenset(
    {b"NIL", b"NIl", b"NiL", b"Nil", b"nIL", b"nIl", b"niL", b"nil"}
)
