"""ENVELOPE: the address block of a message (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ._address import EmailAddress, RawAddress, addresses_from_raw
from ._charset import Report, ignore
from ._dates import parse_date
from ._deferred import Deferred
from ._encoded_words import decode_phrase, unfold
from ._raw_values import RawValue, is_list, octets


@dataclass(frozen=True, slots=True)
class Envelope(Deferred):
    """What the header says about a message, as the server read it, decoded.

    What is absent is None, and so is what is present but empty, since servers
    differ in telling these apart. A server puts *from_* where Sender or
    Reply-To are absent.

    Attributes:
        date: the Date field, aware; None also if it is no date.
        date_text: the Date field as it was written.
        subject: the Subject field with its encoded words decoded.
        from_: who wrote the message.
        sender: who sent it.
        reply_to: where answers go.
        to: the recipients.
        cc: the recipients of copies.
        bcc: the recipients of blind copies.
        in_reply_to: the In-Reply-To field, usually one ``<id>``.
        message_id: the Message-ID field, angle brackets included.
    """

    date: datetime | None = None
    date_text: str | None = None
    subject: str | None = None
    from_: tuple[EmailAddress, ...] = ()
    sender: tuple[EmailAddress, ...] = ()
    reply_to: tuple[EmailAddress, ...] = ()
    to: tuple[EmailAddress, ...] = ()
    cc: tuple[EmailAddress, ...] = ()
    bcc: tuple[EmailAddress, ...] = ()
    in_reply_to: str | None = None
    message_id: str | None = None

    @classmethod
    def from_raw(
        cls,
        date: bytes | None = None,
        subject: bytes | None = None,
        from_: Iterable[RawAddress] = (),
        sender: Iterable[RawAddress] = (),
        reply_to: Iterable[RawAddress] = (),
        to: Iterable[RawAddress] = (),
        cc: Iterable[RawAddress] = (),
        bcc: Iterable[RawAddress] = (),
        in_reply_to: bytes | None = None,
        message_id: bytes | None = None,
        *,
        report: Report = ignore,
    ) -> Envelope:
        """Return the envelope of which a server sent these fields, in its order.

        Args:
            date: the Date field.
            subject: the Subject field, encoded words and all.
            from_: address structures, groups as RFC 9051 §7.5.2 marks them.
            sender: likewise.
            reply_to: likewise.
            to: likewise.
            cc: likewise.
            bcc: likewise.
            in_reply_to: the In-Reply-To field.
            message_id: the Message-ID field.
            report: told what was wrong. Nothing raises.
        """
        return cls.from_fields(
            date,
            subject,
            [
                addresses_from_raw(raw, report)
                for raw in (from_, sender, reply_to, to, cc, bcc)
            ],
            in_reply_to,
            message_id,
            report=report,
        )

    @classmethod
    def from_fields(
        cls,
        date: bytes | None,
        subject: bytes | None,
        addresses: Iterable[tuple[EmailAddress, ...]],
        in_reply_to: bytes | None,
        message_id: bytes | None,
        *,
        report: Report = ignore,
    ) -> Envelope:
        """Return the envelope with raw text fields and these addresses.

        Args:
            date: the Date field.
            subject: the Subject field, encoded words and all.
            addresses: of From, Sender, Reply-To, To, Cc and Bcc, all six.
            in_reply_to: the In-Reply-To field.
            message_id: the Message-ID field.
            report: told what was wrong. Nothing raises.
        """
        from_, sender, reply_to, to, cc, bcc = addresses
        date_text = unfold(date) if date else ""
        parsed = parse_date(date_text) if date_text else None
        if date_text and parsed is None:
            report("Date is not a date")
        return cls(
            parsed,
            date_text or None,
            (decode_phrase(unfold(subject), report) if subject else "") or None,
            from_,
            sender,
            reply_to,
            to,
            cc,
            bcc,
            (unfold(in_reply_to) if in_reply_to else "") or None,
            (unfold(message_id) if message_id else "") or None,
        )

    @classmethod
    def from_list(cls, values: Sequence[RawValue]) -> Envelope:
        """Return the envelope that a server sent as a list of ten fields.

        What is missing or of the wrong kind is taken as absent.
        """
        fields = [*values[:10], *[None] * (10 - len(values))]
        return cls.from_raw(
            octets(fields[0]),
            octets(fields[1]),
            _addresses(fields[2]),
            _addresses(fields[3]),
            _addresses(fields[4]),
            _addresses(fields[5]),
            _addresses(fields[6]),
            _addresses(fields[7]),
            octets(fields[8]),
            octets(fields[9]),
        )


def _addresses(value: RawValue) -> list[RawAddress]:
    if not is_list(value):
        return []
    if len(value) >= 4 and not any(map(is_list, value)):
        value = [value]  # one address, without the parentheses of a list
    return [
        (octets(item[0]), octets(item[1]), octets(item[2]), octets(item[3]))
        for item in value
        if is_list(item) and len(item) >= 4
    ]
