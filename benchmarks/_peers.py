"""Other clients on the same octets. What is not installed is left out."""

from __future__ import annotations

import imaplib
import io
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ._measure import Contestant
from ._streams import Stream

if TYPE_CHECKING:
    from typing_extensions import Buffer

_TAG = re.compile(rb"^([A-Z]{4}\d+) ")


class _Replay(imaplib.IMAP4):
    """imaplib, reading what it is answered from memory instead of a socket."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        super().__init__("127.0.0.1")

    def open(
        self, host: str = "", port: int = 143, timeout: float | None = None
    ) -> None:
        """Begin with what a session begins with."""
        self._input = io.BytesIO(b"* PREAUTH ready\r\n")

    def read(self, size: int) -> bytes:
        """Return a literal."""
        return self._input.read(size)

    def readline(self) -> bytes:
        """Return a line, however long it is."""
        return self._input.readline()

    def send(self, data: Buffer) -> None:
        """Put the answer to *data* where it will be read."""
        data = bytes(data)
        match = _TAG.match(data)
        assert match is not None
        end = match[1] + b" OK done\r\n"
        if b"CAPABILITY" in data:
            answer = b"* CAPABILITY IMAP4rev1\r\n" + end
        elif b"SELECT" in data:
            answer = b"* 1 EXISTS\r\n" + end
        else:
            answer = self._stream.data + end
        self._input = io.BytesIO(answer)

    def shutdown(self) -> None:
        """Nothing is open."""

    def answer(self) -> list[bytes | tuple[bytes, bytes]]:
        """Return the stream as imaplib cuts it."""
        self.select()
        if self._stream.is_search:
            _, data = self.uid("SEARCH", "ALL")
        else:
            _, data = self.uid("FETCH", "1:*", "(FLAGS)")
        return [item for item in data if item is not None]


def on_stream(stream: Stream) -> Iterator[Contestant]:
    """Yield the clients that can be given octets without a server."""

    def by_imaplib() -> int:
        answer = _Replay(stream).answer()
        if stream.is_search:
            return sum(len(line.split()) for line in answer if isinstance(line, bytes))
        # A message with a literal is a tuple and the rest of its line.
        return sum(1 for item in answer if item != b")")

    yield Contestant("imaplib: cut into lines", by_imaplib, stream.items)
    if find_spec("imapclient") is None:
        return
    from imapclient.response_parser import (  # type: ignore[import-not-found,import-untyped,unused-ignore]  # only where it is installed
        parse_fetch_response,
        parse_message_list,
    )

    def by_imapclient() -> int:
        answer = _Replay(stream).answer()
        if stream.is_search:
            return len(parse_message_list(answer))
        return len(parse_fetch_response(answer))

    yield Contestant("IMAPClient: parsed", by_imapclient, stream.items)
