"""Mailboxes by level, as people see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ._flags import Flag
from ._mailbox import MailboxInfo

MAX_LEVELS: Final = 100
"""Levels told apart; what is below them is one level, delimiters and all."""


@dataclass(frozen=True, slots=True, eq=False)
class MailboxNode:
    r"""A mailbox and what is below it.

    Attributes:
        info: the mailbox. Where a server lists only what is below it, it has the
            attribute ``\NonExistent``.
        children: the mailboxes one level below, in the order of their names.
    """

    info: MailboxInfo
    children: tuple[MailboxNode, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Its whole name."""
        return self.info.name

    @property
    def level(self) -> str:
        """The last level of its name."""
        return self.info.level

    def walk(self) -> Iterator[MailboxNode]:
        """Yield this one and all below it, each before what is below it."""
        waiting: list[MailboxNode] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(slots=True)
class _Growing:
    """A node whose children are not all known yet."""

    info: MailboxInfo
    children: dict[str, _Growing] = field(default_factory=dict[str, "_Growing"])


def mailbox_tree(mailboxes: Iterable[MailboxInfo]) -> tuple[MailboxNode, ...]:
    """Return *mailboxes* by level: those of the first, with the others below.

    INBOX comes first, then names in order. Takes time in proportion to the names,
    of which no more than `MAX_LEVELS` levels count.
    """
    roots: dict[str, _Growing] = {}
    for info in mailboxes:
        siblings = roots
        name = ""
        levels = _levels(info)
        for level in levels[:-1]:
            name += level
            above = siblings.setdefault(level, _Growing(_missing(name, info)))
            siblings = above.children
            name += info.delimiter or ""
        siblings.setdefault(levels[-1], _Growing(info)).info = info
    return _frozen(roots)


def _levels(info: MailboxInfo) -> list[str]:
    if not info.delimiter:
        return [info.name]
    return info.name.split(info.delimiter, MAX_LEVELS - 1)


def _missing(name: str, below: MailboxInfo) -> MailboxInfo:
    attributes = frozenset({Flag("\\NonExistent"), Flag("\\HasChildren")})
    return MailboxInfo(name, below.delimiter, attributes)


def _frozen(level: dict[str, _Growing]) -> tuple[MailboxNode, ...]:
    # Bounded by MAX_LEVELS, so it may call itself.
    return tuple(
        MailboxNode(node.info, _frozen(node.children))
        for _, node in sorted(
            level.items(), key=lambda item: (item[1].info.name != "INBOX", item[0])
        )
    )
