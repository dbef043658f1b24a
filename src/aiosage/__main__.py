"""``aiosage`` and ``python -m aiosage``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exit with a code that `aiosage --help` explains."""
    try:
        from .service.cli import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "sqlalchemy", "aiosqlite"):
            raise
        sys.exit(
            f"aiosage: the command line needs {error.name}: pip install 'aiosage[cli]'"
        )
    except KeyboardInterrupt:  # it takes a while, and somebody was quick
        sys.exit(130)
    sys.exit(run())


if __name__ == "__main__":
    main()
