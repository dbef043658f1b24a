"""What is known of common servers beyond what they announce.

A profile tells only what aiosage acts on. How a server writes its responses is no
part of it: odd spellings are read from every server alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from ._mailbox import SpecialUse


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """What to do differently with one kind of server.

    Attributes:
        name: of the service or the program.
        special_names: what it calls mailboxes by use, where it has no attribute
            for them; looked for before all other names.
        distrusted: capabilities, in upper case, that it announces and gets wrong.
        mailbox_id_alone: STATUS must not ask for MAILBOXID with other items.
        max_connections: most to one account at once; None if that is not known,
            or up to whoever runs the server.
        idle_renewal: seconds in IDLE after which it ends the session; None if it
            keeps to RFC 2177 §3.
    """

    name: str
    special_names: Mapping[SpecialUse, tuple[str, ...]] = field(
        default_factory=dict[SpecialUse, tuple[str, ...]], hash=False
    )
    distrusted: frozenset[str] = frozenset()
    mailbox_id_alone: bool = False
    max_connections: int | None = None
    idle_renewal: float | None = None


GENERIC: Final = ServerProfile("generic")
"""Nothing is known of it that it does not say."""

GMAIL: Final = ServerProfile(
    "Gmail",
    # support.google.com/mail/answer/7126229: "15 connections per account".
    max_connections=15,
    # Programs that live long with it report that it cuts IDLE after ten minutes or so.
    idle_renewal=9 * 60.0,
)

MICROSOFT_365: Final = ServerProfile(
    "Microsoft 365",
    # The names Exchange gives its well-known folders in English. Beside them there
    # may be a "Sent" or "Trash" that another mail program has made.
    {
        SpecialUse.SENT: ("Sent Items",),
        SpecialUse.TRASH: ("Deleted Items",),
        SpecialUse.JUNK: ("Junk Email", "Junk E-Mail"),
    },
    # Not published for the service; this is the default of ImapMaxConcurrency in
    # Exchange Server: learn.microsoft.com, Set-ThrottlingPolicy.
    max_connections=20,
)

ICLOUD: Final = ServerProfile(
    "iCloud",
    # The names of its own mailboxes; beside them as above.
    {
        SpecialUse.SENT: ("Sent Messages",),
        SpecialUse.TRASH: ("Deleted Messages",),
    },
    # VANISHED cannot be parsed: github.com/Foundry376/Mailspring-Sync/issues/91
    distrusted=frozenset({"QRESYNC"}),
)

YAHOO: Final = ServerProfile(
    "Yahoo",
    # The names of its own mailboxes, from before it had special use.
    {SpecialUse.DRAFTS: ("Draft",), SpecialUse.JUNK: ("Bulk Mail", "Bulk")},
    # Not published; users of several mail programs report five.
    max_connections=5,
)

# How many connections iCloud and Fastmail allow is not known here: it is learned.
FASTMAIL: Final = ServerProfile("Fastmail")

DOVECOT: Final = ServerProfile("Dovecot")

CYRUS: Final = ServerProfile(
    "Cyrus",
    # 3.6.1, 3.10.2 and 3.12.4 answer with freed memory (seen by this project).
    mailbox_id_alone=True,
)

COURIER: Final = ServerProfile("Courier")

HMAILSERVER: Final = ServerProfile("hMailServer")

_HOSTS: Final = (
    (("gmail.com", "googlemail.com"), GMAIL),
    (("office365.com", "outlook.com", "hotmail.com", "live.com"), MICROSOFT_365),
    (("mail.me.com", "icloud.com"), ICLOUD),
    (("yahoo.com", "yahoo.co.jp", "aol.com"), YAHOO),
    (("fastmail.com", "messagingengine.com"), FASTMAIL),
)
_CAPABILITIES: Final = (
    ("X-GM-EXT-1", GMAIL),
    ("XMAGICTRASH", COURIER),
)
_WORDS: Final = (
    ("gimap", GMAIL),
    ("microsoft exchange", MICROSOFT_365),
    ("icloud", ICLOUD),
    ("yahoo", YAHOO),
    ("fastmail", FASTMAIL),
    ("dovecot", DOVECOT),
    ("cyrus", CYRUS),
    ("courier", COURIER),
    ("hmailserver", HMAILSERVER),
)
"""What is in the name or vendor of ID, or in the greeting, in lower case."""


def profile_of(
    host: str,
    *,
    identity: Mapping[str, str | None] | None = None,
    greeting: str = "",
    capabilities: Set[str] = frozenset(),
) -> ServerProfile:
    """Return the profile of a server; `GENERIC` if it is none that is known.

    Args:
        host: its name, as it was connected to.
        identity: what it says it is (RFC 2971).
        greeting: the text of its first response.
        capabilities: what it announces, in upper case.
    """
    host = host.lower().rstrip(".")
    for domains, profile in _HOSTS:
        if any(host == domain or host.endswith(f".{domain}") for domain in domains):
            return profile
    told = identity or {}
    for name, profile in _CAPABILITIES:
        if name in capabilities:
            return profile
    names = f"{told.get('name') or ''} {told.get('vendor') or ''}".lower()
    for said in (names, greeting.lower()):
        for word, profile in _WORDS:
            if word in said:
                return profile
    return GENERIC
