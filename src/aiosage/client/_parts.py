"""Reading parts of messages whose structure is known, and nothing beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..connection import IMAPConnection
from ..model import BodyStructure, EmailMessage, FetchedMessage, MessagePart, MessageSet
from ._reading import read_items, some_of

_MOST_TEXTS: Final = 20
"""Parts of text read of one message. Real ones have two, seldom five."""
_MOST_PARTS: Final = 50
"""Parts asked for in one command, whose line servers bound."""
_PREVIEW_LENGTH: Final = 200  # characters, as RFC 8970 §3.2 recommends
_PREVIEW_OCTETS: Final = 4096  # of the text, as encoded, that it is made from
_PREVIEW_HTML: Final = 16384  # which begins with what is not shown
_PREVIEWS: Final = 200  # made at once: a few MiB of text


def text_parts(message: EmailMessage) -> tuple[BodyStructure, ...]:
    """Return the parts that are the text of *message*, plain and HTML."""
    root = message.body_structure
    if root is None:
        return ()
    return (*root.text_parts("plain"), *root.text_parts("html"))[:_MOST_TEXTS]


async def add_parts(
    connection: IMAPConnection,
    owner: MessageSet,
    messages: Mapping[FetchedMessage, Sequence[BodyStructure]],
) -> list[FetchedMessage]:
    """Return *messages* with these parts. Those that are gone are left out."""
    wanted = {
        message: tuple(
            MessagePart.section(part.section) for part in parts if part.size != 0
        )
        for message, parts in messages.items()
    }
    return [
        replace(
            message,
            sections={**message.sections, **_empty(messages[message]), **told},
        )
        for message, told in await _read_parts(connection, owner, wanted)
    ]


def _empty(parts: Iterable[BodyStructure]) -> dict[str, bytes]:
    return {part.section: b"" for part in parts if part.size == 0}


async def add_previews(
    connection: IMAPConnection, owner: MessageSet, messages: Sequence[FetchedMessage]
) -> list[FetchedMessage]:
    """Return *messages* with what PREVIEW would tell, in any order.

    Where the server has not told it (Cyrus never does unless it is configured),
    it is made from where the text begins.
    """
    told = [message for message in messages if message.server_preview is not None]
    rest = [message for message in messages if message.server_preview is None]
    structures = (MessagePart.BODY_STRUCTURE,)
    uids = some_of(owner, _uids(rest))
    found = {data.uid: data for data in await read_items(connection, uids, structures)}
    rest = [message for message in rest if message.uid in found]
    for start in range(0, len(rest), _PREVIEWS):
        wanted = {
            message: _beginning(found[message.uid].body_structure)
            for message in rest[start : start + _PREVIEWS]
        }
        for message, sections in await _read_parts(connection, owner, wanted):
            begun = EmailMessage(
                body_structure=found[message.uid].body_structure,
                sections={name.partition("<")[0]: sections[name] for name in sections},
            )
            preview = begun.preview(_PREVIEW_LENGTH)
            told.append(replace(message, server_preview=preview))
            await asyncio.sleep(0)  # hostile HTML takes milliseconds
    return told


def _beginning(root: BodyStructure | None) -> tuple[MessagePart, ...]:
    part = root and (root.text_part or root.html_part)
    if not part or part.size == 0:
        return ()
    octets = _PREVIEW_OCTETS if part.subtype == "plain" else _PREVIEW_HTML
    return (MessagePart.section(part.section).partial(0, octets),)


async def _read_parts(
    connection: IMAPConnection,
    owner: MessageSet,
    wanted: Mapping[FetchedMessage, tuple[MessagePart, ...]],
) -> list[tuple[FetchedMessage, dict[str, bytes]]]:
    """Return each message with its parts by section, such as ``1.2<0>``.

    Most messages of a mailbox are built alike, so one command reads many. Parts
    that are not empty are NIL, or not told of, where the message has just been
    expunged (RFC 2180 §4.1): then it is left out.
    """
    alike: dict[tuple[MessagePart, ...], list[FetchedMessage]] = {}
    for message, parts in wanted.items():
        alike.setdefault(parts, []).append(message)
    read: list[tuple[FetchedMessage, dict[str, bytes]]] = []
    for parts, messages in alike.items():
        told: dict[int, dict[str, bytes]] = {message.uid: {} for message in messages}
        for start in range(0, len(parts), _MOST_PARTS):
            some = parts[start : start + _MOST_PARTS]
            items = await read_items(connection, some_of(owner, told), some)
            found = {data.uid: _of_parts(data.sections, some) for data in items}
            told = {
                uid: sections | found[uid]
                for uid, sections in told.items()
                if found.get(uid)
            }
        read.extend(
            (message, told[message.uid]) for message in messages if message.uid in told
        )
    return read


def _of_parts(
    sections: Mapping[str, bytes | None], parts: Iterable[MessagePart]
) -> dict[str, bytes]:
    told = ((part.key, sections.get(part.key)) for part in parts)
    return {_section(key): octets for key, octets in told if octets is not None}


def _uids(messages: Iterable[FetchedMessage]) -> Iterable[int]:
    return (message.uid for message in messages)


def _section(key: str) -> str:
    """Return ``1.2<0>`` of ``BODY[1.2]<0>``."""
    return key.removeprefix("BODY[").replace("]", "")
