"""Response codes of the standard and of every extension, typed (RFC 9051 §7.1)."""

from __future__ import annotations

import pytest

from aiosage import errors
from aiosage.model import Flag, MessageSet, ResponseCode
from aiosage.wire import (
    AnnotateCode,
    AnnotationsCode,
    AppendUidCode,
    BadCharsetCode,
    BadEventCode,
    BadUrlCode,
    Code,
    InProgressCode,
    MailboxIdCode,
    MessageLimitCode,
    MetadataCode,
    ModifiedCode,
    NoUpdateCode,
    NumberCode,
    PermanentFlagsCode,
    ReferralCode,
    Status,
    UndefinedFilterCode,
    UrlMechCode,
)
from aiosage.wire.responses._codes import _PARSERS

from .stream import response


def code_of(octets: bytes, text: str = "Hi") -> Code:
    """Return the code in a status with these octets in its brackets."""
    status = response(b"A1 NO [%b] %b" % (octets, text.encode()))
    assert isinstance(status, Status)
    assert status.text == text
    assert status.code is not None
    return status.code


TYPED: list[tuple[bytes, Code]] = [
    (b"BADCHARSET", BadCharsetCode("BADCHARSET", "")),
    (
        b"BADCHARSET (UTF-8 US-ASCII)",
        BadCharsetCode("BADCHARSET", "(UTF-8 US-ASCII)", ("UTF-8", "US-ASCII")),
    ),
    (
        b'BADCHARSET ("UTF-8")',
        BadCharsetCode("BADCHARSET", '("UTF-8")', ("UTF-8",)),
    ),
    (
        b"BADCHARSET UTF-8 US-ASCII",
        BadCharsetCode("BADCHARSET", "UTF-8 US-ASCII", ("UTF-8", "US-ASCII")),
    ),
    (
        b"MODIFIED 7,9:10",
        ModifiedCode("MODIFIED", "7,9:10", MessageSet([7, 9, 10])),
    ),
    (b"MESSAGELIMIT 1000", MessageLimitCode("MESSAGELIMIT", "1000", 1000)),
    (
        b"MESSAGELIMIT 1000 23221",
        MessageLimitCode("MESSAGELIMIT", "1000 23221", 1000, 23221),
    ),
    (b"INPROGRESS", InProgressCode("INPROGRESS")),
    (
        b'INPROGRESS ("A001" 454 1000)',
        InProgressCode("INPROGRESS", '("A001" 454 1000)', "A001", 454, 1000),
    ),
    (
        b'INPROGRESS ("A]" 999 NIL)',
        InProgressCode("INPROGRESS", '("A]" 999 NIL)', "A]", 999, None),
    ),
    (
        b"inprogress (NIL NIL NIL)",
        InProgressCode("INPROGRESS", "(NIL NIL NIL)"),
    ),
    (
        b'BADEVENT (MessageNew "FlagChange")',
        BadEventCode(
            "BADEVENT", '(MessageNew "FlagChange")', ("MessageNew", "FlagChange")
        ),
    ),
    (
        b"REFERRAL imap://u;AUTH=*@b.example/",
        ReferralCode(
            "REFERRAL", "imap://u;AUTH=*@b.example/", ("imap://u;AUTH=*@b.example/",)
        ),
    ),
    (
        b"REFERRAL imap://a/x imap://b/x",
        ReferralCode("REFERRAL", "imap://a/x imap://b/x", ("imap://a/x", "imap://b/x")),
    ),
    (
        b'BADURL /INBOX/;uid=3 "x',
        BadUrlCode("BADURL", '/INBOX/;uid=3 "x', '/INBOX/;uid=3 "x'),
    ),
    (
        b"URLMECH INTERNAL xsample=P34OKhO7VEkCbsiYY8rGEg==",
        UrlMechCode(
            "URLMECH",
            "INTERNAL xsample=P34OKhO7VEkCbsiYY8rGEg==",
            ("INTERNAL", "XSAMPLE"),
        ),
    ),
    (
        b"MAILBOXID (F2212ea87-6097)",
        MailboxIdCode("MAILBOXID", "(F2212ea87-6097)", "F2212ea87-6097"),
    ),
    (b"MAILBOXID F2", MailboxIdCode("MAILBOXID", "F2", "F2")),
    (
        b"METADATA LONGENTRIES 2199",
        MetadataCode("METADATA", "LONGENTRIES 2199", "LONGENTRIES", 2199),
    ),
    (
        b"METADATA maxsize 1024",
        MetadataCode("METADATA", "maxsize 1024", "MAXSIZE", 1024),
    ),
    (b"METADATA TOOMANY", MetadataCode("METADATA", "TOOMANY", "TOOMANY")),
    (b"METADATA NOPRIVATE", MetadataCode("METADATA", "NOPRIVATE", "NOPRIVATE")),
    (b"ANNOTATE TOOBIG", AnnotateCode("ANNOTATE", "TOOBIG", "TOOBIG")),
    (
        b"ANNOTATIONS NONE",
        AnnotationsCode("ANNOTATIONS", "NONE", private=False),
    ),
    (
        b"ANNOTATIONS READ-ONLY",
        AnnotationsCode("ANNOTATIONS", "READ-ONLY", read_only=True),
    ),
    (
        b"ANNOTATIONS 20480 NOPRIVATE",
        AnnotationsCode("ANNOTATIONS", "20480 NOPRIVATE", 20480, private=False),
    ),
    (
        b"MAXCONVERTMESSAGES 10",
        NumberCode("MAXCONVERTMESSAGES", "10", 10),
    ),
    (b"MAXCONVERTPARTS 2", NumberCode("MAXCONVERTPARTS", "2", 2)),
    (b'NOUPDATE "B02"', NoUpdateCode("NOUPDATE", '"B02"', "B02")),
    (
        b"UNDEFINED-FILTER on-the-road",
        UndefinedFilterCode("UNDEFINED-FILTER", "on-the-road", "on-the-road"),
    ),
]


