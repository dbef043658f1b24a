"""``python -m benchmarks``."""

from __future__ import annotations

import argparse
import os
import platform

from . import _base, _end_to_end, _growth, _loopback, _receive, _watch

SUITES = {
    "receive": _receive.run,
    "loopback": _loopback.run,
    "base": _base.run,
    "growth": _growth.run,
    "end_to_end": _end_to_end.run,
    "watch": _watch.run,
}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(SUITES)}; all without")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the work, fewer runs"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.name) - set(SUITES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    for name in arguments.name or SUITES:
        print(f"\n# {name}")
        SUITES[name](is_quick=arguments.quick)


if __name__ == "__main__":
    main()
