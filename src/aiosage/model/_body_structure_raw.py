"""The nested lists of BODYSTRUCTURE, read without trust (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ._parameters import decode_parameters
from ._raw_values import RawValue, is_list, octets, text

MAX_DEPTH: Final = 100
"""How deep parts may nest. Real mail stays below ten."""


@dataclass(slots=True)
class RawNode:
    """One part, and where its parts are in the list of all.

    *values* holds its fields without the leading list of parts.
    """

    values: Sequence[RawValue]
    section: str
    is_multipart: bool
    parts: list[int] = field(default_factory=list[int])
    body: int | None = None

    @property
    def is_message(self) -> bool:
        """Whether it holds a message, and the server says what is in it."""
        return (
            not self.is_multipart
            and text(self.at(0)).lower() == "message"
            and text(self.at(1)).lower() in ("rfc822", "global")
            and is_list(self.at(8))
        )

    def at(self, index: int) -> RawValue:
        """Return field *index*; None if the server left it out."""
        return self.values[index] if index < len(self.values) else None


def expand(raw: RawValue) -> list[RawNode]:
    """Return the parts of a structure, each before the parts in it.

    Raises:
        ValueError: *raw* is no body structure.
    """
    if not is_list(raw) or not raw:
        raise ValueError("a body structure is a list that is not empty")
    nodes: list[RawNode] = []
    # What to read: the list, the prefix of its section, its number, who has it.
    stack: list[tuple[Sequence[RawValue], str, int, int | None, int]] = [
        (raw, "", 0, None, 0)
    ]
    while stack:
        value, prefix, number, parent, depth = stack.pop()
        count = 0
        while count < len(value) and is_list(value[count]):
            count += 1
        numbered = f"{prefix}.{number}" if prefix else str(number)
        inner = numbered if number else prefix
        if count and not number:  # a multipart that is all of a message's body
            section = f"{prefix}.TEXT" if prefix else "TEXT"
        elif not number:
            section = inner = f"{prefix}.1" if prefix else "1"
        else:
            section = numbered
        index = len(nodes)
        node = RawNode(value[count:], section, is_multipart=bool(count))
        if not count:
            node = _without_parts(node) or node
        nodes.append(node)
        if parent is not None:
            if number:
                nodes[parent].parts.append(index)
            else:
                nodes[parent].body = index
        if depth == MAX_DEPTH:
            continue
        if node.is_message:
            body = node.at(8)
            if is_list(body) and body:
                stack.append((body, inner, 0, index, depth + 1))
        for position in range(count, 0, -1):
            part = value[position - 1]
            if is_list(part) and part:
                stack.append((part, inner, position, index, depth + 1))
    return nodes


def _without_parts(node: RawNode) -> RawNode | None:
    """Return the multipart of which a server left out the parts; None if it is none.

    What is left begins ``(NIL "mixed" ("boundary"`` or ``("mixed" ("boundary"``.
    """
    values = node.values[1:] if node.at(0) is None else node.values
    if len(values) < 2 or is_list(values[0]) or not is_list(values[1]):
        return None
    if "boundary" not in parameters(values[1]):
        return None
    return RawNode(values, node.section, is_multipart=True)


def parameters(value: RawValue) -> dict[str, str]:
    """Return a list of alternating names and values, decoded."""
    if not is_list(value):
        return {}
    pairs = zip(value[::2], value[1::2], strict=False)
    return decode_parameters(
        (octets(name) or b"", octets(content) or b"") for name, content in pairs
    )


def disposition(value: RawValue) -> tuple[str | None, dict[str, str]]:
    """Return a disposition, in lower case, and its parameters."""
    if not is_list(value):  # some servers send the word alone
        return text(value).lower() or None, {}
    kind = text(value[0]).lower() if value else ""
    return kind or None, parameters(value[1]) if len(value) > 1 else {}


def languages(value: RawValue) -> tuple[str, ...]:
    """Return language tags, which come as one string or a list."""
    tags = value if is_list(value) else (value,)
    return tuple([text(tag) for tag in tags if text(tag)])
