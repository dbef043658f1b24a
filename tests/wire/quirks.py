"""What servers send that the standard does not allow, and what is made of it.

``python -m tests.wire.quirks`` writes the table of ``docs/reference/quirks.md``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "quirks.md"


@dataclass(frozen=True, slots=True)
class Quirk:
    """Something odd that must not end a session.

    Attributes:
        name: what is odd about it.
        sent: a response that shows it, without the last CRLF.
        means: the response, or one of several, that a server without the quirk
            would have sent; None if there is nothing in it.
        seen: servers known for it; empty if it is known by hearsay only.
    """

    name: str
    sent: bytes
    means: bytes | None
    seen: str = ""


_TEXT = b'("text" "plain" NIL NIL NIL "7bit" 5 1 NIL NIL NIL NIL)'
_MESSAGE = b'("message" "rfc822" NIL NIL NIL "7bit" 99'
_ADDRESS = b'("A" NIL "a" "x.y")'
_FROM = b"(NIL NIL (%b)%b)" % (_ADDRESS, b" NIL" * 7)


def _structure(octets: bytes) -> bytes:
    return b"* 1 FETCH (UID 7 BODYSTRUCTURE %b)" % octets


def _envelope(octets: bytes) -> bytes:
    return b"* 1 FETCH (UID 7 ENVELOPE %b)" % octets


QUIRKS: list[Quirk] = [
    # Status responses and continuations
    Quirk("greeting without text", b"* OK", b"* OK "),
    Quirk("greeting with more spaces", b"*  OK  hello", b"* OK hello"),
    Quirk("status in lower case", b"a1 ok done", b"a1 OK done"),
    Quirk("tagged status without text", b"A1 NO", b"A1 NO "),
    Quirk("`+` without space and text", b"+", b"+ "),
    Quirk("`+` with text but no space", b"+idling", b"+ idling"),
    Quirk("`+` that reads as a tagged OK", b"+ OK", b"+ OK", "Dovecot"),
    Quirk(
        "`{3}` at the end of text for humans",
        b"* OK beware of {3}",
        b"* OK beware of {3}",
    ),
    Quirk("8-bit text for humans", b"* NO n\xc3\xb6", b"* NO n\xc3\xb6"),
    Quirk("code in lower case", b"A1 NO [tryCreate] x", b"A1 NO [TRYCREATE] x"),
    Quirk("code without text after it", b"A1 NO [TRYCREATE]", b"A1 NO [TRYCREATE] "),
    Quirk("spaces within the code", b"* OK [ UIDNEXT  7 ] x", b"* OK [UIDNEXT 7] x"),
    Quirk(
        "charsets without parentheses, or quoted",
        b'A1 NO [BADCHARSET "UTF-8" US-ASCII] x',
        b'A1 NO [BADCHARSET "UTF-8" US-ASCII] x',
    ),
    Quirk("empty line", b"", None),
    Quirk("word that no standard knows", b"* XUNHEARD (of", None),
    # Capabilities and ID
    Quirk(
        "space at the end",
        b"* CAPABILITY IMAP4rev1 IDLE ",
        b"* CAPABILITY IMAP4rev1 IDLE",
    ),
    Quirk("response in lower case", b"* capability idle", b"* CAPABILITY IDLE"),
    Quirk("ID without its list", b"* ID", b"* ID NIL"),
    Quirk("ID without parentheses", b'* ID "name" "x"', b'* ID ("name" "x")'),
    Quirk("ID with a name alone", b'* ID ("name" "x" "os")', b'* ID ("name" "x")'),
    Quirk("ID with a list in it", b'* ID ("os" ("x"))', b'* ID ("os" NIL)'),
    # Mailboxes
    Quirk("LIST in lower case", b'* list () "/" a', b'* LIST () "/" a'),
    Quirk(
        "special use in lower case",
        b'* LIST (\\archive) "/" a',
        b'* LIST (\\Archive) "/" a',
        "Cyrus 3.6",
    ),
    Quirk(
        "XLIST, which came before special use",
        b'* XLIST (\\Inbox) "/" a',
        b'* LIST (\\Inbox) "/" a',
        "Cyrus 3.6, Gmail once",
    ),
    Quirk("NIL for attributes", b'* LIST NIL "/" a', b'* LIST () "/" a'),
    Quirk("one attribute alone", b'* LIST \\Marked "/" a', b'* LIST (\\Marked) "/" a'),
    Quirk("empty delimiter", b'* LIST () "" a', b"* LIST () NIL a"),
    Quirk("delimiter as an atom", b"* LIST () / a", b'* LIST () "/" a'),
    Quirk("backslash unescaped", b'* LIST () "\\" a', b'* LIST () "\\\\" a'),
    Quirk("INBOX in another case", b'* LIST () "/" Inbox', b'* LIST () "/" INBOX'),
    Quirk("empty name", b'* LIST () "/" ""', b'* LIST () "/" ""'),
    Quirk("name NIL, unquoted", b'* LIST () "/" NIL', b'* LIST () "/" "NIL"'),
    Quirk("name with spaces, unquoted", b'* LIST () "/" a b', b'* LIST () "/" "a b"'),
    Quirk(
        "name with brackets, unquoted",
        b'* LIST () "/" [Gmail]/All',
        b'* LIST () "/" "[Gmail]/All"',
    ),
    Quirk("name as a literal", b'* LIST () "/" {3}\r\na b', b'* LIST () "/" "a b"'),
    Quirk(
        "name in UTF-8, not in UTF-7",
        b'* LIST () "/" "\xc3\xa9"',
        b'* LIST () "/" "&AOk-"',
    ),
    Quirk(
        "name that is no valid UTF-7",
        b'* LIST () "/" "a&b"',
        b'* LIST () "/" "a&-b"',
    ),
    Quirk(
        "name with spaces, unquoted, in STATUS",
        b"* STATUS a b (MESSAGES 1)",
        b'* STATUS "a b" (MESSAGES 1)',
    ),
    Quirk(
        "STATUS without parentheses",
        b"* STATUS a MESSAGES 1",
        b"* STATUS a (MESSAGES 1)",
    ),
    Quirk(
        "STATUS item in lower case",
        b"* STATUS a (messages 1)",
        b"* STATUS a (MESSAGES 1)",
    ),
    Quirk(
        "MAILBOXID of random octets",
        b"* STATUS a (MESSAGES 1 MAILBOXID (\xb0\xa0U))",
        b'* STATUS a (MESSAGES 1 MAILBOXID ("\xb0\xa0U"))',
        "Cyrus 3.6 to 3.12",
    ),
    Quirk(
        "NAMESPACE without outer parentheses",
        b'* NAMESPACE ("" "/") NIL NIL',
        b'* NAMESPACE (("" "/")) NIL NIL',
    ),
    Quirk(
        "NAMESPACE without the last lists",
        b'* NAMESPACE (("" "/"))',
        b'* NAMESPACE (("" "/")) NIL NIL',
    ),
    Quirk(
        "empty delimiter in NAMESPACE",
        b'* NAMESPACE (("" "")) NIL NIL',
        b'* NAMESPACE (("" NIL)) NIL NIL',
    ),
    Quirk(
        "no delimiter in NAMESPACE",
        b'* NAMESPACE (("~")) NIL NIL',
        b'* NAMESPACE (("~" NIL)) NIL NIL',
    ),
    # What there is in a mailbox
    Quirk("more after EXISTS", b"* 5 EXISTS now", b"* 5 EXISTS"),
    Quirk("FLAGS without parentheses", b"* FLAGS \\Seen a", b"* FLAGS (\\Seen a)"),
    Quirk("FLAGS with NIL", b"* FLAGS NIL", b"* FLAGS ()"),
    Quirk("space at the end of SEARCH", b"* SEARCH 1 2 ", b"* SEARCH 1 2"),
    Quirk("SEARCH without numbers", b"* SEARCH", b"* SEARCH "),
    Quirk("SEARCH that found 0", b"* SEARCH 0", b"* SEARCH"),
    Quirk("SEARCH that found NIL", b"* SEARCH NIL", b"* SEARCH"),
    Quirk(
        "MODSEQ without parentheses in SEARCH",
        b"* SEARCH 1 2 MODSEQ 9",
        b"* SEARCH 1 2 (MODSEQ 9)",
    ),
    Quirk("MODSEQ but no numbers", b"* SEARCH (MODSEQ 9)", b"* SEARCH (MODSEQ 9)"),
    Quirk("ALL without its set", b"* ESEARCH UID ALL", b"* ESEARCH UID"),
    Quirk("empty set", b'* ESEARCH UID ALL ""', b"* ESEARCH UID ALL NIL"),
    Quirk("VANISHED without UIDs", b"* VANISHED (EARLIER)", b'* VANISHED (EARLIER) ""'),
    Quirk("commas too many", b"* VANISHED 1,,2,", b"* VANISHED 1:2"),
    Quirk("set with spaces", b"* VANISHED 1, 2", b"* VANISHED 1:2"),
    Quirk("set backwards", b"* VANISHED 9:7", b"* VANISHED 7:9"),
    Quirk("EARLIER alone", b"* VANISHED EARLIER 7", b"* VANISHED (EARLIER) 7"),
    # FETCH
    Quirk(
        "items in lower case",
        b"* 1 fetch (uid 7 flags (\\seen))",
        b"* 1 FETCH (UID 7 FLAGS (\\Seen))",
    ),
    Quirk(
        "spaces too many",
        b"* 1 FETCH  ( UID  7  FLAGS ( \\Seen  a ) ) ",
        b"* 1 FETCH (UID 7 FLAGS (\\Seen a))",
    ),
    Quirk(
        "spaces missing",
        b"* 1 FETCH(FLAGS(\\Seen)UID 7)",
        b"* 1 FETCH (FLAGS (\\Seen) UID 7)",
    ),
    Quirk(
        "parenthesis too many at the end",
        b"* 1 FETCH (FLAGS (\\Seen)))",
        b"* 1 FETCH (FLAGS (\\Seen))",
    ),
    Quirk(
        "last parenthesis missing",
        b"* 1 FETCH (FLAGS (\\Seen)",
        b"* 1 FETCH (FLAGS (\\Seen))",
    ),
    Quirk(
        "parenthesis closed early",
        b"* 1 FETCH (UID 7) RFC822.SIZE 9",
        b"* 1 FETCH (UID 7 RFC822.SIZE 9)",
    ),
    Quirk("no parentheses", b"* 1 FETCH UID 7", b"* 1 FETCH (UID 7)"),
    Quirk("no items", b"* 1 FETCH NIL", b"* 1 FETCH ()"),
    Quirk(
        "items after the literal",
        b"* 1 FETCH (BODY[] {1}\r\na UID 7)",
        b"* 1 FETCH (UID 7 BODY[] {1}\r\na)",
        "Gmail",
    ),
    Quirk("item twice", b"* 1 FETCH (UID 7 UID 7)", b"* 1 FETCH (UID 7)"),
    Quirk(
        "item of no standard",
        b"* 1 FETCH (UID 7 X-ODD (a (b)))",
        b"* 1 FETCH (X-ODD (a (b)) UID 7)",
    ),
    Quirk("number in quotes", b'* 1 FETCH (UID "7")', b"* 1 FETCH (UID 7)"),
    Quirk("size -1", b"* 1 FETCH (UID 7 RFC822.SIZE -1)", b"* 1 FETCH (UID 7)"),
    Quirk("size NIL", b"* 1 FETCH (UID 7 RFC822.SIZE NIL)", b"* 1 FETCH (UID 7)"),
    Quirk("MODSEQ 0", b"* 1 FETCH (MODSEQ (0))", b"* 1 FETCH (MODSEQ (0))"),
    Quirk("MODSEQ below 0", b"* 1 FETCH (UID 7 MODSEQ (-1))", b"* 1 FETCH (UID 7)"),
    Quirk(
        "MODSEQ of 64 bits",
        b"* 1 FETCH (UID 7 MODSEQ (18446744073709551615))",
        b"* 1 FETCH (UID 7)",
    ),
    Quirk(
        "MODSEQ without parentheses", b"* 1 FETCH (MODSEQ 9)", b"* 1 FETCH (MODSEQ (9))"
    ),
    Quirk("one flag alone", b"* 1 FETCH (FLAGS a)", b"* 1 FETCH (FLAGS (a))"),
    Quirk("NIL for flags", b"* 1 FETCH (FLAGS NIL)", b"* 1 FETCH (FLAGS ())"),
    Quirk(
        "flags with brackets",
        b"* 1 FETCH (FLAGS (a[ b] [c]))",
        b"* 1 FETCH (FLAGS ([c] b] a[))",
    ),
    Quirk(
        "date with one digit",
        b'* 1 FETCH (INTERNALDATE "1-Feb-2026 03:04:05 +0200")',
        b'* 1 FETCH (INTERNALDATE "01-Feb-2026 03:04:05 +0200")',
    ),
    Quirk(
        "date with a space",
        b'* 1 FETCH (INTERNALDATE " 1-Feb-2026 03:04:05 +0200")',
        b'* 1 FETCH (INTERNALDATE "01-Feb-2026 03:04:05 +0200")',
    ),
    Quirk("no date", b"* 1 FETCH (UID 7 INTERNALDATE NIL)", b"* 1 FETCH (UID 7)"),
    Quirk(
        "date that is none",
        b'* 1 FETCH (UID 7 INTERNALDATE "31-Feb-0000")',
        b"* 1 FETCH (UID 7)",
    ),
    Quirk(
        "PEEK in the answer",
        b"* 1 FETCH (BODY.PEEK[1] {1}\r\na)",
        b"* 1 FETCH (BODY[1] {1}\r\na)",
    ),
    Quirk(
        "length in the answer",
        b"* 1 FETCH (BODY[]<0.9> {1}\r\na)",
        b"* 1 FETCH (BODY[]<0> {1}\r\na)",
    ),
    Quirk(
        "section in lower case",
        b"* 1 FETCH (body[header] {1}\r\na)",
        b"* 1 FETCH (BODY[HEADER] {1}\r\na)",
    ),
    Quirk(
        "field name as a literal",
        b"* 1 FETCH (BODY[HEADER.FIELDS ({2}\r\nTO CC)]<0> {1}\r\na UID 7)",
        b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (TO CC)]<0> {1}\r\na)",
    ),
    Quirk(
        "field name as the only literal",
        b'* 1 FETCH (BODY[HEADER.FIELDS ({2}\r\nTO)] "" UID 7)',
        b'* 1 FETCH (UID 7 BODY[HEADER.FIELDS (TO)] "")',
    ),
    Quirk(
        "field name with a bracket",
        b'* 1 FETCH (BODY[HEADER.FIELDS ("X]")] {1}\r\na)',
        b'* 1 FETCH (BODY[HEADER.FIELDS ("X]")] {1}\r\na)',
    ),
    Quirk("body as an atom", b"* 1 FETCH (BODY[1] a{b)", b'* 1 FETCH (BODY[1] "a{b")'),
    # ENVELOPE
    Quirk("no envelope", _envelope(b"NIL"), _envelope(b"()")),
    Quirk(
        "fields missing at the end",
        _envelope(b'(NIL "s")'),
        _envelope(b'(NIL "s"%b)' % (b" NIL" * 8)),
    ),
    Quirk(
        "8-bit in quotes",
        _envelope(b'(NIL "gr\xc3\xbc\xc3\x9fe"%b)' % (b" NIL" * 8)),
        _envelope(b"(NIL {8}\r\ngr\xc3\xbc\xc3\x9fe%b)" % (b" NIL" * 8)),
    ),
    Quirk(
        "string as an atom",
        _envelope(b"(NIL a*{}%%\\b'c%b)" % (b" NIL" * 8)),
        _envelope(b'(NIL "a*{}%%\\\\b\'c"%b)' % (b" NIL" * 8)),
    ),
    Quirk(
        "line break in a string",
        _envelope(b"(NIL {7}\r\na\r\n b c%b)" % (b" NIL" * 8)),
        _envelope(b'(NIL "a b c"%b)' % (b" NIL" * 8)),
    ),
    Quirk(
        "empty string for no addresses",
        _envelope(b'(NIL "s" ""%b)' % (b" NIL" * 7)),
        _envelope(b'(NIL "s" NIL%b)' % (b" NIL" * 7)),
    ),
    Quirk(
        "empty list for no addresses",
        _envelope(b'(NIL "s" ()%b)' % (b" NIL" * 7)),
        _envelope(b'(NIL "s" NIL%b)' % (b" NIL" * 7)),
    ),
    Quirk(
        "one address without list",
        _envelope(b"(NIL NIL %b%b)" % (_ADDRESS, b" NIL" * 7)),
        _envelope(_FROM),
    ),
    Quirk(
        "spaces between addresses",
        _envelope(b"(NIL NIL ( %b %b )%b)" % (_ADDRESS, _ADDRESS, b" NIL" * 7)),
        _envelope(b"(NIL NIL (%b%b)%b)" % (_ADDRESS, _ADDRESS, b" NIL" * 7)),
    ),
    Quirk(
        "NIL among addresses",
        _envelope(b"(NIL NIL (NIL %b)%b)" % (_ADDRESS, b" NIL" * 7)),
        _envelope(_FROM),
    ),
    Quirk(
        "address of NIL",
        _envelope(b"(NIL NIL ((NIL NIL NIL NIL)%b)%b)" % (_ADDRESS, b" NIL" * 7)),
        _envelope(_FROM),
    ),
    Quirk(
        "placeholder for a missing host",
        _envelope(b'(NIL NIL ((NIL NIL "a" ".MISSING-HOST-NAME."))%b)' % (b" NIL" * 7)),
        _envelope(b'(NIL NIL ((NIL NIL "a" ""))%b)' % (b" NIL" * 7)),
        "UW IMAP, Dovecot: MISSING_DOMAIN, Cyrus: unspecified-domain",
    ),
    Quirk(
        "group without end",
        _envelope(b'(NIL NIL ((NIL NIL "g" NIL)%b)%b)' % (_ADDRESS, b" NIL" * 7)),
        _envelope(
            b'(NIL NIL ((NIL NIL "g" NIL)%b(NIL NIL NIL NIL))%b)'
            % (_ADDRESS, b" NIL" * 7)
        ),
    ),
    # BODYSTRUCTURE
    Quirk("no structure", _structure(b"NIL"), b"* 1 FETCH (UID 7)"),
    Quirk(
        "BODY for BODYSTRUCTURE",
        b"* 1 FETCH (BODY %b)" % _TEXT,
        b"* 1 FETCH (BODYSTRUCTURE %b)" % _TEXT,
    ),
    Quirk(
        "fields missing at the end of a part",
        _structure(b'("text" "plain" NIL NIL NIL "7bit" 5 1)'),
        _structure(_TEXT),
    ),
    Quirk(
        "NIL for the encoding",
        _structure(b'("text" "plain" NIL NIL NIL NIL 5 1)'),
        _structure(_TEXT),
    ),
    Quirk(
        "NIL for type and subtype",
        _structure(b'(NIL NIL NIL NIL NIL "7bit" 5)'),
        _structure(b'("application" "octet-stream" NIL NIL NIL "7bit" 5)'),
    ),
    Quirk(
        "size and lines in quotes",
        _structure(b'("text" "plain" NIL NIL NIL "7bit" "5" "1")'),
        _structure(_TEXT),
    ),
    Quirk(
        "size and lines NIL or below 0",
        _structure(b'("text" "plain" NIL NIL NIL "7bit" -1 NIL)'),
        _structure(b'("text" "plain" NIL NIL NIL "7bit" NIL -1)'),
    ),
    Quirk(
        "atoms for strings",
        _structure(b"(text plain (charset utf-8) NIL NIL 7bit 5 1)"),
        _structure(b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 1)'),
    ),
    Quirk(
        "empty list of parameters",
        _structure(b'("text" "plain" () NIL NIL "7bit" 5 1)'),
        _structure(_TEXT),
    ),
    Quirk(
        "parameter without value",
        _structure(b'("text" "plain" ("charset") NIL NIL "7bit" 5 1)'),
        _structure(_TEXT),
    ),
    Quirk(
        "disposition as a string",
        _structure(b'("a" "b" NIL NIL NIL "7bit" 5 NIL "inline")'),
        _structure(b'("a" "b" NIL NIL NIL "7bit" 5 NIL ("inline" NIL))'),
    ),
    Quirk(
        "one language as a string",
        _structure(b'("a" "b" NIL NIL NIL "7bit" 5 NIL NIL "en")'),
        _structure(b'("a" "b" NIL NIL NIL "7bit" 5 NIL NIL ("en"))'),
    ),
    Quirk(
        "spaces between parts",
        _structure(b'(%b %b "mixed")' % (_TEXT, _TEXT)),
        _structure(b'(%b%b "mixed")' % (_TEXT, _TEXT)),
    ),
    Quirk(
        "multipart without subtype",
        _structure(b"(%b)" % _TEXT),
        _structure(b'(%b "mixed")' % _TEXT),
    ),
    Quirk(
        "multipart without parts",
        _structure(b'("mixed" ("boundary" "b") NIL NIL)'),
        _structure(b'(NIL "mixed" ("boundary" "b") NIL NIL)'),
    ),
    Quirk(
        "message of which nothing is told",
        _structure(_MESSAGE + b")"),
        _structure(_MESSAGE + b" NIL NIL NIL)"),
    ),
    Quirk(
        "message with an empty envelope",
        _structure(_MESSAGE + b" () %b 3)" % _TEXT),
        _structure(_MESSAGE + b" (%b) %b 3)" % (b" ".join([b"NIL"] * 10), _TEXT)),
    ),
]


def _shown(octets: bytes) -> str:
    """Return *octets* as a cell of the table: in backquotes, no line breaks."""
    text = octets.decode("utf-8", "backslashreplace").replace("\r\n", "␍␊")
    return f"`{text}`" if text else "(nothing)"


def table() -> str:
    """Return the table of all quirks, in Markdown."""
    rows = [
        (
            quirk.name,
            _shown(quirk.sent),
            "kept as `Unknown`, and passed by"
            if quirk.means is None
            else "as it stands"
            if quirk.means == quirk.sent
            else _shown(quirk.means),
            quirk.seen,
        )
        for quirk in QUIRKS
    ]
    head = [("What is odd", "Sent", "Read as", "Known from"), ("---",) * 4]
    return "".join(f"| {' | '.join(row)} |\n" for row in head + rows)


def page() -> str:
    """Return the page with the table as it should be."""
    text = PAGE.read_text("utf-8")
    return re.sub(r"(?:^\|.*\n)+", lambda _: table(), text, count=1, flags=re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
