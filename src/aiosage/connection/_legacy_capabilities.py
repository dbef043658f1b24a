"""What a server can do, by names whose case does not matter."""

from __future__ import annotations


class Capabilities(set[str]):
    """Capabilities as the server wrote them, found in any case.

    They are atoms, and so not case-sensitive (RFC 9051 §9); but programs of
    aioimaplib compare the whole set with names as the server writes them.
    """

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        return isinstance(name, str) and name.upper() in map(str.upper, self)
