"""No mail raises, and none takes more than linear time and bounded memory."""

from __future__ import annotations

import base64
import encodings.aliases
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest

from aiosage.model import EmailMessage, safe_filename

from .test_message import RAW

MIB = 2**20


def read_all(message: EmailMessage) -> None:
    """Ask for everything a program could ask for."""
    assert isinstance(message.defects, tuple)
    for name, value in message.headers.multi_items():
        (name + value).encode()
    for address in (*message.from_, *message.reply_to, *message.all_recipients):
        str(address).encode("utf-8", "surrogatepass")
    for text in (
        *(message.subject, message.text, message.html, message.preview()),
        *message.iter_texts(),
        *message.attachment_filenames,
    ):
        (text or "").encode()
    assert message.date is None or message.date.tzinfo is not None
    for attachment in message.attachments:
        assert attachment.size >= 0
        (attachment.text or "").encode()
        assert safe_filename(attachment.filename)
        repr(attachment)
    assert message.has_attachments in (True, False)
    _ = message.is_reply, message.is_forward, message.references, message.message_id
    repr(message)


def generated(seed: int) -> bytes:
    """Return RAW with pieces cut, doubled, moved and spoiled."""
    rng = random.Random(seed)
    raw = bytearray(RAW)
    junk = [
        b"\0",
        b"\r",
        b"\n",
        b"--bb",
        b"--aa--",
        b'"',
        b"=?",
        b"?=",
        b"(",
        b"<",
        b"\xff",
    ]
    junk += [
        b"Content-Type: multipart/mixed; boundary=aa\r\n\r\n",
        b"\r\n\r\n",
        b";",
        b"*",
    ]
    for _ in range(rng.randrange(1, 30)):
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.randrange(60))
        match rng.randrange(5):
            case 0:
                del raw[at:end]
            case 1:
                raw[at:at] = raw[at:end]
            case 2:
                raw[at:at] = rng.choice(junk)
            case 3:
                raw[at:end] = rng.randbytes(end - at)
            case _:
                cut = raw[at:end]
                del raw[at:end]
                to = rng.randrange(len(raw) + 1)
                raw[to:to] = cut
    return bytes(raw)


