"""One part of a message, decoded as it arrives, and across lost connections.

The octets come from the streamed literal of a connection, so the server waits for
whoever reads. If the connection is lost, another one goes on by a partial fetch.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Final

from ..connection import IMAPConnection
from ..errors import (
    IMAPConnectionError,
    IMAPMessageError,
    IMAPOperationError,
    IMAPProtocolError,
)
from ..model import BodyStructure, MessagePart, MessageSet, transfer_decoder
from ._access import MailboxAccess
from ._reading import read_items
from ._server import trusted

_ENCODED: Final = frozenset({"base64", "quoted-printable"})


class Download:
    """The octets of one part, decoded. Read it by one ``async for``.

    Attributes:
        size: octets in all, as they are sent. The server sends an encoded part
            decoded, if it can (BINARY, RFC 3516); else it is decoded here, and
            fewer come out.
        received: those that have come.
    """

    def __init__(
        self, access: MailboxAccess, uid: int, part: str | BodyStructure
    ) -> None:
        self.size = 0
        self.received = 0
        self._access = access
        self._uid = uid
        self._messages = MessageSet([uid])
        self._part = part
        self._section = part if isinstance(part, str) else part.section
        # In which it may be had, with the encoding that is then to be undone.
        self._forms: list[tuple[MessagePart, str]] = [
            (MessagePart.section(self._section), "")
        ]
        self._is_begun = False
        self._is_ended = False
        self._decoder = transfer_decoder("")
        self._pieces: AsyncGenerator[bytes] | None = None  # over one connection

    def __aiter__(self) -> Download:
        return self

    async def __anext__(self) -> bytes:
        while not self._is_ended:
            piece = await self._next_piece()
            if piece is None:
                self._is_ended = True
                octets = self._decoder.finish()
            else:
                octets = self._decoder.feed(piece)
            if octets:
                return octets
        raise StopAsyncIteration

    async def begin(self) -> None:
        """Find the part, and learn its size."""
        await self._next_piece()

    async def aclose(self) -> None:
        """Give the connection back. What has not come is left."""
        self._is_ended = True
        if self._pieces is not None:
            await self._pieces.aclose()

    async def _next_piece(self) -> bytes | None:
        """Return some more octets as they are sent; None when all have come."""
        return await self._access.recovery.persist(self._try_next, repeatable=True)

    async def _try_next(self) -> bytes | None:
        if self._pieces is None:
            self._pieces = self._rest()
        try:
            return await anext(self._pieces, None)
        except BaseException as error:
            self._pieces = None  # it has ended
            if (
                isinstance(error, IMAPConnectionError)
                and self._is_begun
                and self.received == self.size
            ):
                return None  # only the end of the command is missing
            raise

    async def _rest(self) -> AsyncGenerator[bytes]:
        """Yield what has not come yet, over one connection; nothing to begin with."""
        async with self._access.connection(self._messages, read_only=True) as lent:
            if not self._is_begun:
                self._messages = self._access.bound(self._messages, lent)
                self._forms = await self._find(lent)
            while True:
                item, encoding = self._forms[0]
                if self._is_begun:
                    item = item.partial(self.received, self.size - self.received)
                try:
                    async with lent.stream(self._uid, item) as stream:
                        if stream.size is None:
                            raise self._missing()
                        if not self._is_begun:
                            self._is_begun = True
                            self.size = stream.size
                            self._decoder = transfer_decoder(encoding)
                            yield b""
                        elif stream.size > self.size - self.received:
                            raise IMAPProtocolError(
                                f"the server sends {stream.size} octets where"
                                f" {self.size - self.received} were asked for"
                            )
                        async for piece in stream:
                            self.received += len(piece)
                            yield piece
                except IMAPOperationError:
                    # As by UNKNOWN-CTE, of what the server cannot decode.
                    if self._is_begun or len(self._forms) == 1:
                        raise
                    del self._forms[0]
                    continue
                if self.received != self.size:
                    raise IMAPProtocolError(
                        f"the server sent {self.received} octets of {self.size}"
                    )
                return

    async def _find(self, connection: IMAPConnection) -> list[tuple[MessagePart, str]]:
        """Return in which forms the part may be had, the best one first."""
        part = self._part
        if isinstance(part, str):
            if not part[-1:].isdigit():  # a header, or a message: never encoded
                return self._forms
            items = (MessagePart.BODY_STRUCTURE,)
            found = await read_items(connection, self._messages, items)
            root = found[0].body_structure if found else None
            if root is None or (there := root.find(part)) is None:
                raise self._missing()
            part = there
        encoded = MessagePart.section(part.section)
        if part.parts or part.body is not None or part.encoding not in _ENCODED:
            return [(encoded, "")]
        forms = [(encoded, part.encoding)]
        if "BINARY" in trusted(connection):
            forms.insert(0, (MessagePart.binary(part.section), ""))
        return forms

    def _missing(self) -> IMAPMessageError:
        return IMAPMessageError(
            "UID FETCH",
            "NO",
            None,
            f"there is no section {self._section!r} of message {self._uid}",
        )


@asynccontextmanager
async def download(
    access: MailboxAccess, uid: int, part: str | BodyStructure
) -> AsyncGenerator[Download]:
    """Lend the octets of *part* for the block."""
    async with aclosing(Download(access, uid, part)) as found:
        await found.begin()
        yield found
