"""No mail raises, and none takes more than linear time and bounded memory."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest

from aiosage.model import EmailMessage

from .test_message import RAW

MIB = 2**20


def read_all(message: EmailMessage) -> None:
    """Ask for everything a program could ask for."""
    assert isinstance(message.defects, tuple)
    for name, value in message.headers.multi_items():
        (name + value).encode()
    for address in (*message.from_, *message.reply_to, *message.all_recipients):
        str(address).encode("utf-8", "surrogatepass")
    for text in (message.subject, message.text, message.html, message.preview()):
        (text or "").encode()
    assert message.date is None or message.date.tzinfo is not None
    for attachment in message.attachments:
        assert attachment.size >= 0
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


def test_a_thousand_broken_messages_are_read() -> None:
    started = time.perf_counter()
    for seed in range(1000):
        read_all(EmailMessage(raw=generated(seed)))

    assert time.perf_counter() - started < 30


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


@pytest.mark.parametrize(
    "name",
    ["10 MiB of fields", "empty parts", "10,000 attachments", "addresses: groups"],
)
def test_hostile_mail_is_read_in_bounded_memory(name: str) -> None:
    raw = HOSTILE[name]
    tracemalloc.start()
    try:
        read_all(EmailMessage(raw=raw))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 100 * MIB
