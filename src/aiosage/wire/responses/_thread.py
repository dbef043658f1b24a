"""THREAD (RFC 5256 §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import IMAPProtocolError
from .._tokens import Value
from .._values import as_uid


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ThreadData:
    """The answer to THREAD (RFC 5256 §4), in the order of the algorithm."""

    threads: tuple[ThreadNode, ...]


_Unfinished: TypeAlias = tuple[Iterator[Value], list[int], list[ThreadNode]]


def parse_thread(values: list[Value]) -> ThreadData:
    # A list that is being read: what is left of it, and the node so far.
    stack: list[_Unfinished] = [(iter(values), [], [])]
    while True:
        rest, messages, branches = stack[-1]
        for value in rest:
            if isinstance(value, list):
                stack.append((iter(value), [], []))
                break
            if len(stack) == 1 or branches:
                raise IMAPProtocolError("THREAD with a message outside a thread")
            messages.append(as_uid(value))
        else:
            stack.pop()
            if not stack:
                return ThreadData(tuple(branches))
            stack[-1][2].append(ThreadNode(tuple(messages), tuple(branches)))
