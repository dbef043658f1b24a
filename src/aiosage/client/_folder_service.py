"""The mailboxes of an account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..model import (
    MailboxInfo,
    MailboxNode,
    MailboxStatus,
    Rights,
    SpecialUse,
    mailbox_tree,
    special_mailboxes,
)
from ..pool import IMAPConnectionPool
from ..wire import NamespaceData, NamespacePrefix, QuotaData
from ..wire.commands import (
    AclMode,
    Command,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    MetadataDepth,
    MyRights,
    Namespace,
    SetAcl,
    SetMetadata,
    SetQuota,
    StatusItem,
)
from . import _folders, _listing
from ._changing import AccountAccess
from ._missing import ABOUT_IT, finding_missing
from ._names import check_new_name, join_levels
from ._recovery import Recovery
from ._results import CreateResult
from ._server import profile_for, trusted
from ._statuses import USUAL_ITEMS, statuses
from ._together import R


class IMAPFolderService:
    """List, make, rename and remove mailboxes. Names are `str`, of any letters.

    Every method may raise `IMAPMailboxError` if the server refuses, and
    `IMAPConnectionError` if the session ends. All may be cancelled; whether the
    last command was carried out is not known then.

    After a lost connection, or when the server is busy, they go on, as ``retry`` of
    `IMAPClient` says. Whether a mailbox was made, renamed or removed is found out
    first, by its name and its MAILBOXID or UIDVALIDITY. If that cannot be told, as
    when others do the same meanwhile, ``maybe_executed`` of the error is true, and
    its ``hint`` says what is there.
    """

    def __init__(
        self, pool: IMAPConnectionPool, recovery: Recovery | None = None
    ) -> None:
        self._pool = pool
        self._account = AccountAccess(pool, recovery or Recovery())
        self._delimiter: str | None = None
        self._knows_delimiter = False

    async def _execute(self, command: Command[R]) -> R:
        """Return the result of *command*, which may be repeated."""
        return await self._run(lambda connection: connection.execute(command))

    async def _run(self, work: Callable[[IMAPConnection], Awaitable[R]]) -> R:
        return await self._account.run(work)

    def _finding_missing(self, mailbox: str) -> AbstractAsyncContextManager[None]:
        return finding_missing(self._pool, mailbox, ABOUT_IT)

    # -- What there is.

    async def list(
        self,
        pattern: str = "*",
        *,
        reference: str = "",
        subscribed: bool = False,
        status: bool | Iterable[StatusItem] = False,
        rights: bool = False,
        metadata: Iterable[str] = (),
    ) -> tuple[MailboxInfo, ...]:
        """Return the mailboxes whose names match, ordered by name, INBOX first.

        One round trip, with whatever is wanted of each; two where the server
        cannot tell it with LIST.

        Args:
            pattern: ``*`` stands for anything, ``%`` for anything but the
                delimiter of levels.
            reference: a name, with its delimiter, to look below.
            subscribed: only those that are subscribed to, even if they do not
                exist any more.
            status: also how each stands: the usual items, or these.
            rights: also what the user may do with each.
            metadata: also these annotations of each, such as
                ``/private/comment``.

        Raises:
            IMAPCapabilityError: the server has no ACL or no METADATA at all.
        """
        if isinstance(status, bool):
            status = USUAL_ITEMS if status else ()
        wanted = _listing.Wanted(
            pattern, reference, subscribed, tuple(status), rights, tuple(metadata)
        )
        return await self._run(partial(_listing.list_mailboxes, wanted=wanted))

    async def tree(
        self,
        *,
        subscribed: bool = False,
        status: bool | Iterable[StatusItem] = False,
    ) -> tuple[MailboxNode, ...]:
        """Return the mailboxes of the first level, with those below them.

        Args:
            subscribed: as in `list`.
            status: likewise.
        """
        return mailbox_tree(await self.list(subscribed=subscribed, status=status))

    async def exists(self, mailbox: str) -> bool:
        """Return whether there is a mailbox of that name that can be opened."""
        info = await self._run(partial(_listing.find, mailbox=mailbox))
        return info is not None and info.is_selectable

    async def specials(self) -> dict[SpecialUse, MailboxInfo]:
        """Return which mailbox is for what.

        As the server says (RFC 6154), else by the names that programs give them
        in some forty languages.
        """

        async def look(connection: IMAPConnection) -> dict[SpecialUse, MailboxInfo]:
            found = await _listing.list_mailboxes(connection, _listing.Wanted())
            return special_mailboxes(found, profile_for(connection).special_names)

        return await self._run(look)

    async def special(self, use: SpecialUse) -> MailboxInfo | None:
        """Return the mailbox for *use*; None if there is none. See `specials`."""
        return (await self.specials()).get(use)

    async def status(
        self, mailbox: str, items: Iterable[StatusItem] = USUAL_ITEMS
    ) -> MailboxStatus:
        """Return how *mailbox* stands, without opening it.

        Args:
            mailbox: its name.
            items: what is wanted. What the server cannot tell stays None.
        """
        answers = await self._run(
            partial(statuses, mailboxes=[mailbox], wanted=tuple(items))
        )
        (answer,) = answers.values()
        if isinstance(answer, IMAPOperationError):
            async with self._finding_missing(mailbox):
                raise answer
        return answer

    async def statuses(
        self,
        mailboxes: Iterable[str] | None = None,
        items: Iterable[StatusItem] = USUAL_ITEMS,
    ) -> dict[str, MailboxStatus]:
        """Return how many mailboxes stand, without opening them, in a round trip.

        Those the server does not tell of are left out: they do not exist, cannot
        be opened, or are not for this user.

        Args:
            mailboxes: their names; None for all.
            items: as in `status`.
        """
        if mailboxes is None:
            listed = await self.list(status=items)
            return {info.name: info.status for info in listed if info.status}
        answers = await self._run(
            partial(statuses, mailboxes=tuple(mailboxes), wanted=tuple(items))
        )
        return {
            name: answer
            for name, answer in answers.items()
            if isinstance(answer, MailboxStatus)
        }

    async def namespaces(self) -> NamespaceData:
        """Return where mailboxes are: own, other users' and shared (RFC 2342)."""

        async def look(connection: IMAPConnection) -> NamespaceData:
            if "NAMESPACE" in trusted(connection):
                return await connection.execute(Namespace())
            delimiter = await _listing.delimiter(connection)
            return NamespaceData(personal=(NamespacePrefix("", delimiter),))

        return await self._run(look)

    # -- Names.

    async def path(self, *levels: str) -> str:
        """Return the name of a mailbox by its *levels*, from the first one down.

        Raises:
            ValueError: a level is empty, or holds the delimiter or a control
                character.
        """
        return join_levels(levels, await self._run(self._delimiter_by))

    async def _delimiter_by(self, connection: IMAPConnection) -> str | None:
        if not self._knows_delimiter:
            self._delimiter = await _listing.delimiter(connection)
            self._knows_delimiter = True
        return self._delimiter

    # -- What is made, renamed and removed.

    async def create(self, mailbox: str, use: SpecialUse | None = None) -> CreateResult:
        """Make *mailbox*, and the levels above it that are missing.

        Args:
            mailbox: its name.
            use: what it is for. A server that cannot keep that makes it all the
                same, and the result says so.

        Raises:
            ValueError: there can be no such name.
        """
        delimiter = await self._run(self._delimiter_by)
        check_new_name(mailbox, delimiter)
        return await _folders.create(self._account, mailbox, use, delimiter)

    async def ensure(self, mailbox: str, use: SpecialUse | None = None) -> bool:
        """Make *mailbox* unless it is there; return whether it was made.

        Args:
            mailbox: its name.
            use: as in `create`; that of one which is there stays as it is.

        Raises:
            ValueError: there can be no such name.
        """
        delimiter = await self._run(self._delimiter_by)
        check_new_name(mailbox, delimiter)
        return await _folders.ensure(self._account, mailbox, use, delimiter)

    async def delete(
        self,
        mailbox: str,
        *,
        children: bool = False,
        on_deleted: Callable[[str], object] = lambda name: None,
    ) -> tuple[str, ...]:
        """Remove *mailbox* and the messages in it; return the names removed.

        Subscriptions stay (RFC 9051 §6.3.5).

        Args:
            mailbox: its name.
            children: first those below it, the lowest first. It ends at the first
                that the server does not remove. Without this they stay.
            on_deleted: told each name at once, so that it is known what is gone
                even if an error or a cancellation ends it.

        Raises:
            ValueError: INBOX was to go with all below it.
        """
        async with self._finding_missing(mailbox):
            if children:
                return await _folders.delete_all(self._account, mailbox, on_deleted)
            await _folders.delete(self._account, mailbox)
        on_deleted(mailbox)
        return (mailbox,)

    async def rename(
        self,
        mailbox: str,
        to_name: str,
        *,
        on_renamed: Callable[[str, str], object] = lambda name, to_name: None,
    ) -> Mapping[str, str]:
        """Give *mailbox*, and those below it, another name.

        INBOX itself stays, without its messages (RFC 9051 §6.3.6), and those below
        it stay or go as the server likes. Subscriptions stay with the old names.

        Args:
            mailbox: its name.
            to_name: what it shall be.
            on_renamed: told each old and new name at once, as in `delete`.

        Returns:
            The new name of each that has another one now, by the old name; so has
            ``partial`` of an error that comes in between.

        Raises:
            ValueError: there can be no such name.
        """
        delimiter = await self._run(self._delimiter_by)
        check_new_name(to_name, delimiter)
        to_name = to_name.removesuffix(delimiter or "")
        async with self._finding_missing(mailbox):
            return await _folders.rename_all(
                self._account, mailbox, to_name, on_renamed
            )

    async def subscribe(self, mailbox: str) -> None:
        """Put *mailbox* on the account's list of subscribed ones."""
        async with self._finding_missing(mailbox):
            await _folders.set_subscribed(self._account, mailbox, True)

    async def unsubscribe(self, mailbox: str) -> None:
        """Take *mailbox* off the account's list of subscribed ones."""
        await _folders.set_subscribed(self._account, mailbox, False)

    # -- How much room there is (RFC 9208).

    async def quota(self, mailbox: str = "INBOX") -> tuple[QuotaData, ...]:
        """Return what is used and limited where *mailbox* is; empty if nothing is.

        Raises:
            IMAPCapabilityError: the server has no QUOTA.
        """
        return await self._execute(GetQuotaRoot(mailbox))

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> QuotaData:
        """Replace the limits of a quota root, for which most users lack the right.

        Args:
            root: its name, as `quota` tells.
            limits: by resource, STORAGE in units of 1024 octets. Limits that are
                not named are taken away.

        Returns:
            The limits as the server keeps them.

        Raises:
            IMAPCapabilityError: the server has no QUOTA.
        """
        kept = await self._execute(SetQuota(root, limits))
        return kept if kept is not None else await self._execute(GetQuota(root))

    # -- Who may do what (RFC 4314).

    async def my_rights(self, mailbox: str) -> Rights:
        """Return what the user may do with *mailbox*.

        Raises:
            IMAPCapabilityError: the server has no ACL.
        """
        return await self._execute(MyRights(mailbox))

    async def acl(self, mailbox: str) -> Mapping[str, Rights]:
        """Return who may do what with *mailbox*, by user, group or ``anyone``.

        Raises:
            IMAPCapabilityError: the server has no ACL.
        """
        return (await self._execute(GetAcl(mailbox))).rights

    async def set_acl(
        self,
        mailbox: str,
        identifier: str,
        rights: Rights | str,
        mode: AclMode = AclMode.REPLACE,
    ) -> None:
        """Grant rights on *mailbox*, or take them away.

        Args:
            mailbox: its name.
            identifier: a user, a group or ``anyone``.
            rights: such as ``"lrs"``.
            mode: whether they replace, join or leave those there are.

        Raises:
            IMAPCapabilityError: the server has no ACL.
        """
        rights = rights if isinstance(rights, Rights) else Rights(rights)
        await self._execute(SetAcl(mailbox, identifier, rights, mode))

    async def delete_acl(self, mailbox: str, identifier: str) -> None:
        """Forget all that was granted to *identifier*.

        Raises:
            IMAPCapabilityError: the server has no ACL.
        """
        await _folders.delete_acl(self._account, mailbox, identifier)

    # -- Annotations (RFC 5464).

    async def metadata(
        self,
        mailbox: str,
        *entries: str,
        depth: MetadataDepth = MetadataDepth.ENTRY,
        max_size: int | None = None,
    ) -> Mapping[str, bytes | None]:
        """Return annotations of *mailbox*, by name of entry in lower case.

        Args:
            mailbox: its name; empty for those of the server.
            entries: names such as ``/private/comment``.
            depth: how far below these to look.
            max_size: leave out larger values, in octets; None for any.

        Raises:
            IMAPCapabilityError: the server has no METADATA.
            ValueError: no entry is named, or one that cannot be.
        """
        command = GetMetadata(mailbox, entries, depth, max_size)
        return (await self._execute(command)).values

    async def set_metadata(
        self, mailbox: str, values: Mapping[str, bytes | str | None]
    ) -> None:
        """Change annotations of *mailbox*.

        Args:
            mailbox: its name; empty for those of the server.
            values: by name of entry; None removes one.

        Raises:
            IMAPCapabilityError: the server has no METADATA.
            ValueError: no entry is named, or one that cannot be.
        """
        await self._execute(SetMetadata(mailbox, values))
