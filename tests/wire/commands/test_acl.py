"""SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3)."""

from __future__ import annotations

import pytest

from aiosage.model import Rights
from aiosage.wire import AclData, ListRightsData
from aiosage.wire.commands import (
    AclMode,
    Command,
    DeleteAcl,
    GetAcl,
    ListRights,
    MyRights,
    SetAcl,
)

from .played import result, sent


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (SetAcl("INBOX/Drafts", "Byron", Rights("wrl")), b"INBOX/Drafts Byron lrw"),
        (SetAcl("a", "-b", Rights("l"), AclMode.ADD), b"a -b +l"),
        (SetAcl("a", "b c", Rights("ac"), AclMode.REMOVE), b'a "b c" -ac'),
        (SetAcl("a", "", Rights()), b'a "" ""'),
        (SetAcl("a", "b", Rights(), AclMode.ADD), b"a b +"),
        (DeleteAcl("é", "b"), b"&AOk- b"),
        (GetAcl("a b"), b'"a b"'),
        (ListRights("a", "Zoë"), b"a {4+}\r\nZo\xc3\xab"),
        (MyRights("INBOX"), b"INBOX"),
    ],
)
def test_words_on_the_wire(command: Command[object], octets: bytes) -> None:
    assert sent(command) == command.name.encode() + b" " + octets
    assert [*command.needs()] == [("ACL",)]
    assert command.changes is isinstance(command, (SetAcl, DeleteAcl))


def test_rights_are_those_of_the_mailbox_asked_for() -> None:
    acl = (b"* ACL inbox joe lr", b"* ACL other joe lrs")
    assert result(GetAcl("INBOX"), *acl) == AclData("INBOX", {"joe": Rights("lr")})
    assert result(GetAcl("x"), *acl) == AclData("x", {})
    mine = (b"* MYRIGHTS inbox lr", b"* MYRIGHTS other lrs")
    assert result(MyRights("Inbox"), *mine) == Rights("lr")
    assert result(MyRights("x"), *mine) == Rights()
    told = result(ListRights("a", "b"), b"* LISTRIGHTS a b l r")
    assert told == ListRightsData("a", "b", Rights("l"), (Rights("r"),))
    assert result(ListRights("a", "b")) is None