CHARSETS = sorted({*encodings.aliases.aliases, "x-unknown", "", "utf-8*en", "\xe4"})
ENCODINGS = ["7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "", "BASE64;"]
TYPES = [
    *("text/plain", "text/html", "TEXT/x", "text", "image/png", "application/ms-tnef"),
    *("message/rfc822", "message/delivery-status", "message/partial", "/", ""),
    *("multipart/mixed", "multipart/alternative", "multipart/related"),
    *("multipart/digest", "multipart/signed", "multipart/x"),
]
NAMES = [
    *("a.pdf", "../../etc/passwd", "=?utf-8?b?w6Q=?=.txt", "nul", '"', "a\0b", "\xff"),
    "x" * 5000,
]


def grown(seed: int) -> bytes:
    """Return a message whose parts lie about what they are, nested at random."""
    rng = random.Random(seed)
    newline = rng.choice([b"\r\n", b"\r\n", b"\n"])
    lines: list[bytes] = []

    def put(text: str) -> None:
        lines.append(text.encode("latin-1", "replace"))

    def word() -> str:
        text = base64.b64encode(rng.randbytes(rng.randrange(12))).decode()
        return f"=?{rng.choice(CHARSETS)}?{rng.choice('bqBQx')}?{text}?="

    def header(depth: int) -> str:
        kind = rng.choice(TYPES[-6:] if rng.random() < 0.7 / depth else TYPES)
        boundary = rng.choice(["", "b", "b b", "=", f"b{rng.randrange(3)}"])
        put(f"Content-Type: {kind}; charset={rng.choice(CHARSETS)};")
        put(f" boundary=\"{boundary}\"; name*0*=utf-8''%c3; name*1={rng.choice(NAMES)}")
        put(f"Content-Transfer-Encoding: {rng.choice(ENCODINGS)}")
        if rng.random() < 0.5:
            put(f"Content-Disposition: attachment; filename={rng.choice(NAMES)}")
        return boundary

    for name in ("From", "To", "Cc", "Subject", "Date", "References", "X-Odd"):
        if rng.random() < 0.8:
            put(f"{name}: {word()} {word()} <{rng.choice(NAMES)}@x>, {word()}")
    for depth in range(1, rng.randrange(2, 40)):
        boundary = header(depth)
        if rng.random() < 0.9:
            put("")
        lines.append(rng.randbytes(rng.randrange(100)))
        if rng.random() < 0.9:
            put(f"--{boundary}" + "--" * (rng.random() < 0.2))
    return newline.join(lines)


@pytest.mark.parametrize("make", [generated, grown])
def test_a_thousand_broken_messages_are_read(make: Callable[[int], bytes]) -> None:
    """In time and memory that follow their size, which is below 1 MiB."""
    started = time.process_time()
    tracemalloc.start()
    try:
        for seed in range(1000):
            read_all(EmailMessage(raw=make(seed)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert time.process_time() - started < 60
    assert peak < 20 * MIB


def test_what_is_generated_is_broken_in_many_ways() -> None:
    """Or the test above would not show much."""
    messages = [EmailMessage(raw=grown(seed)) for seed in range(1000)]
    parts = [
        len(list(message._parsed[1].root.walk()))
        for message in messages
        if message._parsed
    ]
    found = {defect.split("'")[0] for message in messages for defect in message.defects}

    assert len(found) > 10
    assert max(parts) > 5
    assert sum(bool(message.attachments) for message in messages) > 300
    assert sum(message.text is not None for message in messages) > 300


@pytest.mark.parametrize("charset", CHARSETS)
def test_whatever_charset_is_claimed_any_octets_are_text(charset: str) -> None:
    octets = random.Random(charset).randbytes(3000)
    name, word = charset.encode("latin-1"), base64.b64encode(octets[:60])
    header = b"Subject: =?%b?b?%b?=\r\nContent-Type: text/plain; charset=%b"
    read_all(EmailMessage(raw=header % (name, word, name) + b"\r\n\r\n" + octets))


def test_every_cut_of_a_message_is_read() -> None:
    for end in range(0, len(RAW), 3):
        read_all(EmailMessage(raw=RAW[:end]))


def of(field: bytes, text: bytes, size: int = 2 * MIB) -> bytes:
    """Return a message with *text* over and over in *field*."""
    return field + text * (size // len(text)) + b"\r\n\r\nbody"


MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
PART = (
    b"--b\r\nContent-Type: application/octet-stream; name=f\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''f\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nQUFB\r\n"
)
HOSTILE = {
    "header of 10 MiB": of(b"X: ", b"x" * 70 + b"\r\n ", 10 * MIB),
    "10 MiB of fields": of(b"", b"a:\r\n", 10 * MIB),
    "10 MiB without a line": b"a" * (10 * MIB),
    "subject of words": of(b"Subject: ", b"=?utf-8?q?abc?= "),
    "subject of half words": of(b"Subject: ", b"=?a?q?"),
    "subject of padding": of(b"Subject: =?a?q?", b"=?="),
    "subject of question marks": of(b"Subject: ", b"=?"),
    "subject of spaces": b"Subject: a\tb" + b" " * (2 * MIB) + b"c\r\n\r\nbody",
    "subject of folds": of(b"Subject: a", b"\r\n "),
    "subject of a reply": of(b"Subject: re [", b" "),
    "addresses: quotes": of(b"To: ", b'"\\'),
    "addresses: escaped quotes": of(b"To: ", b'"\\"'),
    "addresses: empty quotes": of(b"To: ", b'""'),
    "addresses: open comments": of(b"To: ", b"("),
    "addresses: comments": of(b"To: ", b"()"),
    "addresses: commas": of(b"To: ", b","),
    "addresses: angles": of(b"To: ", b"<"),
    "addresses: routes": of(b"To: <", b"@a,"),
    "addresses: brackets": of(b"To: ", b"["),
    "addresses: groups": of(b"To: ", b"a:;"),
    "addresses: half words": of(b"To: ", b"=?a?q?"),
    "parameters": of(b"Content-Type: text/plain", b";a=b"),
    "parameters: semicolons": of(b"Content-Type: text/plain", b";"),
    "parameters: quotes": of(b"Content-Type: text/plain", b';a="\\"'),
    "parameters: spaces": of(b"Content-Type: text/plain;a", b" "),
    "parameters: comments": of(b"Content-Type: text/plain", b"("),
    "parameters: pieces": b"Content-Type: text/plain"
    + b"".join(b";n*%d*=%%41" % n for n in range(100_000)),
    "references": of(b"References: ", b"<"),
    "date": of(b"Date: ", b"1"),
    "base64: padding": of(b"Content-Transfer-Encoding: base64\r\n\r\n", b"A="),
    "quoted-printable": of(
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"=   "
    ),
    "nested 1,000 deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(1000)
    ),
    "nested with one boundary": (MULTIPART + b"--b\r\n") * 50_000,
    "messages in messages, as attachments": MULTIPART
    + b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n" * 10_000,
    "nested and closed 1,000 deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(1000)
    )
    + b"\r\ntext\r\n"
    + b"".join(b"--b%d--\r\n" % n for n in reversed(range(1000))),
    "names": of(b"Content-Disposition: attachment; filename=", b"../"),
    "names: encoded": of(b"Content-Disposition: attachment; filename=", b"=?a?q?b?="),
    "tnef": b"Content-Type: application/ms-tnef\r\n\r\n" + b"x" * MIB,
    "uuencode": of(
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\n", b"begin 644 x\r\n"
    ),
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 50_000,
    "10,000 attachments": MULTIPART + PART * 10_000 + b"--b--",
    "empty parts": of(MULTIPART, b"--b\r\n"),
    "parts without an empty line": of(MULTIPART, b"--b\r\na: b\r\n"),
    "lines that are no delimiter": of(MULTIPART, b"--c\r\n"),
    "dashes": of(MULTIPART, b"-"),
    "empty lines": of(MULTIPART, b"\r\n"),
    "html: angles": of(b"Content-Type: text/html\r\n\r\n", b"<"),
    "html: comments": of(b"Content-Type: text/html\r\n\r\n", b"<!-- >"),
    "html: styles": of(b"Content-Type: text/html\r\n\r\n", b"<style>"),
    "html: numbers": of(b"Content-Type: text/html\r\n\r\n&#", b"1"),
    "charset: idna": of(b"Content-Type: text/plain; charset=idna\r\n\r\n", b"xn--a."),
    "charset: utf-7": of(b"Content-Type: text/plain; charset=utf-7\r\n\r\n", b"+2AA-"),
    "charset: utf-16": of(
        b"Content-Type: text/plain; charset=utf-16\r\n\r\n", b"\xd8\x00"
    ),
    "charset: long": of(b"Content-Type: text/plain; charset=", b"x"),
    "NUL": b"\0" * MIB,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_bounded_time(name: str) -> None:
    """What is quadratic takes minutes at these sizes."""
    started = time.process_time()

    read_all(EmailMessage(raw=HOSTILE[name]))

    assert time.process_time() - started < 10


# Tracing makes allocation slow: what is alike in memory is asked once.
ALIKE = {
    *("addresses: quotes", "addresses: escaped quotes", "addresses: empty quotes"),
    *("addresses: comments", "addresses: open comments", "addresses: commas"),
    *("nested with one boundary", "names: encoded", "html: numbers", "dashes"),
    *("subject of half words", "subject of padding", "references", "html: angles"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - ALIKE))
def test_hostile_mail_is_read_in_bounded_memory(name: str) -> None:
    raw = HOSTILE[name]
    tracemalloc.start()
    try:
        read_all(EmailMessage(raw=raw))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 100 * MIB
