"""One account: a password and a tree of mailboxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ...model import Flag, Secret
from ...wire._mailbox_name import encode_mailbox_name
from ._mailbox import MemoryMailbox
from ._refusal import No

DELIMITER: Final = "/"

SPECIAL_MAILBOXES: Final = ("Drafts", "Sent", "Junk", "Trash", "Archive")
"""Made by ``special=True``, each with the attribute of its name (RFC 6154)."""

MAX_NAME: Final = 1000
"""Characters in a mailbox name."""


class MemoryAccount:
    """An account of a ``MemoryServer``, as a test author sees it.

    Attributes:
        username: what to log in with.
        password: and its password.
        subscriptions: names subscribed to, in order.
        quota: limits by resource, ``STORAGE`` in units of 1024 octets and
            ``MESSAGE``; none if it is empty.
        metadata: the server's annotations, by name of entry in lower case.
    """

    def __init__(
        self,
        username: str,
        password: str,
        *,
        special: bool,
        next_uidvalidity: Callable[[], int],
    ) -> None:
        """Made by ``MemoryServer.add_account``."""
        self.username = username
        self.quota: dict[str, int] = {}
        self.metadata: dict[str, bytes] = {}
        self.password = Secret(password)
        self._next_uidvalidity = next_uidvalidity
        self._mailboxes: dict[str, MemoryMailbox] = {}
        self.subscriptions: dict[str, None] = {}
        self._add("INBOX", None)
        if special:
            for name in SPECIAL_MAILBOXES:
                self._add(name, Flag(f"\\{name}"))
                self.subscriptions[name] = None

    def __repr__(self) -> str:
        return f"<MemoryAccount {self.username!r}>"

    @property
    def mailboxes(self) -> list[MemoryMailbox]:
        """Every mailbox, in the order they were made."""
        return list(self._mailboxes.values())

    def mailbox(self, name: str) -> MemoryMailbox:
        """Return the mailbox *name*.

        Raises:
            KeyError: there is none.
        """
        return self._mailboxes[canonical_name(name)]

    def create_mailbox(
        self, name: str, special_use: Flag | str | None = None
    ) -> MemoryMailbox:
        r"""Make the mailbox *name*, as another client would, and return it.

        Args:
            name: the parents in it need not exist.
            special_use: its attribute, such as ``\Sent`` (RFC 6154).

        Raises:
            ValueError: it exists already, or no mailbox can have that name.
        """
        try:
            use = None if special_use is None else Flag(special_use)
            return self.create(name, special_use=use)
        except No as refusal:
            raise ValueError(f"{name!r}: {refusal.text}") from None

    def delete_mailbox(self, name: str) -> None:
        """Delete the mailbox *name* and its messages.

        Raises:
            ValueError: there is none, or it is INBOX.
        """
        try:
            self.delete(name)
        except No as refusal:
            raise ValueError(f"{name!r}: {refusal.text}") from None

    def rename_mailbox(self, old: str, new: str) -> None:
        """Rename the mailbox *old*, and those below it, to *new*.

        Raises:
            ValueError: there is no *old*, or *new* is taken or not a name.
        """
        try:
            self.rename(old, new)
        except No as refusal:
            raise ValueError(f"{old!r}: {refusal.text}") from None

    # What follows is used by sessions; it raises what a client is answered.

    def get(self, name: str) -> MemoryMailbox | None:
        """Return the mailbox *name*, or None."""
        return self._mailboxes.get(canonical_name(name))

    def require(self, name: str, *, code: str | None = None) -> MemoryMailbox:
        """Return the mailbox *name*, or refuse with *code*."""
        mailbox = self.get(name)
        if mailbox is None:
            raise _no_mailbox(name, code)
        return mailbox

    def exists(self, name: str) -> bool:
        """Return whether *name* is a mailbox, or the parent of one."""
        return name in self._mailboxes or self.has_children(name)

    def has_children(self, name: str) -> bool:
        """Return whether there are mailboxes below *name*."""
        return any(True for _ in self._below(name))

    def names(self) -> list[str]:
        """Return every name there is, parents that are no mailbox included."""
        names: dict[str, None] = {}
        for name in self._mailboxes:
            at = name.find(DELIMITER)
            while at >= 0:
                names[name[:at]] = None
                at = name.find(DELIMITER, at + 1)
            names[name] = None
        return list(names)

    def create(self, name: str, *, special_use: Flag | None = None) -> MemoryMailbox:
        """Make a mailbox; a delimiter at the end is ignored (RFC 9051 §6.3.4)."""
        name = canonical_name(name.removesuffix(DELIMITER))
        _check_name(name)
        if name in self._mailboxes:
            raise No("Mailbox already exists", code="ALREADYEXISTS")
        return self._add(name, special_use)

    def delete(self, name: str) -> None:
        """Delete a mailbox; those below it stay (RFC 9051 §6.3.5)."""
        name = canonical_name(name)
        if name == "INBOX":
            raise No("INBOX can't be deleted")
        if name not in self._mailboxes:
            if self.has_children(name):
                raise No("Mailbox has children, delete them first")
            raise _no_mailbox(name, "NONEXISTENT")
        self._mailboxes.pop(name).close()

    def rename(self, old: str, new: str) -> None:
        """Rename a mailbox and those below it.

        INBOX itself stays, empty and anew (RFC 9051 §6.3.6).
        """
        old = canonical_name(old)
        new = canonical_name(new.removesuffix(DELIMITER))
        if not self.exists(old):
            raise _no_mailbox(old, "NONEXISTENT")
        _check_name(new)
        if self.exists(new):
            raise No("Target mailbox already exists", code="ALREADYEXISTS")
        if new.startswith(old + DELIMITER):
            raise No("Can't rename mailbox under its own child")
        if old == "INBOX":
            target = self._add(new, None)
            self._mailboxes[old].move_contents(target, self._next_uidvalidity())
            return
        moved = {n: new + n[len(old) :] for n in (old, *self._below(old))}
        renamed: list[MemoryMailbox] = []
        kept: dict[str, MemoryMailbox] = {}
        for name, mailbox in self._mailboxes.items():
            mailbox.name = moved.get(name, name)
            kept[mailbox.name] = mailbox
            if name in moved:
                renamed.append(mailbox)
        self._mailboxes = kept
        for mailbox in renamed:
            mailbox.close()

    def _add(self, name: str, special_use: Flag | None) -> MemoryMailbox:
        mailbox = MemoryMailbox(
            name, uidvalidity=self._next_uidvalidity(), special_use=special_use
        )
        self._mailboxes[name] = mailbox
        return mailbox

    def _below(self, name: str) -> Iterator[str]:
        prefix = name + DELIMITER
        return (other for other in self._mailboxes if other.startswith(prefix))


def canonical_name(name: str) -> str:
    """Return *name*; INBOX, and what is below it, in upper case."""
    first, delimiter, rest = name.partition(DELIMITER)
    return "INBOX" + delimiter + rest if first.upper() == "INBOX" else name


def _check_name(name: str) -> None:
    problem: str | None = None
    if not name:
        problem = "Name is empty"
    elif name.startswith(DELIMITER):
        problem = "Begins with hierarchy separator"
    elif DELIMITER * 2 in name:
        problem = "Has adjacent hierarchy separators"
    elif len(name) > MAX_NAME:
        problem = "Name is too long"
    elif any(ord(character) < 0x20 or character == "\x7f" for character in name):
        problem = "Has control characters"
    else:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            problem = "Not a Unicode string"
    if problem:
        raise No(f"Invalid mailbox name: {problem}", code="CANNOT")


def _no_mailbox(name: str, code: str | None) -> No:
    shown = encode_mailbox_name(name).decode("ascii", "replace")
    return No(f"Mailbox doesn't exist: {shown}", code=code)
