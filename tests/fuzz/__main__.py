"""Fuzz what reads a server's octets, led by the code they reach.

::

    python -m tests.fuzz [SECONDS]      # begins with what servers do send
    python -m tests.fuzz replay FILE    # once more what ended a run

A run ends at the first octets that raise what they should not; the file they are
kept in is told. It needs atheris, which has wheels for Linux only.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

LONGEST = 4096  # octets


def main(arguments: list[str]) -> int:
    """Run, and return the exit code."""
    match arguments:
        case ["replay", file]:
            from .targets import one

            one(Path(file).read_bytes())
            return 0
        case []:
            return fuzz(60)
        case [seconds] if seconds.isdecimal():
            return fuzz(int(seconds))
    sys.stderr.write(__doc__ or "")
    return 2


def fuzz(seconds: int) -> int:
    """Run for *seconds*; only an exit of the whole process ends it earlier."""
    if find_spec("atheris") is None:
        sys.stderr.write(
            "Fuzzing needs atheris, which is not installed here: run `nox -s fuzz`,"
            " or `pip install atheris` (Linux, CPython).\n"
        )
        return 1
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # only where it is installed

    with atheris.instrument_imports(include=["aiosage"]):
        from .targets import one, seeds

    folder = Path(tempfile.mkdtemp(prefix="aiosage-fuzz-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, octets in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(octets)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/",
        "-timeout=10",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
