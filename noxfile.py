"""The only definition of what is checked: CI and people run these sessions."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "layers", "tests"]


def install(session: nox.Session) -> None:
    session.install("--quiet", "--editable", ".[dev]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install("--quiet", "ruff>=0.9")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types, twice: two checkers find different mistakes."""
    install(session)
    session.run("mypy")
    session.run("pyright")


@nox.session
def layers(session: nox.Session) -> None:
    """Imports point down the layers."""
    install(session)
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything: the embedded server always, Dovecot where it is installed."""
    install(session)
    session.run("pytest", *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """The tests on a real Dovecot only, which must be installed."""
    install(session)
    session.run(
        "pytest",
        "-m",
        "dovecot",
        *session.posargs,
        env={"AIOSAGE_REQUIRE_SERVERS": "1"},
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Run every Python block of the README and the docs."""
    install(session)
    session.run("pytest", "tests/test_docs.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios to a floor and to the base, side by side in one run."""
    install(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist and the wheel."""
    session.install("--quiet", "build>=1.2")
    session.run("python", "-m", "build")


@nox.session
def demo(session: nox.Session) -> None:
    """What a newcomer runs first."""
    session.install("--quiet", ".[cli]")
    session.run("aiosage", "demo", *session.posargs)
