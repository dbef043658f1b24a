"""GENURLAUTH, RESETKEY and URLFETCH (RFC 4467 §7, RFC 5524).

An authorized URL opens a message to whoever has it, so it is a `Secret`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ...model import Secret
from .._encoder import Encoder
from ..responses import GenUrlAuthData, Status, Untagged, UrlContent, UrlFetchData
from ._command import Command, of_kind


class UrlFetchItem(StrEnum):
    """What to fetch of a URL (RFC 5524 §3.1)."""

    BODY = "BODY"
    BINARY = "BINARY"
    STRUCTURE = "BODYPARTSTRUCTURE"


@dataclass(frozen=True, slots=True)
class GenUrlAuth(Command[tuple[Secret, ...]]):
    """Authorize URLs (RFC 4467 §7).

    Attributes:
        urls: each names a message or part of it, and in ``;URLAUTH=`` who may
            fetch it, such as ``anonymous`` or ``user+bob``.
        mechanism: how the server signs them.

    Raises:
        ValueError: there is no URL.
    """

    urls: tuple[str, ...]
    mechanism: str = "INTERNAL"

    name: ClassVar = "GENURLAUTH"
    requires: ClassVar = "URLAUTH"
    claims: ClassVar = (GenUrlAuthData,)

    def __post_init__(self) -> None:
        _expect_some(self.urls)

    def encode(self, to: Encoder) -> None:
        """Write URLs and mechanism by turns."""
        to.keyword(self.name)
        for url in self.urls:
            to.string(url).keyword(self.mechanism)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[Secret, ...]:
        """Return the authorized URLs, in the order they were asked for."""
        found = of_kind(GenUrlAuthData, untagged)
        return tuple(url for data in found for url in data.urls)


@dataclass(frozen=True, slots=True)
class ResetKey(Command[None]):
    """Let authorized URLs be worth nothing any more (RFC 4467 §7).

    Attributes:
        mailbox: those into it; None for all of the user's.
        mechanisms: signed by these only; empty for all.

    Raises:
        ValueError: mechanisms without a mailbox.
    """

    mailbox: str | None = None
    mechanisms: tuple[str, ...] = ()

    name: ClassVar = "RESETKEY"
    requires: ClassVar = "URLAUTH"
    changes: ClassVar = True

    def __post_init__(self) -> None:
        if self.mechanisms and self.mailbox is None:
            raise ValueError("mechanisms are reset for a mailbox")

    def encode(self, to: Encoder) -> None:
        """Write mailbox and mechanisms."""
        to.keyword(self.name)
        if self.mailbox is not None:
            to.mailbox(self.mailbox)
        for mechanism in self.mechanisms:
            to.keyword(mechanism)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class UrlFetch(Command[tuple[UrlContent, ...]]):
    """Fetch what authorized URLs lead to (RFC 4467 §7).

    Attributes:
        urls: as `GenUrlAuth` made them.
        parts: what of them (RFC 5524 §3.1, which needs URLAUTH=BINARY); empty
            for the body alone.

    Raises:
        ValueError: there is no URL.
    """

    urls: tuple[Secret, ...]
    parts: frozenset[UrlFetchItem] = frozenset()

    name: ClassVar = "URLFETCH"
    requires: ClassVar = "URLAUTH"
    claims: ClassVar = (UrlFetchData,)

    def __post_init__(self) -> None:
        _expect_some(self.urls)

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield URLAUTH=BINARY if parts are named."""
        if self.parts:
            yield ("URLAUTH=BINARY",)

    def encode(self, to: Encoder) -> None:
        """Write the URLs, each with the parts wanted."""
        to.keyword(self.name)
        for url in self.urls:
            if not self.parts:
                to.string(url)
                continue
            to.open().string(url)
            for part in sorted(self.parts):
                to.keyword(part)
            to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[UrlContent, ...]:
        """Return one content for each URL, empty where the server has none."""
        found = {
            content.url: content
            for data in of_kind(UrlFetchData, untagged)
            for content in data.contents
        }
        return tuple(found.get(url) or UrlContent(url) for url in self.urls)


def _expect_some(urls: Sequence[object]) -> None:
    if not urls:
        raise ValueError("there is no URL")
