"""A plugin for ``pytest --collect-only``: tell each test and its markers."""

from __future__ import annotations

import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Print them, so that another process can read them."""
    for item in session.items:
        markers = ",".join({marker.name for marker in item.iter_markers()})
        print(f"marked\t{item.nodeid}\t{markers}")  # noqa: T201 - it is read there
