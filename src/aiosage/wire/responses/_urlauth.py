"""GENURLAUTH and URLFETCH (RFC 4467 §7, RFC 5524 §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from ...errors import IMAPProtocolError
from ...model import BodyStructure, Secret
from .._tokens import Value
from .._values import as_list, as_octets, as_text


@dataclass(frozen=True, slots=True)
class GenUrlAuthData:
    """URLs that whoever has them may fetch (RFC 4467 §7)."""

    urls: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class UrlContent:
    """What an authorized URL leads to (RFC 4467 §7, RFC 5524 §3.2).

    Attributes:
        url: as it was asked for.
        body: as it is stored; None if it was not asked for or cannot be had.
        binary: with its transfer encoding undone; None likewise.
        structure: of this part; None likewise.
    """

    url: Secret
    body: bytes | None = field(default=None, repr=False)
    binary: bytes | None = field(default=None, repr=False)
    structure: BodyStructure | None = None


@dataclass(frozen=True, slots=True)
class UrlFetchData:
    """What authorized URLs lead to, in the order the server sent it."""

    contents: tuple[UrlContent, ...]


def parse_gen_url_auth(values: list[Value]) -> GenUrlAuthData:
    return GenUrlAuthData(tuple(_url(value) for value in values))


def parse_url_fetch(values: list[Value]) -> UrlFetchData:
    return UrlFetchData(tuple(_contents(values)))


def _contents(values: list[Value]) -> Iterator[UrlContent]:
    position = 0
    while position < len(values):
        url = _url(values[position])
        position += 1
        if position == len(values):
            raise IMAPProtocolError("URLFETCH with a URL and no content")
        if not isinstance(values[position], list):
            yield UrlContent(url, as_octets(values[position]))
            position += 1
            continue
        # One list for each item says RFC 5524; Dovecot has one list for all.
        items: list[Value] = []
        while position < len(values) and isinstance(part := values[position], list):
            items += part
            position += 1
        yield _content(url, items)


def _content(url: Secret, items: list[Value]) -> UrlContent:
    found = {
        as_text(name).upper(): value
        for name, value in zip(items[::2], items[1::2], strict=False)
    }
    structure = as_list(found.get("BODYPARTSTRUCTURE"))
    return UrlContent(
        url,
        as_octets(found.get("BODY")),
        as_octets(found.get("BINARY")),
        BodyStructure.deferred(partial(BodyStructure.from_raw, structure))
        if structure
        else None,
    )


def _url(value: Value) -> Secret:
    return Secret(as_text(value))
