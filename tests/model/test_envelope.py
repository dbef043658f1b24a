"""ENVELOPE as objects."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import EmailAddress, Envelope, RawValue

FIELDS: list[RawValue] = [
    b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
    b"=?utf-8?q?IMAP4rev2_WG_=C3=BC?=",
    [[b"Terry Gray", None, b"gray", b"cac.washington.edu"]],
    [[b"Terry Gray", None, b"gray", b"cac.washington.edu"]],
    [[b"Terry Gray", None, b"gray", b"cac.washington.edu"]],
    [[None, None, b"imap", b"cac.washington.edu"]],
    [[None, None, b"minutes", b"CNRI.Reston.VA.US"]],
    None,
    None,
    b"<B27397-0100000@cac.washington.edu>",
]
GRAY = EmailAddress("Terry Gray", "gray", "cac.washington.edu")

values: st.SearchStrategy[RawValue] = st.recursive(
    st.none() | st.binary(max_size=9) | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=11),
    max_leaves=30,
)


def test_the_example_of_the_standard_is_read() -> None:
    """RFC 9051 §8, with an encoded word in the subject."""
    envelope = Envelope.from_list(FIELDS)

    assert envelope.date == datetime(
        1996, 7, 17, 2, 23, 25, tzinfo=timezone(timedelta(hours=-7))
    )
    assert envelope.date_text == "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)"
    assert envelope.subject == "IMAP4rev2 WG \u00fc"
    assert envelope.from_ == envelope.sender == envelope.reply_to == (GRAY,)
    assert [str(address) for address in envelope.to] == ["imap@cac.washington.edu"]
    assert [str(address) for address in envelope.cc] == ["minutes@CNRI.Reston.VA.US"]
    assert envelope.bcc == ()
    assert envelope.in_reply_to is None
    assert envelope.message_id == "<B27397-0100000@cac.washington.edu>"


def test_absent_and_empty_are_the_same() -> None:
    """RFC 9051 §7.5.2: clients should treat NIL and "" as identical."""
    assert Envelope.from_list([b""] * 10) == Envelope.from_list([]) == Envelope()


def test_what_is_no_date_is_kept_as_text_and_reported() -> None:
    defects: list[str] = []
    envelope = Envelope.from_raw(b"some day", report=defects.append)

    assert (envelope.date, envelope.date_text) == (None, "some day")
    assert defects == ["Date is not a date"]


@given(st.lists(values, max_size=12))
def test_no_values_make_it_raise(fields: list[RawValue]) -> None:
    hash(Envelope.from_list(fields))
