"""A temporary folder that outlives nobody, with the processes that work in it."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

# It reads process groups, each in the place of the one before, to the end of input.
_GUARD: Final = """
group=
while read -r next; do group=$next; done
[ -n "$group" ] && kill -s KILL -- "-$group" 2>/dev/null
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"""


class GuardedFolder:
    """A short-named folder in /tmp, removed even if this process is killed.

    A shell reads a pipe that only this process holds. When the pipe closes, by
    :meth:`remove` or by the death of this process, however sudden, the shell
    kills the process group it was given and removes the folder.

    Attributes:
        path: the folder. Short, and not below TMPDIR, since the path of a unix
            socket in it must stay under 108 octets.
    """

    path: Final[Path]

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="aiosage-", dir="/tmp"))
        # In a session of its own, it does not hear the terminal's Ctrl-C.
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "aiosage-guard", str(self.path)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def kill_with_it(self, group: int) -> None:
        """Have the processes of *group* killed before the folder is removed.

        No longer those of an earlier one, whose number may be another's by then.
        """
        assert self._guard.stdin is not None  # it is a pipe
        self._guard.stdin.write(b"%d\n" % group)
        self._guard.stdin.flush()

    def remove(self) -> None:
        """Kill the processes and remove the folder; return when that is done."""
        self._guard.communicate()
