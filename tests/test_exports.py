"""What `import aiosage` gives."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import aiosage
import aiosage.client
import aiosage.connection
import aiosage.errors
import aiosage.model
import aiosage.pool
import aiosage.resilience
import aiosage.sync
import aiosage.testing
import aiosage.watch
import aiosage.wire

PACKAGES = [
    aiosage,
    aiosage.client,
    aiosage.connection,
    aiosage.model,
    aiosage.pool,
    aiosage.resilience,
    aiosage.sync,
    aiosage.testing,
    aiosage.watch,
    aiosage.wire,
]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_package_exports_what_it_says_and_nothing_else(package: ModuleType) -> None:
    """``__all__`` is sorted, without duplicates, and leaves nothing out."""
    exported: list[str] = package.__all__
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    # Capitals first, as ruff sorts them.
    assert len(set(exported)) == len(exported)
    assert set(exported) - {"__version__"} == public


def test_every_error_is_exported() -> None:
    """Callers catch what they can name."""
    errors = {
        name
        for name, value in vars(aiosage.errors).items()
        if inspect.isclass(value) and issubclass(value, aiosage.IMAPError)
    }

    assert errors <= set(aiosage.__all__)


def test_the_version_is_that_of_the_distribution() -> None:
    assert aiosage.__version__[0].isdigit()


def test_importing_the_library_imports_no_extras() -> None:
    """Nobody pays for the database, the command line or the test tools."""
    extras = (
        "sqlalchemy aiosqlite rich typer trustme keyring scramp lxml"
        " aiosage.testing pytest"
    )
    code = (
        "import sys, aiosage;"
        f"print([name for name in '{extras}'.split() if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
