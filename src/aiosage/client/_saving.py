"""A part of a message as a file: the whole of it, or none."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, TypeVar, TypeVarTuple

from anyio import CancelScope, to_thread

from ..model import BodyStructure
from ._access import MailboxAccess
from ._downloading import Download, download

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_BATCH: Final = 2**20
"""Octets written at once: each time costs a visit to a thread."""


async def download_to(
    access: MailboxAccess,
    path: Path,
    uid: int,
    part: str | BodyStructure,
    overwrite: bool,
    on_progress: Callable[[int, int], object] | None,
) -> int:
    """Write *part* to *path*, and return how many octets that is.

    It is written beside *path* under another name, which it loses last of all.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.part")
    if not overwrite and await to_thread.run_sync(path.exists):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    async with download(access, uid, part) as found:
        # These two not in a thread: cancelled, they would leave something behind.
        file = _create(beside)
        try:
            size = await _write(found, file, on_progress)
            await _in_thread(_publish, file, beside, path, overwrite)
        finally:
            _discard(file, beside)
    return size


def _create(path: Path) -> BinaryIO:
    return path.open("xb")


async def _write(
    found: Download,
    file: BinaryIO,
    on_progress: Callable[[int, int], object] | None,
) -> int:
    size = 0
    batch = bytearray()
    async for octets in found:
        batch += octets
        size += len(octets)
        if len(batch) >= _BATCH:
            await _in_thread(file.write, bytes(batch))
            batch.clear()
        if on_progress is not None:
            on_progress(found.received, found.size)
    await _in_thread(file.write, bytes(batch))
    return size


def _publish(file: BinaryIO, beside: Path, path: Path, overwrite: bool) -> None:
    file.flush()
    os.fsync(file.fileno())  # else a power cut could leave the name without content
    file.close()
    if overwrite:
        beside.replace(path)
        return
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:  # this file system has no links: take the name, then fill it
        path.open("xb").close()
        beside.replace(path)


def _discard(file: BinaryIO, beside: Path) -> None:
    file.close()
    beside.unlink(missing_ok=True)


async def _in_thread(work: Callable[[*Ts], T], *arguments: *Ts) -> T:
    """Return what *work* returns; cancelled, wait for its end before that is told.

    Else what is discarded would be in the hands of the thread still.
    """
    task = asyncio.ensure_future(to_thread.run_sync(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with CancelScope(shield=True):
            while not task.done():
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError:
                    continue  # once more; it is told below
        raise
