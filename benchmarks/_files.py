"""How many files a process may have open."""

from __future__ import annotations

import resource
from typing import Final

_BESIDES: Final = 200
"""Files that a process has open beside its connections."""


def allow_files(connections: int) -> None:
    """Let this process have *connections* open.

    Raises:
        SystemExit: it may not, and says what to do.
    """
    needed = connections + _BESIDES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise SystemExit(
                f"{connections} connections need {needed} open files, and {hard} are"
                f" allowed: run 'ulimit -Hn {needed}' as root, then start this again"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
