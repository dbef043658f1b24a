"""What to search for (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import wraps
from typing import ClassVar, Final, Generic, ParamSpec

from . import _search_keys as keys
from ._message import EmailMessage
from ._search_match import Matcher
from ._search_needs import needed_capabilities
from ._search_nodes import (
    CLOSE,
    And,
    Fuzzy,
    Key,
    Node,
    SearchAtom,
    SearchName,
    SearchSet,
    SearchString,
    SearchToken,
    all_of,
    any_of,
    iter_keys,
    none_of,
    to_tokens,
)
from ._search_split import split_by_uids
from ._sequence_set import SequenceSet

P = ParamSpec("P")

_EVERYTHING: Final = And(())
_SHOWN: Final = 100  # tokens that a repr shows


class _Key(Generic[P]):
    """A search key that can be called on the class and on criteria.

    ``IMAPSearchCriteria.subject("x")`` is that key alone; ``criteria.subject("x")``
    is *criteria* and that key.
    """

    def __init__(self, build: Callable[P, Node]) -> None:
        self._build = build
        self.__doc__ = build.__doc__

    def __get__(
        self, criteria: IMAPSearchCriteria | None, owner: type[IMAPSearchCriteria]
    ) -> Callable[P, IMAPSearchCriteria]:
        build = self._build

        @wraps(build)
        def key(*args: P.args, **kwargs: P.kwargs) -> IMAPSearchCriteria:
            node = build(*args, **kwargs)
            return owner(node if criteria is None else all_of((criteria.node, node)))

        return key


def _word(name: str) -> _Key[[]]:
    """Return the key *name*, which takes no argument."""

    def build() -> Node:
        return Key(name)

    build.__doc__ = f"Match {name}."
    return _Key(build)


def _and_criteria(*criteria: IMAPSearchCriteria) -> Node:
    """Match what all of *criteria* match."""
    return all_of(tuple(one.node for one in criteria))


def _or_criteria(*criteria: IMAPSearchCriteria) -> Node:
    """Match what at least one of *criteria* matches.

    Raises:
        ValueError: there are none.
    """
    return any_of(tuple(one.node for one in criteria))


def _not_criteria(*criteria: IMAPSearchCriteria) -> Node:
    """Match what none of *criteria* matches."""
    return all_of(tuple(none_of(one.node) for one in criteria))


def _fuzzy(criteria: IMAPSearchCriteria) -> Node:
    """Match what is like what *criteria* match (RFC 6203)."""
    return Fuzzy(criteria.node)


class IMAPSearchCriteria:
    """What the messages searched for are like. Immutable.

    Empty criteria match everything. Keys can be called on the class and on
    criteria, where they narrow them; ``&``, ``|`` and ``~`` combine::

        IMAPSearchCriteria().unseen().since_days(7)
        IMAPSearchCriteria.UNSEEN & ~IMAPSearchCriteria.from_address("shop@")
        IMAPSearchCriteria.or_criteria(first, second, third)

    Arguments are checked when the key is made, and raise ValueError. Criteria
    are equal if they are written alike on the wire.
    """

    __slots__ = ("_node", "_tokens")

    ALL: ClassVar[IMAPSearchCriteria]
    SEEN: ClassVar[IMAPSearchCriteria]
    UNSEEN: ClassVar[IMAPSearchCriteria]
    FLAGGED: ClassVar[IMAPSearchCriteria]
    UNFLAGGED: ClassVar[IMAPSearchCriteria]
    ANSWERED: ClassVar[IMAPSearchCriteria]
    UNANSWERED: ClassVar[IMAPSearchCriteria]
    DELETED: ClassVar[IMAPSearchCriteria]
    UNDELETED: ClassVar[IMAPSearchCriteria]
    DRAFT: ClassVar[IMAPSearchCriteria]
    UNDRAFT: ClassVar[IMAPSearchCriteria]
    RECENT: ClassVar[IMAPSearchCriteria]
    NEW: ClassVar[IMAPSearchCriteria]
    OLD: ClassVar[IMAPSearchCriteria]

    def __init__(self, node: Node = _EVERYTHING) -> None:
        """Make criteria of a tree; without one they match everything."""
        self._node = node
        self._tokens: tuple[SearchToken, ...] | None = None

    seen = _word("SEEN")
    unseen = _word("UNSEEN")
    flagged = _word("FLAGGED")
    unflagged = _word("UNFLAGGED")
    answered = _word("ANSWERED")
    unanswered = _word("UNANSWERED")
    deleted = _word("DELETED")
    undeleted = _word("UNDELETED")
    draft = _word("DRAFT")
    undraft = _word("UNDRAFT")
    recent = _word("RECENT")
    new = _word("NEW")
    old = _word("OLD")

    before = _Key(keys.before)
    on = _Key(keys.on)
    since = _Key(keys.since)
    since_days = _Key(keys.since_days)
    sent_before = _Key(keys.sent_before)
    sent_on = _Key(keys.sent_on)
    sent_since = _Key(keys.sent_since)
    saved_before = _Key(keys.saved_before)
    saved_on = _Key(keys.saved_on)
    saved_since = _Key(keys.saved_since)
    save_date_supported = _Key(keys.save_date_supported)
    older = _Key(keys.older)
    younger = _Key(keys.younger)

    from_address = _Key(keys.from_address)
    to_address = _Key(keys.to_address)
    cc = _Key(keys.cc)
    bcc = _Key(keys.bcc)
    subject = _Key(keys.subject)
    body = _Key(keys.body)
    text = _Key(keys.text)
    header = _Key(keys.header)
    message_id = _Key(keys.message_id)

    keyword = _Key(keys.keyword)
    unkeyword = _Key(keys.unkeyword)
    larger = _Key(keys.larger)
    smaller = _Key(keys.smaller)
    modseq = _Key(keys.modseq)
    email_id = _Key(keys.email_id)
    thread_id = _Key(keys.thread_id)
    filter = _Key(keys.filter)
    gmail_raw = _Key(keys.gmail_raw)
    gmail_label = _Key(keys.gmail_label)
    gmail_message_id = _Key(keys.gmail_message_id)
    gmail_thread_id = _Key(keys.gmail_thread_id)
    uid = _Key(keys.uid)
    sequence = _Key(keys.sequence)
    saved_result = _Key(keys.saved_result)

    and_criteria = _Key(_and_criteria)
    or_criteria = _Key(_or_criteria)
    not_criteria = _Key(_not_criteria)
    fuzzy = _Key(_fuzzy)

    def all(self) -> IMAPSearchCriteria:
        """Return the same criteria: every message matches ALL."""
        return self

    @property
    def node(self) -> Node:
        """The criteria as a tree."""
        return self._node

    def to_wire(self) -> tuple[SearchToken, ...]:
        """Return the search keys as tokens, without quoting and CHARSET."""
        if self._tokens is None:
            self._tokens = tuple(to_tokens(self.node))
        return self._tokens

    @property
    def needs_charset(self) -> bool:
        """Whether any string is not ASCII, so that CHARSET must be sent."""
        return not all(
            token.text.isascii()
            for token in self.to_wire()
            if isinstance(token, SearchString)
        )

    @property
    def needed_capabilities(self) -> frozenset[str]:
        """What a server must announce for the keys of extensions among these."""
        return needed_capabilities(iter_keys(self.node))

    @property
    def uses_numbers(self) -> bool:
        """Whether messages are named by number, which an EXPUNGE changes."""
        return any(
            isinstance(token, SearchSet) and isinstance(token.messages, SequenceSet)
            for token in self.to_wire()
        )

    def split(self, octets: int) -> Iterator[IMAPSearchCriteria]:
        """Yield criteria that each hold at most *octets* of UIDs.

        What they find, in ascending order, is together what these find. They are
        these alone if they fit, or if no splitting would make them fit.
        """
        return map(type(self), split_by_uids(self.node, octets))

    def matches(self, message: EmailMessage, *, now: datetime | None = None) -> bool:
        """Return whether *message* is what is searched for, without a server.

        Text is compared without regard to case, as servers do. TEXT looks at the
        message's own header, not at those of its parts; RECENT, NEW and OLD go by
        the flags fetched.

        Args:
            message: with the parts that the keys ask about.
            now: what `older` and `younger` count from; None for the present.

        Raises:
            LookupError: a part that must be known was not fetched, or the key is
                one that only a server can answer, such as `gmail_raw`.
        """
        return self.matcher(now=now)(message)

    def matcher(self, *, now: datetime | None = None) -> Callable[[EmailMessage], bool]:
        """Return `matches` made ready for many messages."""
        return Matcher(self.node, now or datetime.now(UTC))

    def __and__(self, other: IMAPSearchCriteria) -> IMAPSearchCriteria:
        return IMAPSearchCriteria(all_of((self.node, other.node)))

    def __or__(self, other: IMAPSearchCriteria) -> IMAPSearchCriteria:
        return IMAPSearchCriteria(any_of((self.node, other.node)))

    def __invert__(self) -> IMAPSearchCriteria:
        return IMAPSearchCriteria(none_of(self.node))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IMAPSearchCriteria):
            return NotImplemented
        return self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash(self.to_wire())

    def __repr__(self) -> str:
        return f"<IMAPSearchCriteria {_shown(self.to_wire())}>"


def _shown(tokens: tuple[SearchToken, ...]) -> str:
    text = ""
    for token in tokens[:_SHOWN]:
        if text and not text.endswith("(") and token != CLOSE:
            text += " "
        if isinstance(token, SearchAtom):
            text += token.text
        elif isinstance(token, SearchString | SearchName):
            text += repr(token.text)
        else:
            text += str(token.messages)[:_SHOWN]
    return text + (" ..." if len(tokens) > _SHOWN else "")


IMAPSearchCriteria.ALL = IMAPSearchCriteria()
for _name in [
    "SEEN",
    "UNSEEN",
    "FLAGGED",
    "UNFLAGGED",
    "ANSWERED",
    "UNANSWERED",
    "DELETED",
    "UNDELETED",
    "DRAFT",
    "UNDRAFT",
    "RECENT",
    "NEW",
    "OLD",
]:
    setattr(IMAPSearchCriteria, _name, IMAPSearchCriteria(Key(_name)))
