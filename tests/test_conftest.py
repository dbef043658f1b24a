from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = Path(__file__).parent / "testing" / "test_dovecot.py"


def run(*arguments: str, folder: Path, **environment: str) -> tuple[int, str]:
    """Run a test on Dovecot where an unusable one comes first in the PATH."""
    program = folder / "dovecot"
    program.write_text("#!/bin/sh\necho 2.4.1\n")
    program.chmod(0o755)
    inherited = {k: v for k, v in os.environ.items() if k != "AIOSAGE_REQUIRE_SERVERS"}
    environment["PATH"] = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        env=inherited | environment,
        cwd=TEST.parents[2],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers", ["0", "1"])
def test_without_dovecot_its_tests_are_skipped_loudly(
    tmp_path: Path, workers: str
) -> None:
    test = f"{TEST}::test_kicking_nobody_is_an_error"
    status, output = run(test, "-n", workers, folder=tmp_path)

    assert status == 0
    assert "1 skipped" in output
    assert "LEFT OUT: every test on Dovecot" in output
    assert "apt-get install dovecot-core dovecot-imapd" in output


def test_without_dovecot_its_tests_fail_where_servers_are_required(
    tmp_path: Path,
) -> None:
    status, output = run(
        f"{TEST}::test_kicking_nobody_is_an_error",
        folder=tmp_path,
        AIOSAGE_REQUIRE_SERVERS="1",
    )

    assert status == 1
    assert "1 error" in output
    assert "apt-get install dovecot-core dovecot-imapd" in output


@pytest.mark.parametrize(("expression", "left"), [("dovecot", 1), ("not dovecot", 0)])
def test_tests_on_dovecot_are_selected_by_their_marker(
    tmp_path: Path, expression: str, left: int
) -> None:
    """Nobody has to mark them: asking for the fixture is enough."""
    _, output = run(
        *("--collect-only", "-q", "-m", expression),
        f"{TEST}::test_kicking_nobody_is_an_error",
        folder=tmp_path,
    )

    assert output.count("::test_kicking_nobody_is_an_error") == left


CYRUS_TEST = (
    f"{TEST.parent / 'test_cyrus.py'}::test_a_secret_that_is_never_sent_logs_in_too"
)


def test_without_cyrus_its_tests_are_skipped_loudly(tmp_path: Path) -> None:
    status, output = run(CYRUS_TEST, folder=tmp_path, AIOSAGE_CYRUS=str(tmp_path))

    assert status == 0
    assert "1 skipped" in output
    assert "LEFT OUT: every test on Cyrus" in output
    assert "as .ci/run does" in output


def test_without_cyrus_its_tests_fail_where_servers_are_required(
    tmp_path: Path,
) -> None:
    status, output = run(
        CYRUS_TEST,
        folder=tmp_path,
        AIOSAGE_CYRUS=str(tmp_path),
        AIOSAGE_REQUIRE_SERVERS="1",
    )

    assert status == 1
    assert "1 error" in output
    assert "as .ci/run does" in output


def test_tests_on_cyrus_are_selected_by_their_marker(tmp_path: Path) -> None:
    _, output = run("--collect-only", "-q", "-m", "cyrus", CYRUS_TEST, folder=tmp_path)

    assert output.count("::test_a_secret_that_is_never_sent_logs_in_too") == 1
