"""Values that are worked out when they are first looked at.

A server's answer about ten thousand messages holds ten thousand envelopes, and
often few are read. A deferred value knows how to build itself and has nothing
in its slots. Python asks ``__getattr__`` only for what it does not find: the
first field to be read fills them all, and from then on nothing is special.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self


class Deferred:
    """Base of frozen dataclasses with slots that may be built later."""

    __slots__ = ("_build",)

    _build: Callable[[], Self] | None

    @classmethod
    def deferred(cls, build: Callable[[], Self]) -> Self:
        """Return the value that *build* will return when a field is first read.

        Args:
            build: must not raise; called once, or by each of several threads
                that read at the same instant.
        """
        value = cls.__new__(cls)
        object.__setattr__(value, "_build", build)
        return value

    if not TYPE_CHECKING:  # else every misspelt field would have a type

        def __getattr__(self, name: str) -> object:
            names = type(self).__slots__  # the fields: nothing is derived from it
            if name not in names:
                raise AttributeError(
                    f"{type(self).__name__!r} object has no attribute {name!r}",
                    name=name,
                    obj=self,
                )
            build = object.__getattribute__(self, "_build")
            if build is None:  # another thread was faster
                return object.__getattribute__(self, name)
            built = build()
            fill = object.__setattr__
            for each in names:
                fill(self, each, getattr(built, each))
            fill(self, "_build", None)  # and all that it holds
            return getattr(built, name)
