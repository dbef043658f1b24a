"""Which mailbox is the trash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..errors import IMAPMailboxError
from ..model import Flag, MailboxInfo, SpecialUse
from ..pool import IMAPConnectionPool
from ._folder_service import IMAPFolderService

# What servers and clients call it where no attribute tells: the first that is
# there is taken. Exchange, Outlook and Apple Mail translate the name.
_NAMES: Final = (
    *("trash", "deleted items", "deleted messages", "bin"),
    *("papierkorb", "gelöschte elemente", "gelöschte objekte"),
    *("corbeille", "éléments supprimés", "messages supprimés"),
    *("papelera", "elementos eliminados", "cestino", "posta eliminata"),
    *("lixeira", "itens excluídos", "prullenbak", "verwijderde items"),
    *("papperskorgen", "borttaget", "papirkurv", "slettet post", "roskakori"),
    *("poistetut", "kosz", "elementy usunięte", "koš", "odstraněná pošta"),
    *("корзина", "удаленные", "удалённые", "кошик", "видалені"),
    *("çöp kutusu", "silinmiş öğeler", "ごみ箱", "削除済みアイテム", "휴지통"),
    *("已删除邮件", "已删除", "刪除的郵件", "垃圾桶"),
)


async def find_trash(pool: IMAPConnectionPool) -> str:
    """Return the name of the trash.

    Raises:
        IMAPMailboxError: there is none.
    """
    trash = choose_trash(await IMAPFolderService(pool).list())
    if trash is None:
        raise IMAPMailboxError(
            "LIST",
            "NO",
            "NONEXISTENT",
            "no mailbox is known to be the trash",
            hint="Name it, or expunge the messages.",
        )
    return trash


def choose_trash(mailboxes: Iterable[MailboxInfo]) -> str | None:
    """Return the trash among *mailboxes*: by its attribute, or else by its name.

    It is looked for at the top level and below INBOX, where some servers keep all
    mailboxes: deeper ones are somebody's own.
    """
    by_name: dict[str, str] = {}
    for mailbox in mailboxes:
        if not mailbox.is_selectable:
            continue
        if Flag(SpecialUse.TRASH) in mailbox.attributes:
            return mailbox.name
        name = mailbox.name.casefold()
        if mailbox.delimiter is not None:
            name = name.removeprefix(f"inbox{mailbox.delimiter}")
        by_name.setdefault(name, mailbox.name)
    return next((by_name[name] for name in _NAMES if name in by_name), None)


def already_in_trash(trash: str) -> IMAPMailboxError:
    """Return the error of who would move messages from *trash* to *trash*."""
    return IMAPMailboxError(
        "UID MOVE",
        "NO",
        "CANNOT",
        f"the messages are in {trash!r} already",
        hint="To remove them for good, expunge them.",
    )
