"""Who runs a server: not root, which may not own mail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Owner:
    """The user a server runs as."""

    name: str
    group: str
    uid: int
    gid: int
    is_other: bool
    """Whether it is another user than the one we are."""

    @classmethod
    def find(cls) -> Owner:
        """Return ``nobody`` for root, and anybody else themselves.

        Raises:
            RuntimeError: the user has no name, as in some containers.
        """
        # Windows has neither module; it has no such servers either.
        import grp
        import pwd

        is_root = os.geteuid() == 0
        try:
            user = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
            group = grp.getgrgid(user.pw_gid).gr_name
        except KeyError as error:
            raise RuntimeError(f"a server needs a user with a name: {error}") from error
        return cls(user.pw_name, group, user.pw_uid, user.pw_gid, is_other=is_root)

    def own(self, folder: Path) -> None:
        """Make *folder* and what is in it theirs."""
        if self.is_other:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid)

    def spawn(
        self,
        *args: str | Path,
        folder: Path,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes],
        stderr: int,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Run *args* in *folder* as this user, in a process group of its own."""
        return subprocess.Popen(
            args,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env=environment,
            start_new_session=True,
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
        )
