"""What response codes say, one frozen value per kind (RFC 9051 §7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...model import Flag, MessageSet


@dataclass(frozen=True, slots=True)
class Code:
    """A response code: what stands in brackets before the text.

    Attributes:
        name: upper case, such as ``TRYCREATE``; see `ResponseCode`.
        text: what follows the name, undecoded beyond UTF-8; empty if nothing.
    """

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NumberCode(Code):
    """UIDVALIDITY, UIDNEXT, UNSEEN, HIGHESTMODSEQ and their like."""

    value: int = 0


@dataclass(frozen=True, slots=True)
class CapabilityCode(Code):
    """CAPABILITY, as sent with the greeting and after LOGIN."""

    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PermanentFlagsCode(Code):
    r"""PERMANENTFLAGS: what can be changed for good; ``\*`` allows new keywords."""

    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class AppendUidCode(Code):
    """APPENDUID: the UIDs that appended messages got (RFC 4315 §3)."""

    uidvalidity: int = 0
    uids: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CopyUidCode(Code):
    """COPYUID: which UIDs became which (RFC 4315 §3).

    Attributes:
        uidvalidity: of the destination mailbox.
        source: ascending ranges, in the order the server sent them.
        destination: as many UIDs, in the same order.
    """

    uidvalidity: int = 0
    source: tuple[tuple[int, int], ...] = ()
    destination: tuple[tuple[int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many messages were copied."""
        return count_uids(self.source)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield (source UID, destination UID), first to first."""
        return zip(_expand(self.source), _expand(self.destination), strict=True)


def count_uids(ranges: tuple[tuple[int, int], ...]) -> int:
    """Return how many UIDs are in *ranges*."""
    return sum(last - first + 1 for first, last in ranges)


def _expand(ranges: tuple[tuple[int, int], ...]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


@dataclass(frozen=True, slots=True)
class ModifiedCode(Code):
    """MODIFIED: what was changed since, and so was left alone (RFC 7162 §3.1.3).

    Attributes:
        messages: UIDs after a UID command, message numbers after another.
    """

    messages: MessageSet = field(default_factory=MessageSet)


@dataclass(frozen=True, slots=True)
class MessageLimitCode(Code):
    """MESSAGELIMIT: the server stopped early (RFC 9738 §3.1).

    Attributes:
        limit: messages that one command may work on.
        last: the UID it stopped at, and did; those below are left. None if
            nothing was done.
    """

    limit: int = 0
    last: int | None = None


@dataclass(frozen=True, slots=True)
class InProgressCode(Code):
    """INPROGRESS: a command goes on, and how far it is (RFC 9585 §4).

    Attributes:
        tag: of the command; None if the server does not say.
        done: of *goal*, in units of the server's choice; None if it cannot tell.
        goal: when it is done; None if it cannot tell.
    """

    tag: str | None = None
    done: int | None = None
    goal: int | None = None


@dataclass(frozen=True, slots=True)
class BadCharsetCode(Code):
    """BADCHARSET: the server does not search in this charset (RFC 9051 §7.1).

    Attributes:
        charsets: in which it does; empty if it does not say.
    """

    charsets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadEventCode(Code):
    """BADEVENT: the server does not notify of these (RFC 5465 §5).

    Attributes:
        events: of which it does.
    """

    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferralCode(Code):
    """REFERRAL: where to go instead (RFC 2221 §4, RFC 2193 §5).

    Attributes:
        urls: IMAP URLs; one for a login, or more for a mailbox.
    """

    urls: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The first."""
        return self.urls[0]


@dataclass(frozen=True, slots=True)
class BadUrlCode(Code):
    """BADURL: CATENATE cannot have this URL (RFC 4469 §4.1)."""

    url: str = ""


@dataclass(frozen=True, slots=True)
class UrlMechCode(Code):
    """URLMECH: how access to the mailbox's URLs is authorized (RFC 4467 §7).

    Attributes:
        mechanisms: such as ``INTERNAL``, upper case, without their data.
    """

    mechanisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailboxIdCode(Code):
    """MAILBOXID: what a mailbox keeps when it is renamed (RFC 8474 §4)."""

    mailbox_id: str = ""


@dataclass(frozen=True, slots=True)
class MetadataCode(Code):
    """METADATA: what went wrong with annotations of mailboxes (RFC 5464 §4).

    Attributes:
        reason: ``LONGENTRIES``, ``MAXSIZE``, ``TOOMANY`` or ``NOPRIVATE``.
        octets: of the longest value that was left out (``LONGENTRIES``), or that
            would be taken (``MAXSIZE``); None with the others.
    """

    reason: str = ""
    octets: int | None = None


@dataclass(frozen=True, slots=True)
class AnnotateCode(Code):
    """ANNOTATE: an annotation of a message was refused (RFC 5257 §4.8).

    Attributes:
        reason: ``TOOBIG`` or ``TOOMANY``.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class AnnotationsCode(Code):
    """ANNOTATIONS: whether messages can be annotated (RFC 5257 §4.1).

    Attributes:
        max_size: octets of the largest value; None if none can be set.
        read_only: those there are can be read.
        private: there are private ones, beside those that others see.
    """

    max_size: int | None = None
    read_only: bool = False
    private: bool = True


@dataclass(frozen=True, slots=True)
class NoUpdateCode(Code):
    """NOUPDATE: no news of this search will come (RFC 5267 §4.3.2).

    Attributes:
        tag: of the search.
    """

    tag: str = ""


@dataclass(frozen=True, slots=True)
class UndefinedFilterCode(Code):
    """UNDEFINED-FILTER: there is no filter of this name (RFC 5466 §3.3)."""

    filter: str = ""
