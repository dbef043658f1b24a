"""What a server must announce for search keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ._search_nodes import Key, SearchSet
from ._sequence_set import SavedResult

_CAPABILITIES: Final = {
    "FILTER": "FILTERS",
    "FUZZY": "SEARCH=FUZZY",
    "MODSEQ": "CONDSTORE",
    "OLDER": "WITHIN",
    "YOUNGER": "WITHIN",
    "SAVEDBEFORE": "SAVEDATE",
    "SAVEDON": "SAVEDATE",
    "SAVEDSINCE": "SAVEDATE",
    "SAVEDATESUPPORTED": "SAVEDATE",
    "EMAILID": "OBJECTID",
    "THREADID": "OBJECTID",
    "X-GM-RAW": "X-GM-EXT-1",
    "X-GM-LABELS": "X-GM-EXT-1",
    "X-GM-MSGID": "X-GM-EXT-1",
    "X-GM-THRID": "X-GM-EXT-1",
}


def needed_capabilities(keys: Iterable[Key | SearchSet]) -> frozenset[str]:
    """Return what a server must announce to search by *keys*."""
    needed: set[str] = set()
    for key in keys:
        if isinstance(key, SearchSet):
            if isinstance(key.messages, SavedResult):
                needed.add("SEARCHRES")
        elif capability := _CAPABILITIES.get(key.name):
            needed.add(capability)
    return frozenset(needed)