@pytest.mark.parametrize(("octets", "expected"), TYPED)
def test_a_code_that_carries_something_is_typed(octets: bytes, expected: Code) -> None:
    code = code_of(octets)
    assert code == expected
    assert type(code) is type(expected)


@pytest.mark.parametrize("name", sorted(set(ResponseCode) - _PARSERS.keys()))
def test_a_code_that_carries_nothing_is_its_name(name: ResponseCode) -> None:
    code = code_of(name.lower().encode())
    assert code == Code(name)
    assert type(code) is Code


def test_every_typed_code_is_a_known_name() -> None:
    assert _PARSERS.keys() <= set(ResponseCode)


def test_the_first_url_of_a_referral_is_where_to_go() -> None:
    code = code_of(b"REFERRAL imap://a/x imap://b/x")
    assert isinstance(code, ReferralCode)
    assert code.url == "imap://a/x"


ODD: list[bytes] = [
    b"UIDNEXT",
    b"UIDNEXT x",
    b"UNSEEN 9999999999999999999",
    b"APPENDUID 1",
    b"COPYUID 1 2",
    b"COPYUID 1 2 3:4",
    b"MODIFIED",
    b"MODIFIED x",
    b"MODIFIED *",
    "MODIFIED 日".encode(),
    "UIDNEXT \u0667".encode(),
    "COPYUID 1 日 2".encode(),
    "INPROGRESS (日 日 日)".encode(),
    "METADATA MAXSIZE \xb2".encode(),
    b"MESSAGELIMIT x",
    b"MESSAGELIMIT 5 0",
    b"INPROGRESS x",
    b"INPROGRESS ((1) 2 3)",
    b'INPROGRESS ("A" x 3)',
    b"INPROGRESS ((",
    b"BADCHARSET (((((UTF-8)))))",
    b"BADCHARSET (" + b"a " * 40_000 + b")",
    b"BADEVENT ((a",
    b"REFERRAL",
    b"MAILBOXID",
    b"MAILBOXID ()",
    b"METADATA LONGENTRIES x",
    b"ANNOTATIONS",
    b"ANNOTATIONS many",
    b"NOUPDATE",
    b'UNDEFINED-FILTER "',
    b"MAXCONVERTPARTS -1",
]


@pytest.mark.parametrize("octets", ODD)
def test_a_code_that_is_not_what_its_name_promises_is_kept_plain(octets: bytes) -> None:
    """The status still says how the command went."""
    name, _, text = octets.decode().partition(" ")
    code = code_of(octets)
    assert type(code) is Code
    assert code == Code(name, text.strip())


def test_a_flag_with_a_bracket_does_not_end_the_code() -> None:
    r"""Else the session would not learn from ``\*`` that new keywords can be made."""
    code = code_of(rb"PERMANENTFLAGS (\Seen [a] b] \*)", "Limited (for [now])")
    assert isinstance(code, PermanentFlagsCode)
    assert code.flags == {*map(Flag.from_wire, (r"\Seen", "[a]", "b]", r"\*"))}
    assert code_of(b"ALERT (", "Hi :-) there") == Code("ALERT", "(")
    assert code_of(b"ALERT (a", "Hi (b)") == Code("ALERT", "(a")


def test_spaces_in_appenduid_do_not_lose_the_uid() -> None:
    code = code_of(b"APPENDUID 1  5")
    assert isinstance(code, AppendUidCode)
    assert (code.uidvalidity, code.uids) == (1, ((5, 5),))


def test_a_quote_that_does_not_end_does_not_hide_the_code() -> None:
    assert code_of(b'OVERQUOTA "', 'Hi "there"') == Code("OVERQUOTA", '"')
    assert code_of(b'ALERT "x', "Hi") == Code("ALERT", '"x')


def test_codes_compare_as_strings() -> None:
    error = errors.refusal("APPEND", "NO", "OVERQUOTA", "full")
    assert error.code == ResponseCode.OVERQUOTA
    assert ResponseCode("READ-ONLY") is ResponseCode.READ_ONLY
    assert f"{ResponseCode.READ_ONLY}" == "READ-ONLY"


def test_errors_know_only_codes_that_exist() -> None:
    """A typing mistake there would choose no error, silently."""
    assert {*errors._BY_CODE, *errors._TEMPORARY} <= set(ResponseCode)
