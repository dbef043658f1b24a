"""Attributes that are worked out when first read, and then remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class computed(Generic[T]):  # noqa: N801  # used as `property` is
    """`functools.cached_property` without its lock.

    Before Python 3.12 that lock takes longer than most of what it guards here,
    and all instances of a class share it. Threads that read at the same instant
    may each work the value out.
    """

    def __init__(self, method: Callable[[Any], T]) -> None:
        self._method = method
        self._name = method.__name__
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        # An entry here hides this descriptor from the next look.
        value = instance.__dict__[self._name] = self._method(instance)
        return value
