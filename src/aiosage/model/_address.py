"""Mail addresses (RFC 5322 §3.4, RFC 9051 §7.5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from ._charset import Report, decode_unlabelled, ignore
from ._encoded_words import decode_phrase, unfold

RawAddress: TypeAlias = tuple[bytes | None, bytes | None, bytes | None, bytes | None]
"""An address structure of ENVELOPE: name, at-domain-list, mailbox, host."""

_DOT_ATOM: Final = re.compile(r"[^\s()<>@,;:\\\"\[\]]+")
_PHRASE: Final = re.compile(r"[^()<>@,;:\\\"\[\].]+")
_ESCAPED: Final = re.compile(r"([\"\\])")
# What servers put where the header has nothing: Dovecot, c-client, Cyrus.
_PLACEHOLDERS: Final = frozenset(
    {
        b"MISSING_MAILBOX",
        b"MISSING_DOMAIN",
        b".MISSING-HOST-NAME.",
        b".SYNTAX-ERROR.",
        b"unspecified-domain",
    }
)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One address of a header field, decoded.

    A member of a group names it in *group*. A group without members, such as
    ``undisclosed-recipients:;``, is one value that has nothing but *group*.
    Source routes, which RFC 5321 §C obsoletes, are left out.

    Attributes:
        name: the display name; None if absent or empty.
        mailbox: the local part, without quotes; None if absent.
        host: the domain or domain literal; None if absent.
        group: the name of the group it is listed in; None outside groups.
    """

    name: str | None = None
    mailbox: str | None = None
    host: str | None = None
    group: str | None = None

    @property
    def address(self) -> str:
        """``user@host``; without host the local part alone; "" if neither."""
        mailbox = self.mailbox or ""
        if mailbox and not _DOT_ATOM.fullmatch(mailbox):
            mailbox = _quoted(mailbox)
        return f"{mailbox}@{self.host}" if self.host else mailbox

    def __str__(self) -> str:
        address = self.address
        if not address and not self.name:
            return f"{_phrase(self.group)}:;" if self.group is not None else ""
        if not self.name:
            return address
        return f"{_phrase(self.name)} <{address}>" if address else _phrase(self.name)


def addresses_from_raw(
    raw: Iterable[RawAddress], report: Report = ignore
) -> tuple[EmailAddress, ...]:
    """Return the addresses that structures of an ENVELOPE denote.

    A structure without host begins a group, one without mailbox and host ends
    it (RFC 9051 §7.5.2).
    """
    addresses: list[EmailAddress] = []
    group: str | None = None
    is_empty = False
    for raw_name, _, raw_mailbox, raw_host in raw:
        if raw_host is None:
            if is_empty:
                addresses.append(EmailAddress(group=group))
            group = decode_phrase(unfold(raw_mailbox or b""), report) or None
            is_empty = group is not None
            continue
        name = decode_phrase(unfold(raw_name), report) if raw_name else ""
        mailbox, host = _part(raw_mailbox), _part(raw_host)
        if name or mailbox or host:
            addresses.append(EmailAddress(name or None, mailbox, host, group))
            is_empty = False
    if is_empty:
        addresses.append(EmailAddress(group=group))
    return tuple(addresses)


def _part(raw: bytes | None) -> str | None:
    if not raw or raw in _PLACEHOLDERS:
        return None
    return decode_unlabelled(raw)


def _phrase(text: str | None) -> str:
    text = text or ""
    return text if _PHRASE.fullmatch(text) or not text else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(r"\\\1", text) + '"'
