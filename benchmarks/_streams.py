"""What a server would send, made up once in memory, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_SUBJECTS = (
    '"Minutes of Tuesday"',
    '"5* hotel (:-)"',
    '"=?utf-8?q?Angebot_f=C3=BCr_die_K=C3=BCche?="',
    '"Your \\"final\\" invoice \\\\ receipt"',
    '"=?utf-8?b?5Lya6K2w44Gu44GK55+l44KJ44Gb?="',
    '"Re: [list] A subject of the usual length, with some words in it"',
)
_PEOPLE = (
    '("Ada Lindqvist" NIL "ada" "example.org")',
    '("=?utf-8?q?J=C3=B6rg_M=C3=BCller?=" NIL "joerg" "example.de")',
    '(NIL NIL "billing" "shop.example")',
    '("Zoe O\'Hara" NIL "zoe.ohara" "mail.example.com")',
)
_PLAIN = (
    '("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 1234 40 NIL NIL'
    " NIL NIL)"
)
_HTML = (
    '("text" "html" ("charset" "utf-8") NIL NIL "base64" 5678 80 NIL ("inline" NIL)'
    " NIL NIL)"
)
_PDF = (
    '("application" "pdf" ("name" "report.pdf") NIL NIL "base64" 98765 NIL'
    ' ("attachment" ("filename" "report.pdf")) NIL NIL)'
)
_BOTH = f'({_PLAIN}{_HTML} "alternative" ("boundary" "=_a") NIL NIL NIL)'
_MIXED = f'({_BOTH}{_PDF} "mixed" ("boundary" "=_m") NIL NIL NIL)'
_STRUCTURES = (_PLAIN, _BOTH, _MIXED)
_FLAGS = ("\\Seen", "\\Seen \\Answered", "", "\\Seen \\Flagged $Forwarded")
_HEADER = (
    b"From: Ada Lindqvist <ada@example.org>\r\nTo: zoe@example.com\r\n"
    b"Subject: Minutes of Tuesday (%d)\r\nDate: Tue, 6 Jan 2026 10:00:00 +0000\r\n"
    b"Message-ID: <%d@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
)
_LINE = b"The numbers are in the attachment; the total is 1.234,56 EUR, as agreed.\r\n"


@dataclass(frozen=True, slots=True)
class Stream:
    """Untagged responses as octets.

    Attributes:
        name: for the table.
        data: the octets.
        items: what is in them: messages, or numbers of a SEARCH.
        is_search: whether it is one SEARCH line.
        is_list: whether it is of LIST responses.
    """

    name: str
    data: bytes
    items: int
    is_search: bool = False
    is_list: bool = False

    def pieces(self, size: int) -> list[bytes]:
        """Return the octets in pieces as a socket gives them."""
        data = self.data
        return [data[at : at + size] for at in range(0, len(data), size)]


def _address(number: int) -> str:
    return f"({_PEOPLE[number % len(_PEOPLE)]})"


def envelopes(count: int) -> Stream:
    """Return what a list of mails is made of, for *count* messages."""

    def fetch(number: int) -> bytes:
        text = (
            f"* {number} FETCH (UID {number * 3} FLAGS ({_FLAGS[number % 4]})"
            ' INTERNALDATE "06-Jan-2026 10:00:00 +0100"'
            f" RFC822.SIZE {4000 + number}"
            f' ENVELOPE ("Tue, 6 Jan 2026 10:00:00 +0100" {_SUBJECTS[number % 6]}'
            f" {_address(number)} {_address(number)} {_address(number + 1)}"
            f" {_address(number + 2)} NIL NIL NIL"
            f' "<{number}.{number * 7919}@mail.example.org>")'
            f" BODYSTRUCTURE {_STRUCTURES[number % 3]})\r\n"
        )
        return text.encode("ascii")

    data = b"".join(fetch(number) for number in range(1, count + 1))
    return Stream(f"{count:,} x ENVELOPE BODYSTRUCTURE ...", data, count)


def bodies(count: int, size: int) -> Stream:
    """Return *count* whole messages of about *size* octets each."""

    def fetch(number: int) -> bytes:
        header = _HEADER % (number, number)
        body = header + _LINE * ((size - len(header)) // len(_LINE))
        start = b"* %d FETCH (UID %d FLAGS (\\Seen) BODY[] {%d}\r\n"
        return start % (number, number * 3, len(body)) + body + b")\r\n"

    shown = f"{size // 1024:,} KiB" if size < 2**20 else f"{size // 2**20} MiB"
    data = b"".join(fetch(number) for number in range(1, count + 1))
    return Stream(f"{count:,} x BODY[] of {shown}", data, count)


def flags(count: int) -> Stream:
    """Return the UIDs and flags of *count* messages."""
    lines = (
        f"* {n} FETCH (UID {n * 3} FLAGS ({_FLAGS[n % 4]}))\r\n"
        for n in range(1, count + 1)
    )
    data = "".join(lines).encode("ascii")
    return Stream(f"{count:,} x UID FLAGS", data, count)


def search(count: int) -> Stream:
    """Return one SEARCH line of *count* UIDs."""
    uids = " ".join(str(n * 3) for n in range(1, count + 1))
    data = f"* SEARCH {uids}\r\n".encode("ascii")
    return Stream(f"SEARCH line of {count:,} UIDs", data, count, is_search=True)


def mailboxes(count: int) -> Stream:
    """Return the LIST responses of *count* mailboxes."""
    line = '* LIST (\\HasNoChildren) "/" "Projects/%d/Entw&APw-rfe und {%d}"\r\n'
    data = "".join(line % (n, n) for n in range(1, count + 1)).encode("ascii")
    return Stream(f"LIST of {count:,} mailboxes", data, count, is_list=True)


def all_streams(scale: float = 1.0) -> Iterator[Callable[[], Stream]]:
    """Yield what makes each stream: together they would fill the memory."""

    def of(count: int) -> int:
        return max(1, round(count * scale))

    yield lambda: envelopes(of(10_000))
    yield lambda: bodies(of(10_000), 4096)
    yield lambda: bodies(of(100), 2**20)
    yield lambda: search(of(1_000_000))
    yield lambda: flags(of(100_000))
