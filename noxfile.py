"""The only definition of what is checked: CI and people run these sessions."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "layers", "tests"]

PARALLEL = ("-n", "auto", "--dist", "worksteal")
"""A worker for each processor; each starts servers of its own."""


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
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """The tests on real servers only: Dovecot and Cyrus, which must be there."""
    install(session)
    session.run(
        "pytest",
        *PARALLEL,
        "-m",
        "dovecot or cyrus",
        *session.posargs,
        env={"AIOSAGE_REQUIRE_SERVERS": "1"},
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, and run every Python block of it and the README."""
    install(session)
    session.install("--quiet", "furo>=2025.7", "myst-parser>=4", "sphinx>=8.2")
    pages = session.create_tmp()
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-q", "docs", pages)
    session.run("pytest", "tests/test_docs.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios to a floor and to other clients, side by side in one run."""
    install(session)
    session.install("--quiet", "IMAPClient>=3")  # one of them
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Octets chosen by what they reach, for a minute or as many seconds as given."""
    install(session)
    session.install("--quiet", "atheris>=3")  # wheels for Linux only
    session.run("python", "-m", "tests.fuzz", *session.posargs)


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


@nox.session
def chaos(session: nox.Session) -> None:
    """10,000 faults on each server, and nothing lost, doubled or left hanging."""
    install(session)
    for server in "memory", "dovecot":
        session.run("python", "-m", "tests.chaos", "--server", server, *session.posargs)
