"""Which mailbox is for what, where there has to be one."""

from __future__ import annotations

from ..errors import IMAPMailboxError
from ..model import SpecialUse
from ..pool import IMAPConnectionPool
from ._access import MailboxAccess
from ._folder_service import IMAPFolderService
from ._recovery import Recovery


async def find_special(
    pool: IMAPConnectionPool, recovery: Recovery, use: SpecialUse
) -> str:
    """Return the name of the mailbox for *use*.

    Raises:
        IMAPMailboxError: there is none.
    """
    info = await IMAPFolderService(pool, recovery).special(use)
    if info is None:
        raise IMAPMailboxError(
            "LIST",
            "NO",
            "NONEXISTENT",
            f"no mailbox is known to be the one for {use.name.lower()}",
            hint="Name it, or make one with folders.create(name, use).",
        )
    return info.name


async def find_target(access: MailboxAccess, mailbox: str) -> str:
    """Return the mailbox that messages of another are to be put into.

    Args:
        access: to the mailbox that they are in.
        mailbox: a name, or a `SpecialUse`.

    Raises:
        IMAPMailboxError: there is none for that use, or the messages are in it.
    """
    if not isinstance(mailbox, SpecialUse):
        return mailbox
    name = await find_special(access.pool, access.recovery, mailbox)
    if name == access.mailbox:
        raise already_in(name)
    return name


def already_in(mailbox: str) -> IMAPMailboxError:
    """Return the error of who would move messages to where they are."""
    return IMAPMailboxError(
        "UID MOVE",
        "NO",
        "CANNOT",
        f"the messages are in {mailbox!r} already",
        hint="To remove them for good, expunge them.",
    )
