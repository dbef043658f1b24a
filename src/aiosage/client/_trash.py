"""Which mailbox is the trash."""

from __future__ import annotations

from ..errors import IMAPMailboxError
from ..model import SpecialUse
from ..pool import IMAPConnectionPool
from ._folder_service import IMAPFolderService
from ._recovery import Recovery


async def find_trash(pool: IMAPConnectionPool, recovery: Recovery) -> str:
    """Return the name of the trash.

    Raises:
        IMAPMailboxError: there is none.
    """
    trash = await IMAPFolderService(pool, recovery).special(SpecialUse.TRASH)
    if trash is None:
        raise IMAPMailboxError(
            "LIST",
            "NO",
            "NONEXISTENT",
            "no mailbox is known to be the trash",
            hint="Name it, or expunge the messages.",
        )
    return trash.name


def already_in_trash(trash: str) -> IMAPMailboxError:
    """Return the error of who would move messages from *trash* to *trash*."""
    return IMAPMailboxError(
        "UID MOVE",
        "NO",
        "CANNOT",
        f"the messages are in {trash!r} already",
        hint="To remove them for good, expunge them.",
    )
