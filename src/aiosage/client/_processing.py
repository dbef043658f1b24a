"""Handing messages to a function, some at once, and again those that fail."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from dis import opname
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import FrameType
from typing import Final

import anyio

from ..model import FetchedMessage, MessageSet
from ..resilience import backoff
from ._progress import Progress
from ._reading import Reader
from ._results import ProcessProgress, ProcessResult
from ._windows import TARGET_OCTETS, octets_of

Handler = Callable[[FetchedMessage], Awaitable[object]]
_MOST_LINKS: Final = 200
"""Errors that led to each other, or are of one group; nobody has more."""
_SUSPENDABLE: Final = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


@dataclass(frozen=True, slots=True)
class Terms:
    """How messages are processed.

    Attributes:
        batch_size: most messages whose results are awaited together.
        concurrency: most messages in the hands of the handler at once.
        attempts: how often each is tried at most.

    Raises:
        ValueError: one of them is less than 1.
    """

    batch_size: int
    concurrency: int
    attempts: int

    def __post_init__(self) -> None:
        for name in ("batch_size", "concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}")


class _Processing(Progress[ProcessResult]):
    """What has become of *messages*."""

    def __init__(self, messages: MessageSet) -> None:
        super().__init__(messages)
        self.succeeded: list[MessageSet] = []
        self.failed: dict[int, Exception] = {}
        self.is_complete = False

    def note(self, uids: Sequence[int], failed: dict[int, Exception]) -> None:
        """Note what has become of a batch."""
        self._done.append(MessageSet(uids))
        self.succeeded.append(MessageSet(uid for uid in uids if uid not in failed))
        self.failed.update(failed)

    def result(self) -> ProcessResult:
        """Return it as it stands."""
        missing = self._messages - self.done if self.is_complete else self.of(())
        return ProcessResult(self.of(self.succeeded), self.failed, missing)


async def process(
    source: Reader,
    found: AsyncGenerator[FetchedMessage],
    handler: Handler,
    terms: Terms,
    on_progress: Callable[[ProcessProgress], object] | None,
) -> ProcessResult:
    """Hand what is *found* of the messages of *source* to *handler*."""
    processing = _Processing(source.owner)
    total = len(source.owner)
    done = 0
    with processing.telling():
        async with aclosing(found), aclosing(_batches(found, terms)) as batches:
            async for batch in batches:
                if not done:  # now it is known of which life they are
                    processing.begin(source.owner)
                failed = await _process_batch(batch, handler, terms)
                processing.note([*batch], failed)
                done += len(batch)
                if on_progress is not None:
                    on_progress(ProcessProgress(done, len(processing.failed), total))
    processing.begin(source.owner)
    processing.is_complete = True
    return processing.result()


async def _batches(
    found: AsyncIterator[FetchedMessage], terms: Terms
) -> AsyncGenerator[dict[int, FetchedMessage]]:
    """Yield messages by UID, as many as wanted, but no more than memory can hold."""
    batch: dict[int, FetchedMessage] = {}
    octets = 0
    async for message in found:
        batch[message.uid] = message
        octets += octets_of(message)
        if len(batch) == terms.batch_size or octets >= TARGET_OCTETS:
            yield batch
            batch, octets = {}, 0
    if batch:
        yield batch


async def _process_batch(
    batch: dict[int, FetchedMessage], handler: Handler, terms: Terms
) -> dict[int, Exception]:
    """Return the last error of each message that failed every time."""
    failed = await _try_all(batch, handler, terms.concurrency)
    for attempt in range(1, terms.attempts):
        if not failed:
            break
        await anyio.sleep(backoff(attempt))
        again = {uid: batch[uid] for uid in failed}
        failed = await _try_all(again, handler, terms.concurrency)
    return failed


async def _try_all(
    batch: dict[int, FetchedMessage], handler: Handler, concurrency: int
) -> dict[int, Exception]:
    failed: dict[int, Exception] = {}
    waiting = iter(batch.items())

    async def work() -> None:
        for uid, message in waiting:  # each takes the next of all
            if (error := await _try(handler, message)) is not None:
                _let_go(error)
                failed[uid] = error

    async with anyio.create_task_group() as tasks:
        for _ in range(min(concurrency, len(batch))):
            tasks.start_soon(work)
    return failed


async def _try(handler: Handler, message: FetchedMessage) -> Exception | None:
    task = asyncio.current_task()
    try:
        await handler(message)
    except asyncio.CancelledError as error:
        if task is None or task.cancelling():
            raise
        # Nobody cancelled us: it is what the handler waited for that was.
        failure = RuntimeError("what the handler waited for was cancelled")
        failure.__cause__ = error
        return failure
    except Exception as error:  # the handler's business, whatever it is
        return error
    return None


def _let_go(error: BaseException) -> None:
    """Keep where *error* came from, but not the messages that its frames hold."""
    links: list[BaseException | None] = [error]
    for _ in range(_MOST_LINKS):
        if not links:
            return
        if (link := links.pop()) is None:
            continue
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if not _is_waiting(frame):
                with suppress(RuntimeError):  # it is running
                    frame.clear()
        links += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            # Of any type, since the error was.
            links += link.exceptions  # pyright: ignore[reportUnknownMemberType]


def _is_waiting(frame: FrameType) -> bool:
    """Return whether *frame* may go on, such as that of a task which shared its error.

    Before Python 3.13, to clear it would end what waits there.
    """
    code = frame.f_code
    if not code.co_flags & _SUSPENDABLE:
        return False
    return opname[code.co_code[frame.f_lasti]] == "YIELD_VALUE"
