"""The targets of the fuzzer hold for its seeds, and find what is wrong."""

from __future__ import annotations

import sys

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import parse

from . import __main__ as command
from . import targets


def test_every_target_has_seeds_and_passes_them() -> None:
    seeds = list(targets.seeds())
    for octets in seeds:
        targets.one(octets)
    assert {octets[0] for octets in seeds} == set(range(len(targets.TARGETS)))


def test_an_error_that_is_no_protocol_error_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(frame: object, limits: object) -> None:
        raise ValueError("of a parser that trusts its input")

    monkeypatch.setattr(targets, "parse", careless)
    with pytest.raises(ValueError, match="trusts"):
        targets.one(b"\x00* OK\r\n")


def test_what_is_not_imap_is_no_finding() -> None:
    targets.one(b"\x00nonsense\r\n")
    with pytest.raises(IMAPProtocolError):
        parse([b"nonsense"])


def test_without_atheris_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert command.main(["5"]) == 1
    assert "nox -s fuzz" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["x"], ["replay"], ["1", "2"]])
def test_it_tells_how_it_is_called(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments) == 2
    assert "replay FILE" in capsys.readouterr().err
