"""Messages gathered into conversations as a server would (RFC 5256 §3).

A message is a node, numbered from 0 in mailbox order; a message that others refer
to but that is not there is a node without item. Links are kept as the parent of
each node, and turned into lists of children when no link changes any more.
Nothing recurses: references make trees as deep as whoever writes mail likes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from ._thread_item import ThreadItem
from ._thread_node import ThreadNode

# A deeper thread is cut: whether a link makes a loop is told by climbing.
_DEEPEST: Final = 10_000


class ThreadAlgorithm(StrEnum):
    """How messages are gathered into threads.

    ORDEREDSUBJECT goes by subject alone (RFC 5256 §3). REFERENCES goes by
    References and In-Reply-To, and then by subject. REFS goes by the former alone,
    and has the threads in the order of their latest messages: here and on Dovecot
    by sent date, on Cyrus by arrival.
    """

    REFERENCES = "REFERENCES"
    REFS = "REFS"
    ORDEREDSUBJECT = "ORDEREDSUBJECT"


def threads_of(
    items: Iterable[ThreadItem],
    algorithm: ThreadAlgorithm = ThreadAlgorithm.REFERENCES,
) -> tuple[ThreadNode, ...]:
    """Return *items* in threads, as *algorithm* gathers and orders them."""
    ordered = sorted(items, key=lambda item: item.number)
    if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:
        return _by_subject(ordered)
    forest = _Forest(ordered)
    if algorithm is ThreadAlgorithm.REFS:
        return forest.in_order_of_latest()
    return forest.in_order_of_first()


def _by_subject(items: Sequence[ThreadItem]) -> tuple[ThreadNode, ...]:
    """Return threads of one subject each, the first message above all others."""
    threads: dict[str, list[ThreadItem]] = {}
    for item in sorted(items, key=lambda item: item.sent):
        threads.setdefault(item.subject, []).append(item)
    return tuple(_flat([item.number for item in thread]) for thread in threads.values())


def _flat(numbers: Sequence[int]) -> ThreadNode:
    if len(numbers) <= 2:
        return ThreadNode(tuple(numbers))
    children = tuple(ThreadNode((number,)) for number in numbers[1:])
    return ThreadNode((numbers[0],), children)


class _Forest:
    """Messages linked by their references (RFC 5256 §3, steps 1 to 3).

    Attributes:
        items: by node, None where the message is not there.
        children: by node, as far as it has any.
        roots: the first nodes of the threads.
    """

    def __init__(self, items: Sequence[ThreadItem]) -> None:
        self.items: list[ThreadItem | None] = list(items)
        self._parents: list[int | None] = [None] * len(items)
        self._has_children = [False] * len(items)
        self._nodes: dict[str, int] = {}
        for node, item in enumerate(items):
            if item.message_id is not None:
                self._nodes.setdefault(item.message_id, node)  # the first has it
        for node, item in enumerate(items):
            self._refer(node, item.references)
        self.children: dict[int, list[int]] = {}
        self.roots: list[int] = []
        for node, parent in enumerate(self._parents):
            if parent is None:
                self.roots.append(node)
            else:
                self.children.setdefault(parent, []).append(node)
        self._prune()

    def _refer(self, node: int, references: Iterable[str]) -> None:
        """Link what a message refers to, and the message (step 1)."""
        above: int | None = None
        for message_id in references:
            known = self._nodes.get(message_id)
            if known is None:
                known = self._nodes[message_id] = len(self.items)
                self.items.append(None)
                self._parents.append(None)
                self._has_children.append(False)
            if above is not None and self._parents[known] is None:
                self._link(known, above)
            above = known
        # What the message itself says counts for more than what others say.
        self._parents[node] = None
        if above is not None:
            self._link(node, above)

    def _link(self, node: int, parent: int) -> None:
        """Put *node*, which has no parent, below *parent*, unless that is a loop."""
        if node == parent:
            return
        if self._has_children[node]:
            ancestor = self._parents[parent]
            for _ in range(_DEEPEST):
                if ancestor is None:
                    break
                if ancestor == node:
                    return
                ancestor = self._parents[ancestor]
            else:
                return
        self._parents[node] = parent
        self._has_children[parent] = True

    def _prune(self) -> None:
        """Take out messages that are not there (step 3).

        One stays at the top if more than one message answers it.
        """
        for node in reversed(self._parents_first()):
            kept: list[int] = []
            for child in self.children.pop(node, ()):
                if self.items[child] is not None:
                    kept.append(child)
                    continue
                spliced = self.children.pop(child, [])
                if len(spliced) > len(kept):  # so that nothing is moved often
                    kept, spliced = spliced, kept
                kept.extend(spliced)
            if kept:
                self.children[node] = kept
        roots: list[int] = []
        for root in self.roots:
            below = self.children.get(root, ())
            if self.items[root] is not None or len(below) > 1:
                roots.append(root)
            else:
                roots.extend(below)
        self.roots = roots

    def _parents_first(self) -> list[int]:
        nodes: list[int] = []
        stack = list(self.roots)
        while stack:
            node = stack.pop()
            nodes.append(node)
            stack.extend(self.children.get(node, ()))
        return nodes

    def in_order_of_first(self) -> tuple[ThreadNode, ...]:
        """Return the threads as REFERENCES has them (steps 4 to 6)."""
        for root in self.roots:
            if self.items[root] is None:
                self.children[root].sort(key=self._sent)
        self.roots.sort(key=self._sent)
        self._merge()
        for siblings in self.children.values():
            siblings.sort(key=self._sent)
        self.roots.sort(key=self._sent)
        return self._as_nodes()

    def in_order_of_latest(self) -> tuple[ThreadNode, ...]:
        """Return the threads as REFS has them."""
        latest: dict[int, tuple[float, int]] = {}
        for node in reversed(self._parents_first()):
            siblings = self.children.get(node, [])
            siblings.sort(key=self._sent)
            item = self.items[node]
            times = [latest[child] for child in siblings]
            if item is not None:
                times.append((item.sent, item.number))
            latest[node] = max(times)
        self.roots.sort(key=latest.__getitem__)
        return self._as_nodes()

    def _first(self, node: int) -> ThreadItem:
        """Return the message of *node*, or that of its first child."""
        item = self.items[node]
        if item is None:  # only at the top, above messages that are there
            item = self.items[self.children[node][0]]
        assert item is not None
        return item

    def _sent(self, node: int) -> tuple[float, int]:
        item = self._first(node)
        return item.sent, item.number

    def _merge(self) -> None:
        """Join threads that have one subject (step 5)."""
        by_subject: dict[str, int] = {}
        for root in self.roots:
            subject = self._first(root).subject
            if not subject:
                continue
            other = by_subject.setdefault(subject, root)
            item, known = self.items[root], self.items[other]
            if known is not None and (
                item is None or (known.is_reply and not item.is_reply)
            ):
                by_subject[subject] = root
        # In the order they have now: dict, since they are taken out by name.
        roots = dict.fromkeys(self.roots)
        for root in self.roots:
            item = self._first(root)
            subject = item.subject
            if not subject or (other := by_subject[subject]) == root:
                continue
            del roots[root]
            known = self.items[other]
            if self.items[root] is None:
                self.children[other].extend(self.children.pop(root))
            elif known is None or (item.is_reply and not known.is_reply):
                self.children.setdefault(other, []).append(root)
            else:
                del roots[other]
                both = by_subject[subject] = len(self.items)
                self.items.append(None)
                self.children[both] = [other, root]
                roots[both] = None
        self.roots = list(roots)

    def _as_nodes(self) -> tuple[ThreadNode, ...]:
        """Return the trees with every run of single answers as one node."""
        heads: list[int] = []
        runs: dict[int, tuple[tuple[int, ...], list[int]]] = {}
        stack = list(self.roots)
        while stack:
            head = node = stack.pop()
            numbers: list[int] = []
            while True:
                item = self.items[node]
                if item is not None:
                    numbers.append(item.number)
                below = self.children.get(node, [])
                if len(below) != 1:
                    break
                (node,) = below
            heads.append(head)
            runs[head] = tuple(numbers), below
            stack.extend(below)
        made: dict[int, ThreadNode] = {}
        for head in reversed(heads):
            messages, below = runs[head]
            made[head] = ThreadNode(messages, tuple(made.pop(child) for child in below))
        return tuple(made[root] for root in self.roots)
