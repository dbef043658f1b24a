"""THREAD (RFC 5256 §4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...errors import IMAPProtocolError
from ...model import ThreadNode
from .._tokens import Value
from .._values import as_uid


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
