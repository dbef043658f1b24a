"""Files that are made whole, over no other, or not at all."""

from __future__ import annotations

from pathlib import Path


def write_new_file(path: Path, octets: bytes) -> None:
    """Write *octets* to a new file at *path*.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be written. Nothing of it is left.
    """
    # Exclusive creation: it follows no link and overwrites nothing.
    with path.open("xb") as file:
        try:
            file.write(octets)
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise
