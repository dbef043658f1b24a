"""How names and strings stand on the wire of each kind of session."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import IMAPSearchCriteria, Rights
from aiosage.wire import (
    AclData,
    Dialect,
    Encoder,
    ListData,
    ListRightsData,
    MetadataChangedData,
    MetadataData,
    MyRightsData,
    NamespaceData,
    NamespacePrefix,
    QuotaRootData,
    RawMailboxName,
    StatusData,
    decode_mailbox_name,
    encode_mailbox_name,
    parse,
    with_implied,
)
from aiosage.wire.commands import (
    Append,
    Command,
    Create,
    ListMailboxes,
    Rename,
    UidSearch,
)

from .stream import frames

REV1 = Dialect()
REV2 = Dialect(rev2=True)
UTF8 = Dialect(utf8_accept=True)
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1
)


def wire(command: Command[object], dialect: Dialect, room: int | None = 0) -> bytes:
    """Return *command* as it is sent, all flights joined, without tag and CRLF."""
    encoder = Encoder("T", non_sync_max=room, dialect=dialect)
    command.encode(encoder)
    flights = encoder.finish().flights
    return b"".join(piece for flight in flights for piece in flight)[2:-2]


@pytest.mark.parametrize(
    ("announced", "enabled", "dialect"),
    [
        ({"IMAP4REV1"}, set[str](), REV1),
        ({"IMAP4REV1", "IMAP4REV2"}, set[str](), REV1),
        ({"IMAP4REV1", "IMAP4REV2"}, {"IMAP4REV2"}, REV2),
        ({"IMAP4REV2"}, set[str](), REV2),
        ({"IMAP4REV1", "UTF8=ACCEPT"}, set[str](), REV1),
        ({"IMAP4REV1", "UTF8=ACCEPT"}, {"UTF8=ACCEPT"}, UTF8),
        (set[str](), set[str](), REV1),
    ],
)
def test_a_session_speaks_what_it_began_with_or_has_enabled(
    announced: set[str], enabled: set[str], dialect: Dialect
) -> None:
    """RFC 9051 Appendix A: of two revisions, the client enables the newer one."""
    assert Dialect.of(announced, enabled) == dialect


def test_rev2_has_extensions_that_are_not_announced() -> None:
    """RFC 9051 Appendix E; but only once the session is one of IMAP4rev2."""
    both = {"IMAP4REV1", "IMAP4REV2"}
    offered = with_implied(both, REV2)
    assert both < offered
    assert offered >= {
        *("ENABLE", "ESEARCH", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "LITERAL-"),
        *("MOVE", "NAMESPACE", "SASL-IR", "SEARCHRES", "STATUS=SIZE", "UIDPLUS"),
        "UNSELECT",
    }
    assert with_implied(both, REV1) == both


def test_rev2_has_not_what_it_took_only_in_part() -> None:
    """A command with SPECIAL-USE or a BINARY APPEND would be BAD to it."""
    offered = with_implied({"IMAP4REV2"}, REV2)
    assert not offered & {"BINARY", "SPECIAL-USE", "CHILDREN", "CONDSTORE"}


@pytest.mark.parametrize(
    ("name", "implied"),
    [
        ("QRESYNC", {"CONDSTORE", "ENABLE"}),
        ("UTF8=ONLY", {"UTF8=ACCEPT", "ENABLE"}),
        ("UTF8=ACCEPT", {"ENABLE"}),
        ("CONDSTORE", set[str]()),
    ],
)
def test_what_an_extension_stands_on_is_there(name: str, implied: set[str]) -> None:
    assert with_implied({name, "X"}, REV1) == {name, "X", *implied}


@pytest.mark.parametrize("dialect", [REV2, UTF8])
@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("Entwürfe", '"Entwürfe"'.encode()),
        ("R&D", b"R&D"),
        ("&AOk-", b"&AOk-"),
        ('日 "x"', '"日 \\"x\\""'.encode()),
        ("caf\udce9", b"{4}\r\ncaf\xe9"),
        ("é" * 501, b"{1002}\r\n" + "é".encode() * 501),
    ],
)
def test_names_go_as_utf8_in_quotes(name: str, octets: bytes, dialect: Dialect) -> None:
    """RFC 6855 §3, RFC 9051 §5.1. Only what is no UTF-8 or too long is a literal."""
    assert wire(Create(name), dialect) == b"CREATE " + octets


def test_every_name_in_a_command_follows_the_session() -> None:
    assert wire(Rename("ä", "ö"), UTF8) == 'RENAME "ä" "ö"'.encode()
    assert wire(ListMailboxes("ä*", "ö/"), UTF8) == 'LIST "ö/" "ä*"'.encode()
    assert wire(ListMailboxes("ä*", "ö/"), REV1) == b"LIST &APY-/ &AOQ-*"


@pytest.mark.parametrize("name", ["a\r", "a\n", "a\0", "ä\r\nT2 LOGOUT"])
@pytest.mark.parametrize("dialect", [REV1, REV2, UTF8])
def test_no_name_ends_the_line(name: str, dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="mailbox name"):
        wire(Create(name), dialect)


@given(NAMES, st.sampled_from([REV1, REV2, UTF8]))
def test_a_name_comes_back_by_the_way_it_went(name: str, dialect: Dialect) -> None:
    argument = wire(Create(name), dialect, None).removeprefix(b"CREATE ")
    (frame,) = frames(b"* LIST () NIL " + argument.replace(b"+}", b"}") + b"\r\n")
    listed = parse(frame, dialect=dialect)
    assert isinstance(listed, ListData)
    inbox = name.isascii() and name.upper() == "INBOX"
    assert listed.name == ("INBOX" if inbox else name)


@pytest.mark.parametrize("dialect", [REV2, UTF8])
def test_names_are_not_decoded_twice(dialect: Dialect) -> None:
    """``&`` is just a character there."""

    def read(line: bytes) -> object:
        return parse([line], dialect=dialect)

    listed = read(b'* LIST () "/" "&AOk-"')
    assert listed == ListData("&AOk-", "/", frozenset())
    assert read(b'* LSUB () "/" "&AOk-"') == ListData(
        "&AOk-", "/", frozenset(), subscribed_only=True
    )
    assert read(b'* STATUS "&AOk-" (MESSAGES 1)') == StatusData(
        "&AOk-", {"MESSAGES": 1}
    )
    renamed = read(b'* LIST () "/" a (OLDNAME ("&AOk-"))')
    assert renamed == ListData("a", "/", frozenset(), old_name="&AOk-")
    assert read(b'* ACL "&AOk-"') == AclData("&AOk-", {})
    assert read(b'* MYRIGHTS "&AOk-" l') == MyRightsData("&AOk-", Rights("l"))
    assert read(b'* LISTRIGHTS "&AOk-" a l') == ListRightsData(
        "&AOk-", "a", Rights("l"), ()
    )
    assert read(b'* METADATA "&AOk-" ()') == MetadataData("&AOk-", {})
    assert read(b'* METADATA "&AOk-" /a') == MetadataChangedData("&AOk-", ("/a",))
    assert read(b'* QUOTAROOT "&AOk-" ""') == QuotaRootData("&AOk-", ("",))
    namespace = read(b'* NAMESPACE (("&AOk-/" "/")) NIL NIL')
    assert namespace == NamespaceData((NamespacePrefix("&AOk-/", "/"),))
    assert parse([b'* LIST () "/" "&AOk-"']) == ListData("é", "/", frozenset())


@pytest.mark.parametrize("octets", ["Entwürfe".encode(), b"R&D", b"&AOk", b"a\xff"])
def test_a_name_that_is_not_encoded_goes_back_as_it_came(octets: bytes) -> None:
    """Servers without UTF8=ACCEPT do send such names, and must open them."""
    name = decode_mailbox_name(octets)
    assert isinstance(name, RawMailboxName)
    assert name == octets.decode("utf-8", "surrogateescape")
    for same in (name, pickle.loads(pickle.dumps(name))):
        assert encode_mailbox_name(same) == octets


def test_a_raw_name_is_sent_as_it_came() -> None:
    name = decode_mailbox_name("ä".encode())
    assert wire(Create(name), REV1) == b"CREATE {2}\r\n" + "ä".encode()
    assert wire(Create("ä"), REV1) == b"CREATE &AOQ-"


def test_search_names_no_charset_where_it_must_not() -> None:
    """RFC 6855 §3: there the server answers BAD."""
    search = UidSearch(IMAPSearchCriteria.subject("é"), charset=True)
    assert wire(search, UTF8) == 'UID SEARCH SUBJECT "é"'.encode()
    assert wire(search, REV2) == 'UID SEARCH SUBJECT "é"'.encode()
    assert wire(search, REV1).startswith(b"UID SEARCH CHARSET UTF-8 SUBJECT {2}")


PLAIN = "Subject: x\r\n\r\nä".encode()
HEADER = "Subject: ä\r\n\r\nx".encode()


@pytest.mark.parametrize(
    ("message", "dialect", "expected"),
    [
        (HEADER, UTF8, b"UTF8 (~{16}\r\n%b)"),
        ("Subject: ä".encode(), UTF8, b"UTF8 (~{11}\r\n%b)"),
        (PLAIN, UTF8, b"{16}\r\n%b"),
        (b"Subject: \xe4\r\n\r\nx", UTF8, b"{15}\r\n%b"),
        (HEADER, REV2, b"{16}\r\n%b"),
        (HEADER, REV1, b"{16}\r\n%b"),
        (HEADER, Dialect(rev2=True, utf8_accept=True), b"UTF8 (~{16}\r\n%b)"),
    ],
)
def test_append_says_that_the_header_has_utf8(
    message: bytes, dialect: Dialect, expected: bytes
) -> None:
    """RFC 6855 §4; IMAP4rev2 takes it in any literal (RFC 9051 §6.3.12)."""
    sent = wire(Append("a", message), dialect)
    assert sent == b"APPEND a " + expected % message


def test_a_literal8_that_need_not_wait_says_so() -> None:
    assert wire(Append("a", HEADER), UTF8, None).startswith(
        b"APPEND a UTF8 (~{16+}\r\n"
    )


def test_only_a_literal8_holds_nul() -> None:
    """RFC 9051 §4.3."""
    with pytest.raises(ValueError, match="NUL"):
        Encoder("T").literal(b"a\0")
    flights = Encoder("T").literal8(b"a\0").finish().flights
    assert flights == ([b"T ~{2}\r\n"], [b"a\0", b"\r\n"])
