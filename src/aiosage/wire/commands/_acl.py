"""Who may do what: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ...model import Rights
from .._encoder import Encoder
from .._mailbox_name import with_inbox
from ..responses import AclData, ListRightsData, MyRightsData, Status, Untagged
from ._command import Command, of_kind


class AclMode(StrEnum):
    """What SETACL does with the rights there are (RFC 4314 §3.1)."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class SetAcl(Command[None]):
    """Change what somebody may do with a mailbox (RFC 4314 §3.1).

    Attributes:
        mailbox: its name.
        identifier: a user, a group or ``anyone``. With ``-`` before it the
            rights are denied (RFC 4314 §2).
        rights: as many as shall be granted, added or removed.
        mode: which of these.
    """

    mailbox: str
    identifier: str
    rights: Rights
    mode: AclMode = AclMode.REPLACE

    name: ClassVar = "SETACL"
    requires: ClassVar = "ACL"
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write mailbox, identifier and rights."""
        to.keyword(self.name).mailbox(self.mailbox).astring(self.identifier)
        to.astring(f"{self.mode}{self.rights}")

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class DeleteAcl(Command[None]):
    """Forget what was granted to somebody (RFC 4314 §3.2)."""

    mailbox: str
    identifier: str

    name: ClassVar = "DELETEACL"
    requires: ClassVar = "ACL"
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write mailbox and identifier."""
        to.keyword(self.name).mailbox(self.mailbox).astring(self.identifier)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class GetAcl(Command[AclData]):
    """Ask who may do what with a mailbox (RFC 4314 §3.3)."""

    mailbox: str

    name: ClassVar = "GETACL"
    requires: ClassVar = "ACL"
    claims: ClassVar = (AclData,)

    def encode(self, to: Encoder) -> None:
        """Write the mailbox."""
        to.keyword(self.name).mailbox(self.mailbox)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> AclData:
        """Return the list; empty if the server told none."""
        name = with_inbox(self.mailbox)
        found = [
            data
            for data in of_kind(AclData, untagged)
            if with_inbox(data.mailbox) == name
        ]
        return found[-1] if found else AclData(self.mailbox, {})


@dataclass(frozen=True, slots=True)
class ListRights(Command[ListRightsData | None]):
    """Ask what can be granted to somebody (RFC 4314 §3.4)."""

    mailbox: str
    identifier: str

    name: ClassVar = "LISTRIGHTS"
    requires: ClassVar = "ACL"
    claims: ClassVar = (ListRightsData,)

    def encode(self, to: Encoder) -> None:
        """Write mailbox and identifier."""
        to.keyword(self.name).mailbox(self.mailbox).astring(self.identifier)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> ListRightsData | None:
        """Return what was told; None if nothing was."""
        found = of_kind(ListRightsData, untagged)
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class MyRights(Command[Rights]):
    """Ask what the user of the session may do with a mailbox (RFC 4314 §3.5)."""

    mailbox: str

    name: ClassVar = "MYRIGHTS"
    requires: ClassVar = "ACL"
    claims: ClassVar = (MyRightsData,)

    @property
    def subject(self) -> str:
        """The mailbox, which the answer names."""
        return with_inbox(self.mailbox)

    def takes(self, response: Untagged | Status) -> bool:
        """Return whether *response* is about the mailbox."""
        return (
            isinstance(response, MyRightsData)
            and with_inbox(response.mailbox) == self.subject
        )

    def encode(self, to: Encoder) -> None:
        """Write the mailbox."""
        to.keyword(self.name).mailbox(self.mailbox)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> Rights:
        """Return the rights; none if the server told none."""
        name = with_inbox(self.mailbox)
        found = [
            data.rights
            for data in of_kind(MyRightsData, untagged)
            if with_inbox(data.mailbox) == name
        ]
        return found[-1] if found else Rights()
