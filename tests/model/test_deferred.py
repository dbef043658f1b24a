"""Values that are built when first read, and attributes that are computed once."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from aiosage.model import BodyStructure, Envelope
from aiosage.model._computed import computed

ENVELOPE = Envelope(subject="a", message_id="<b@c>")
TEXT = BodyStructure(type="text", subtype="plain", section="1", size=3)


class Builds:
    """Gives an envelope and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> Envelope:
        """Build it."""
        self.count += 1
        return ENVELOPE


def test_it_is_built_once_when_a_field_is_first_read() -> None:
    build = Builds()
    envelope = Envelope.deferred(build)

    assert build.count == 0
    assert (envelope.subject, envelope.message_id, envelope.date) == (
        "a",
        "<b@c>",
        None,
    )
    assert build.count == 1


def test_it_is_in_every_way_what_was_built() -> None:
    assert Envelope.deferred(Builds()) == ENVELOPE
    assert {ENVELOPE: 1}[Envelope.deferred(Builds())] == 1
    assert hash(Envelope.deferred(Builds())) == hash(ENVELOPE)
    assert repr(Envelope.deferred(Builds())) == repr(ENVELOPE)
    assert copy.copy(Envelope.deferred(Builds())) == ENVELOPE
    assert copy.deepcopy(Envelope.deferred(Builds())) == ENVELOPE
    assert pickle.loads(pickle.dumps(Envelope.deferred(Builds()))) == ENVELOPE
    assert dataclasses.replace(Envelope.deferred(Builds()), subject="x").subject == "x"


def test_structures_are_too() -> None:
    assert BodyStructure.deferred(lambda: TEXT) == TEXT
    assert [*BodyStructure.deferred(lambda: TEXT).walk()] == [TEXT]
    assert BodyStructure.deferred(lambda: TEXT).content_type == "text/plain"


def test_it_cannot_be_changed_and_has_no_other_attributes() -> None:
    build = Builds()
    envelope = Envelope.deferred(build)

    with pytest.raises(dataclasses.FrozenInstanceError):
        envelope.subject = "x"  # type: ignore[misc]  # the point of the test
    assert not hasattr(envelope, "subjekt")
    assert not hasattr(ENVELOPE, "subjekt")
    assert build.count == 0


class Sum:
    def __init__(self) -> None:
        self.count = 0

    @computed
    def value(self) -> int:
        """How often it was computed."""
        self.count += 1
        return self.count


def test_an_attribute_is_computed_once_for_each_instance() -> None:
    one, two = Sum(), Sum()

    assert one.value == one.value == 1
    assert (one.count, two.count) == (1, 0)
    assert two.value == 1
    assert isinstance(Sum.value, computed)
    assert Sum.value.__doc__ == "How often it was computed."
