"""Telling those who look on, whose mistakes are theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec

log = logging.getLogger("aiosage.resilience")

P = ParamSpec("P")


def tell(
    observer: Callable[P, object] | None, *args: P.args, **kwargs: P.kwargs
) -> None:
    """Call *observer*, if there is one; log what it raises, and go on."""
    if observer is None:
        return
    try:
        observer(*args, **kwargs)
    except Exception:
        log.exception("%r failed", observer)
