"""Search criteria as a tree, and as the tokens that IMAP is sent.

Trees may be as deep and wide as programs make them, so they are written by a
loop, and the alternatives of an OR are paired as a balanced tree: OR takes two
keys (RFC 9051 §6.4.4), and servers recurse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ._message_set import MessageSet
from ._sequence_set import SavedResult, SequenceSet


@dataclass(frozen=True, slots=True)
class SearchAtom:
    """A word written as it is: a key, a date, a number, ``(`` or ``)``.

    No space comes after ``(`` and before ``)``.
    """

    text: str


@dataclass(frozen=True, slots=True)
class SearchString:
    """A string argument, to be quoted or sent as a literal, perhaps in a CHARSET."""

    text: str


@dataclass(frozen=True, slots=True)
class SearchName:
    """A name that is written as mailbox names are: a label of Gmail."""

    text: str


@dataclass(frozen=True, slots=True)
class SearchSet:
    """A set of messages, never empty; where a key is expected, a key itself."""

    messages: MessageSet | SequenceSet | SavedResult


SearchToken: TypeAlias = SearchAtom | SearchString | SearchName | SearchSet

OPEN: Final = SearchAtom("(")
CLOSE: Final = SearchAtom(")")


@dataclass(frozen=True, slots=True)
class Key:
    """A search key with its arguments: a leaf."""

    name: str
    arguments: tuple[SearchToken, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class And:
    """Matches what all of *terms* match; everything if there are none."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Or:
    """Matches what one of *terms*, at least two, matches."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not:
    """Matches what *term* does not match."""

    term: Node


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fuzzy:
    """Matches what is like what *term* matches (RFC 6203)."""

    term: Node


Node: TypeAlias = Key | SearchSet | And | Or | Not | Fuzzy


@dataclass(frozen=True, slots=True)
class _Any:
    """Some terms of an OR, from *start* up to *end*, that are yet to be paired."""

    terms: tuple[Node, ...]
    start: int
    end: int


def all_of(nodes: tuple[Node, ...]) -> Node:
    """Return the conjunction of *nodes*, flat."""
    terms: list[Node] = []
    for node in nodes:
        terms.extend(node.terms if isinstance(node, And) else (node,))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def any_of(nodes: tuple[Node, ...]) -> Node:
    """Return the disjunction of *nodes*, flat.

    Raises:
        ValueError: there are none: IMAP has no key that matches nothing.
    """
    terms: list[Node] = []
    for node in nodes:
        terms.extend(node.terms if isinstance(node, Or) else (node,))
    if not terms:
        raise ValueError("OR of no criteria")
    return terms[0] if len(terms) == 1 else Or(tuple(terms))


def none_of(node: Node) -> Node:
    """Return the negation of *node*."""
    return node.term if isinstance(node, Not) else Not(node)


def to_tokens(root: Node) -> Iterator[SearchToken]:
    """Yield what *root* is on the wire, parentheses only where they are needed."""
    stack: list[Node | _Any | SearchToken] = []
    if isinstance(root, And) and root.terms:
        stack.extend(reversed(root.terms))  # a search program is a conjunction
    else:
        stack.append(root)
    while stack:
        match stack.pop():
            case Key(name, arguments):
                yield SearchAtom(name)
                yield from arguments
            case Not(term):
                yield SearchAtom("NOT")
                stack.append(term)
            case Fuzzy(term):
                yield SearchAtom("FUZZY")
                stack.append(term)
            case Or(terms):
                stack.append(_Any(terms, 0, len(terms)))
            case _Any(terms, start, end):
                if end - start == 1:
                    stack.append(terms[start])
                else:
                    middle = (start + end) // 2
                    yield SearchAtom("OR")
                    stack.append(_Any(terms, middle, end))
                    stack.append(_Any(terms, start, middle))
            case And(terms):
                if terms:
                    yield OPEN
                    stack.append(CLOSE)
                    stack.extend(reversed(terms))
                else:
                    yield SearchAtom("ALL")
            case token:
                yield token


def iter_keys(root: Node) -> Iterator[Key | SearchSet]:
    """Yield the leaves of *root*, and FUZZY as a key before what it is about."""
    stack: list[Node] = [root]
    while stack:
        match stack.pop():
            case Key() | SearchSet() as key:
                yield key
            case Not(term):
                stack.append(term)
            case Fuzzy(term):
                yield Key("FUZZY")
                stack.append(term)
            case And(terms) | Or(terms):
                stack.extend(reversed(terms))
