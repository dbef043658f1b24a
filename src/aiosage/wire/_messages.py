"""From what the wire says about a message to the message."""

from __future__ import annotations

import re
from dataclasses import replace

from ..model import FetchedMessage, lasting_flags
from .responses import FetchData

_WHOLE = "BODY[]"
_HEADER = "BODY[HEADER]"
_FIELDS = "BODY[HEADER.FIELDS"
# Sections that every message has, from the start: there may be none from further on.
_OF_EVERY = re.compile(r"BODY\[(?:TEXT|HEADER(?:\.FIELDS.*)?)?\](?:<0>)?", re.DOTALL)


def to_message(
    data: FetchData, mailbox: str, uidvalidity: int | None = None
) -> FetchedMessage:
    """Return the message of *mailbox* that *data* tells of.

    Raises:
        ValueError: *data* has no UID, as what a server tells unasked may not.
    """
    if data.uid is None:
        raise ValueError(f"nobody told the UID of message {data.seq}")
    raw: bytes | None = None
    header: bytes | None = None
    sections: dict[str, bytes] = {}
    for key, octets in data.sections.items():
        if octets is None:
            continue
        if key == _WHOLE:
            raw = octets
        elif key == _HEADER or (header is None and key.startswith(_FIELDS)):
            header = octets
        else:
            plain = key.startswith("BODY[") and key.endswith("]")
            sections[key[len("BODY[") : -1] if plain else key] = octets
    message = FetchedMessage(
        uid=data.uid,
        mailbox=mailbox,
        uidvalidity=uidvalidity,
        flags=None if data.flags is None else lasting_flags(data.flags),
        internal_date=data.internal_date,
        size=data.size,
        modseq=data.modseq,
        envelope=data.envelope,
        body_structure=data.body_structure,
        header=header,
        raw=raw,
        sections=sections,
    )
    if not data.others:
        return message
    return replace(
        message,
        server_preview=data.preview,
        email_id=data.email_id,
        thread_id=data.thread_id,
        save_date=data.save_date,
        gmail_message_id=data.gmail_message_id,
        gmail_thread_id=data.gmail_thread_id,
        gmail_labels=data.gmail_labels,
    )


def is_gone(data: FetchData) -> bool:
    """Return whether *data* is about a message that has just been expunged.

    Dovecot answers NIL for what it has no more, with OK (RFC 2180 §4.1).
    """
    sections = data.sections
    return None in sections.values() and any(
        octets is None and _OF_EVERY.fullmatch(key) for key, octets in sections.items()
    )
