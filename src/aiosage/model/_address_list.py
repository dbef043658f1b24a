"""Address fields of a header, parsed (RFC 5322 §3.4, §4.4).

What is not an address by the grammar still gives the best that can be made of
it. One pass over the tokens, no recursion: nothing here takes more than linear
time, whatever it is fed.
"""

from __future__ import annotations

import re
from typing import Final

from ._address import EmailAddress
from ._charset import Report, ignore
from ._encoded_words import decode_phrase, unfold

MAX_ADDRESSES: Final = 20_000
"""More addresses in one field than this are left out, and reported."""

_LONGEST: Final = 2**20
"""Characters of one field that are looked at: 20,000 addresses have fewer."""

# An encoded word comes first: senders put commas and quotes inside it.
_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r\n]++)"
    r"|(?P<word>=\?[^?\s]++\?[bBqQ]\?[^?]*+\?=)"
    r'|(?P<quoted>"(?:[^"\\]|\\.)*+")'
    r"|(?P<special>[()<>,;:\"\\])"
    r'|(?P<atom>(?:\[[^\[\]]*+\]|[^ \t\r\n()<>,;:"\\])++)',
    re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(r"\\.|[()]", re.DOTALL)
_UNESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
# Stands between words: NUL is in none of them, unfolding took it away.
_SEPARATOR: Final = "\0"


def parse_addresses(value: bytes, report: Report = ignore) -> tuple[EmailAddress, ...]:
    """Return the addresses of a raw field body, in order, decoded.

    Args:
        value: the body of a From, To, Cc, ... field.
        report: told what was wrong.
    """
    return _AddressParser(report).parse(unfold(value))


class _AddressParser:
    """The state between two tokens."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._addresses: list[EmailAddress] = []
        self._group: str | None = None
        self._group_start = 0  # how many addresses came before the group
        self._clear()

    def _clear(self) -> None:
        self._phrase: list[str] = []  # outside angle brackets
        self._comment = ""
        self._angle: list[str] = []  # inside them
        self._has_angle = False
        self._is_open = False
        self._is_apart = True  # white space came before the next token

    def parse(self, text: str) -> tuple[EmailAddress, ...]:
        if len(text) > _LONGEST:
            self._report("a field of addresses is too long")
            text = text[:_LONGEST]
        position = 0
        while position < len(text) and len(self._addresses) < MAX_ADDRESSES:
            match = _TOKEN.match(text, position)
            if match is None:  # pragma: no cover - the alternatives are complete
                break
            position = match.end()
            kind, token = match.lastgroup, match[0]
            if kind == "special" and token == "(":
                position = self._read_comment(text, position)
            elif kind == "special" and token == '"':
                # No later quote ends it: all are escaped. Looking for the end at
                # each of them would take quadratic time.
                self._report("unterminated quoted string in an address")
                text = text[:position] + text[position:].replace('"', " ")
            elif kind == "special":
                self._take_special(token)
            else:
                self._take(kind, token)
        if position < len(text):
            self._report(f"more than {MAX_ADDRESSES} addresses in one field")
        self._end_address()
        self._end_group()
        return tuple(self._addresses)

    def _take(self, kind: str | None, token: str) -> None:
        if kind == "space":
            self._is_apart = True
            return
        if kind == "quoted":
            token = _UNESCAPE.sub(r"\1", token[1:-1])
        if self._is_open:
            self._angle.append(token)
            return
        if self._is_apart or kind == "word":
            self._phrase.append(_SEPARATOR)
        self._phrase.append(token)
        self._is_apart = kind == "word"

    def _take_special(self, token: str) -> None:
        if token == "<":
            self._angle.clear()  # of `<a <b@c>>` the innermost is the address
            self._has_angle = self._is_open = self._is_apart = True
        elif token == ">":
            self._is_open, self._is_apart = False, True
        elif token == ":" and self._is_route():
            self._angle.clear()
        elif token == ":" and not self._is_open and self._group is None:
            name = decode_phrase(" ".join(self._words()), self._report)
            self._clear()
            self._group, self._group_start = name or None, len(self._addresses)
        elif token == "," and self._is_route():
            self._take("atom", token)
        elif token in ",;":
            self._end_address()
            if token == ";":
                self._end_group()
        elif token != "\\":
            self._take("atom", token)

    def _is_route(self) -> bool:
        """Whether a source route, ``<@a,@b:user@host>``, is being read."""
        return self._is_open and "".join(self._angle[:1]).startswith("@")

    def _words(self) -> list[str]:
        """Return what stands outside angle brackets, split at white space."""
        return [word for word in "".join(self._phrase).split(_SEPARATOR) if word]

    def _read_comment(self, text: str, start: int) -> int:
        """Take the comment that begins before *start*; return where it ends."""
        depth, position = 1, start
        while depth:
            match = _COMMENT_EDGE.search(text, position)
            if match is None:
                self._report("unterminated comment in an address")
                position = len(text)
                break
            position = match.end()
            if match[0] == "(":
                depth += 1
            elif match[0] == ")":
                depth -= 1
        content = text[start : position - 1 if not depth else position]
        self._comment = self._comment or _UNESCAPE.sub(r"\1", content).strip()
        self._is_apart = True
        return position

    def _end_address(self) -> None:
        if not (self._phrase or self._has_angle or self._comment):
            return
        name, spec = self._words(), self._angle
        if not self._has_angle:
            name, spec = _split_bare(name)
        address = "".join(spec)
        mailbox, at, host = address.rpartition("@")
        if not at:
            mailbox, host = address, ""
        display = decode_phrase(" ".join(name) or self._comment, self._report).strip()
        if display or mailbox or host:
            self._addresses.append(
                EmailAddress(
                    display or None, mailbox or None, host or None, self._group
                )
            )
        self._clear()

    def _end_group(self) -> None:
        if self._group is not None and len(self._addresses) == self._group_start:
            self._addresses.append(EmailAddress(group=self._group))
        self._group = None


def _split_bare(words: list[str]) -> tuple[list[str], list[str]]:
    """Split words that have no angle brackets into a name and an address."""
    if len(words) == 1 and "=?" not in words[0]:
        return [], words
    for index, word in enumerate(words):
        if "@" in word:
            if word.startswith("@") or word.endswith("@"):
                return [], words  # spaces around the at sign
            # `A Name user@host`, as some scripts write it
            return [*words[:index], *words[index + 1 :]], [word]
    return words, []
