"""Address lists as ENVELOPE gives them (RFC 5322 §3.4, RFC 9051 §7.5.2)."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ._header import read_comment, read_quoted

_ATOM: Final = re.compile(rb'[^\s()<>@,;:"\[\].\\]+')
_DOMAIN_LITERAL: Final = re.compile(rb"\[(?:[^\[\]\\]|\\.)*\]?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One address; with host None the start (mailbox) or end (None) of a group."""

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


@dataclass(slots=True)
class _Token:
    kind: str  # "word", or the special character itself
    text: bytes
    spaced: bool  # white space or a comment comes before it


_GROUP_END: Final = Address(None, None, None, None)


def parse_addresses(value: bytes) -> list[Address]:
    """Return the addresses of *value*; broken ones as well as can be.

    What an address lacks reads ``MISSING_MAILBOX`` and ``MISSING_DOMAIN``, as
    Dovecot has it.
    """
    result: list[Address] = []
    tokens, comments = _tokens(value)
    group = False
    start = 0
    index = 0
    in_angle = False
    while index <= len(tokens):
        kind = tokens[index].kind if index < len(tokens) else ","
        if kind == "<":
            in_angle = True
        elif kind == ">":
            in_angle = False
        elif kind == ":" and not in_angle and not group:
            name = _phrase(tokens[start:index])
            result.append(Address(None, None, name or b"", None))
            group, start = True, index + 1
        elif kind in ",;" and (not in_angle or index >= len(tokens)):
            comment = _comment_between(comments, start, index)
            if address := _address(tokens[start:index], comment):
                result.append(address)
            if group and (kind == ";" or index >= len(tokens)):
                result.append(_GROUP_END)
                group = False
            start = index + 1
        index += 1
    return result


def _tokens(value: bytes) -> tuple[list[_Token], deque[tuple[int, bytes]]]:
    """Return the tokens of *value*, and comments by the token they precede."""
    tokens: list[_Token] = []
    comments: deque[tuple[int, bytes]] = deque()
    position, spaced = 0, False
    while position < len(value):
        octet = value[position : position + 1]
        if octet.isspace():
            position, spaced = position + 1, True
            continue
        if octet == b"(":
            text, position = read_comment(value, position)
            comments.append((len(tokens), text))
            spaced = True
            continue
        if octet == b'"':
            text, position = read_quoted(value, position)
            tokens.append(_Token("word", text, spaced))
        elif found := _ATOM.match(value, position):
            tokens.append(_Token("word", found[0], spaced))
            position = found.end()
        elif literal := _DOMAIN_LITERAL.match(value, position):
            tokens.append(_Token("word", literal[0], spaced))
            position = literal.end()
        else:
            tokens.append(_Token(octet.decode("latin-1"), octet, spaced))
            position += 1
        spaced = False
    return tokens, comments


def _comment_between(
    comments: deque[tuple[int, bytes]], start: int, end: int
) -> bytes | None:
    # The caller goes through the tokens in order, so what is before is done.
    found: bytes | None = None
    while comments and comments[0][0] <= end:
        index, text = comments.popleft()
        if index >= start:
            found = text
    return found


def _phrase(tokens: list[_Token]) -> bytes:
    """Return the words of a display name, with the spaces between them."""
    return b"".join(
        b" " + token.text if index and token.spaced else token.text
        for index, token in enumerate(tokens)
    )


def _address(tokens: list[_Token], comment: bytes | None) -> Address | None:
    kinds = [token.kind for token in tokens]
    if not tokens:
        return None
    name: bytes | None = None
    route: bytes | None = None
    is_closed = True
    if "<" in kinds:
        opening = kinds.index("<")
        name = _phrase(tokens[:opening]) or None
        closing = kinds.index(">", opening) if ">" in kinds[opening:] else len(kinds)
        is_closed = closing < len(kinds)
        tokens, kinds = tokens[opening + 1 : closing], kinds[opening + 1 : closing]
        if kinds[:1] == ["@"] and ":" in kinds:
            colon = kinds.index(":")
            route = b"".join(token.text for token in tokens[:colon])
            tokens, kinds = tokens[colon + 1 :], kinds[colon + 1 :]
    elif comment is not None:
        name = comment
    elif ("word", "word") in pairwise(kinds):
        # Words without an address are a name.
        end = kinds.index("@") if "@" in kinds else len(kinds)
        name, tokens, kinds = _phrase(tokens[:end]), [], []
    at = kinds.index("@") if "@" in kinds else len(kinds)
    mailbox = b"".join(token.text for token in tokens[:at])
    host = b"".join(token.text for token in tokens[at + 1 :])
    if not is_closed:
        host = b"SYNTAX_ERROR"
    return Address(
        name, route, mailbox or b"MISSING_MAILBOX", host or b"MISSING_DOMAIN"
    )
