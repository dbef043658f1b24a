"""What all that is done in one mailbox begins with."""

from __future__ import annotations

from ..model import MessageSet, SpecialUse
from ..pool import IMAPConnectionPool
from ._access import MailboxAccess
from ._messages import AnyMessages, resolve, snapshot
from ._names import canonical
from ._recovery import Recovery
from ._specials import find_special


class MailboxService:
    """One mailbox, by its name or by what it is for."""

    def __init__(
        self,
        pool: IMAPConnectionPool,
        mailbox: str | SpecialUse,
        recovery: Recovery | None = None,
    ) -> None:
        if not isinstance(mailbox, SpecialUse):
            mailbox = canonical(mailbox)
        self._known = MailboxAccess(pool, mailbox, recovery or Recovery())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def name(self) -> str:
        r"""The mailbox; by `SpecialUse` that (``\Sent``) until it was looked for."""
        return str(self._known.mailbox)

    async def _access(self) -> MailboxAccess:
        """Return the way to the mailbox, whose name is looked for if need be.

        Raises:
            IMAPMailboxError: there is none for that use.
        """
        access = self._known
        if isinstance(access.mailbox, SpecialUse):
            name = await find_special(access.pool, access.recovery, access.mailbox)
            self._known = MailboxAccess(access.pool, name, access.recovery)
        return self._known

    async def _own(self, messages: AnyMessages) -> tuple[MailboxAccess, MessageSet]:
        """Return the way to the mailbox, and which messages of it are meant."""
        named = snapshot(messages)
        access = await self._access()
        return access, (await resolve(access, named)).messages
