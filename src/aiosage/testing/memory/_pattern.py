"""LIST patterns (RFC 9051 §6.3.9)."""

from __future__ import annotations

from typing import Final

from ._refusal import Bad

MAX_PATTERN: Final = 2000
"""Octets; a match costs pattern times name at worst."""

_STAR: Final = ord("*")
_PERCENT: Final = ord("%")
_DELIMITER: Final = ord("/")


class Pattern:
    """What a LIST pattern matches: names in modified UTF-7.

    ``*`` is any octets, ``%`` any without a delimiter. INBOX matches in any
    case, other names do not (RFC 9051 §5.1).
    """

    def __init__(self, pattern: bytes) -> None:
        if len(pattern) > MAX_PATTERN:
            raise Bad("Invalid pattern: too long")
        self._pattern = pattern

    def matches(self, name: bytes) -> bool:
        """Return whether *name* is matched.

        All ways to match go on side by side, so nothing is tried twice.
        """
        pattern = self._pattern
        if pattern == b"*":
            return True
        inbox = 5 if name == b"INBOX" or name.startswith(b"INBOX/") else 0
        states = self._reachable([0])
        for index, octet in enumerate(name):
            going_on: list[int] = []
            for state in states:
                if state == len(pattern):
                    continue
                expected = pattern[state]
                if expected == _STAR or (expected == _PERCENT and octet != _DELIMITER):
                    going_on.append(state)
                elif expected == octet or (
                    index < inbox and expected | 0x20 == octet | 0x20
                ):
                    going_on.append(state + 1)
            states = self._reachable(going_on)
        return len(pattern) in states

    def _reachable(self, states: list[int]) -> dict[int, None]:
        """Return *states* and those after wildcards that match nothing."""
        reachable: dict[int, None] = {}
        for state in states:
            while state not in reachable:
                reachable[state] = None
                if self._pattern[state : state + 1] in (b"*", b"%"):
                    state += 1
        return reachable
