"""Modified UTF-7 (RFC 3501 §5.1.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.wire import decode_mailbox_name, encode_mailbox_name
from aiosage.wire._mailbox_name import with_inbox

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=60
)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("INBOX", b"INBOX"),
        ("", b""),
        ('a b/c\\d"e', b'a b/c\\d"e'),
        ("R&D", b"R&-D"),
        ("&&", b"&-&-"),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("\N{PILE OF POO}", b"&2D3cqQ-"),
        ("\t\x7f", b"&AAkAfw-"),
        ("é&é", b"&AOk-&-&AOk-"),
    ],
)
def test_known_answers(name: str, wire: bytes) -> None:
    assert encode_mailbox_name(name) == wire
    assert decode_mailbox_name(wire) == name


@given(NAMES)
def test_every_name_comes_back(name: str) -> None:
    wire = encode_mailbox_name(name)
    assert all(0x20 <= octet <= 0x7E for octet in wire)
    assert decode_mailbox_name(wire) == name


@given(st.binary(max_size=60))
def test_any_octets_are_a_name(wire: bytes) -> None:
    """A mailbox must not vanish because the server spells it wrong."""
    name = decode_mailbox_name(wire)
    assert (
        name.encode("utf-8", "surrogateescape") == wire
        or encode_mailbox_name(name) == wire
    )


@given(NAMES, NAMES)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert (encode_mailbox_name(one) == encode_mailbox_name(other)) == (one == other)


@pytest.mark.parametrize(
    "wire",
    [
        b"&",
        b"a&b",
        b"&AOk",
        b"&AO-",
        b"&YQ-",
        b"&!!!!-",
        b"&2D0-",
        b"\xc3\xa9",
        b"\xff",
    ],
)
def test_what_is_not_modified_utf7_is_kept(wire: bytes) -> None:
    """A run that is cut off, needless, or half a surrogate pair."""
    assert decode_mailbox_name(wire).encode("utf-8", "surrogateescape") == wire


@pytest.mark.parametrize("name", ["a\r", "a\n", "\0", "a\r\nb", "\ud800"])
def test_what_no_server_could_take_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"mailbox name|surrogates"):
        encode_mailbox_name(name)


@pytest.mark.parametrize("wire", [b"caf\xe9", b"\xff/&-", b"INBOX/\x80"])
def test_octets_that_are_no_text_go_back_to_the_server_as_they_came(
    wire: bytes,
) -> None:
    """Or the mailbox could be listed and never opened."""
    assert encode_mailbox_name(decode_mailbox_name(wire)) == wire


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inbox", "INBOX"),
        ("InBox/a", "INBOX/a"),
        ("inbox.inbox", "INBOX.inbox"),
        # These are mailboxes like others, and case counts in them.
        ("inboxes", "inboxes"),
        ("\u0131nbox", "\u0131nbox"),
        ("an inbox", "an inbox"),
    ],
)
def test_only_inbox_has_no_case(name: str, expected: str) -> None:
    assert with_inbox(name) == expected
