"""Conversations as trees (RFC 5256 §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class ThreadNode:
    """Messages that answer one another, and where the thread branches.

    A node is a run, not one message, so that a thread of a thousand answers is
    no deeper than one of two: only branches nest, as they do on the wire.

    Attributes:
        messages: numbers or UIDs, as asked, each the answer to the one before.
            Empty where the branches share a parent that is not there.
        branches: what answers the last of them, if that is not one message.
    """

    messages: tuple[int, ...]
    branches: tuple[ThreadNode, ...] = ()

    def walk(self) -> Iterator[tuple[int, int]]:
        """Yield (depth, message), parents first; the first message has depth 0.

        A parent that is not there takes a level, too.
        """
        stack: list[tuple[int, ThreadNode]] = [(0, self)]
        while stack:
            depth, node = stack.pop()
            yield from enumerate(node.messages, depth)
            below = depth + max(1, len(node.messages))
            stack.extend((below, branch) for branch in reversed(node.branches))

    def _shape(self) -> tuple[tuple[tuple[int, ...], int], ...]:
        """Return all nodes, flat, parents first, with how many branches each has."""
        shape: list[tuple[tuple[int, ...], int]] = []
        stack: list[ThreadNode] = [self]
        while stack:
            node = stack.pop()
            shape.append((node.messages, len(node.branches)))
            stack.extend(reversed(node.branches))
        return tuple(shape)

    # Branches nest as deep as mail is answered: nothing here may recurse.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ThreadNode):
            return NotImplemented
        return self._shape() == other._shape()

    def __hash__(self) -> int:
        return hash(self._shape())

    def __repr__(self) -> str:
        numbers = [message for _, message in self.walk()]
        shown = ", ".join(map(str, numbers[:8]))
        return f"<ThreadNode {shown}{', ...' if len(numbers) > 8 else ''}>"
