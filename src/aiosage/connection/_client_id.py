"""What a client says of itself after logging in, and whether it can be said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from typing import Final

# RFC 2971 §3.3
_MAX_FIELDS: Final = 30
_MAX_NAME: Final = 30
_MAX_VALUE: Final = 1024

_CAPABILITY: Final = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]+')


def default_client_id() -> dict[str, str]:
    """Return what is said if nothing else is wanted."""
    return {"name": "aiosage", "version": _version()}


@cache
def _version() -> str:
    return version("aiosage")


def check_client_id(fields: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the fields of an ID command (RFC 2971 §3.3)."""
    if len(fields) > _MAX_FIELDS:
        yield f"client_id: has {len(fields)} fields, more than {_MAX_FIELDS}"
    if len({name.lower() for name in fields}) < len(fields):
        yield "client_id: has a field twice, in capitals and not"
    for name, value in fields.items():
        # Octets are counted; lone surrogates are no characters, and are refused.
        shown = f"client_id: {name[:_MAX_NAME]!r}"
        for text, limit in ((name, _MAX_NAME), (value, _MAX_VALUE)):
            try:
                octets = text.encode()
            except UnicodeEncodeError:
                yield f"{shown}: cannot be sent"
                continue
            if b"\0" in octets:
                yield f"{shown}: NUL cannot be sent"
            if len(octets) > limit:
                yield f"{shown}: {len(octets)} octets, more than {limit}"


def check_enable(names: Iterable[str]) -> Iterator[str]:
    """Yield which of *names* cannot be names of capabilities."""
    for name in names:
        if not _CAPABILITY.fullmatch(name):
            yield f"enable: {name!r} is not the name of a capability"
