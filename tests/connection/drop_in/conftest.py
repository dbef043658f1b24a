"""Each test on both libraries: ours passes, and the base fails what ours mends."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace

import aioimaplib
import pytest

from .library import BASE, OURS, SWAPPED, Library

_DEFECT = pytest.mark.xfail(strict=True, reason="a defect of aioimaplib 2.0.3")


@pytest.fixture(
    params=[
        pytest.param(OURS, id=OURS.name),
        pytest.param(BASE, id=BASE.name, marks=[_DEFECT, pytest.mark.timeout(10)]),
    ]
)
def library(request: pytest.FixtureRequest) -> Library:
    """Ours, which must pass, and the base, which must fail."""
    found: Library = request.param
    return found


@pytest.fixture(params=[OURS, BASE, SWAPPED], ids=lambda library: library.name)
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Ours, the base, and the base's clients over our protocol: all must pass.

    This is what programs rely on.
    """
    found: Library = request.param
    if found is SWAPPED:
        for module in (aioimaplib, aioimaplib.aioimaplib):
            monkeypatch.setattr(module, "IMAP4ClientProtocol", found.Protocol)
    return replace(found, patience=OURS.patience)


@pytest.fixture(autouse=True)
async def nothing_leaks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Hold ours to what every connection is held to; tidy up after the base."""
    loop = asyncio.get_running_loop()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)  # for what only has to be told that it has ended
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    callspec = getattr(request.node, "callspec", None)
    is_base = callspec is not None and BASE in callspec.params.values()
    if is_base:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    gc.collect()
    assert is_base or not complaints
    assert is_base or not left
