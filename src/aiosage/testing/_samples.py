"""Messages such as people get, made up, the same for the same seed."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from typing import Final

_PEOPLE: Final = (
    ("Ada Lindqvist", "ada@example.org"),
    ("Jörg Müller", "joerg@example.de"),
    ("Zoë O'Hara", "zoe@example.com"),
    ("山田 太郎", "taro@example.jp"),
    ("Иван Петров", "ivan@example.ru"),
    ("María-José Núñez", "mj@example.es"),
    ("billing", "billing@shop.example"),
)
_SUBJECTS: Final = (
    "Minutes of Tuesday",
    "5* hotel (:-)",
    "sad :( face {3}",
    "Re: Minutes of Tuesday",
    "Fwd: Angebot für die Küche",
    "会議のお知らせ",
    "Отчёт за неделю",
    'Your "final" invoice \\ receipt',
    "Lunch?",
)
_TEXTS: Final = (
    "See you on Tuesday at ten, in the small room.",
    "Das Angebot liegt bei. Schöne Grüße aus Köln!",
    "会議は来週の火曜日です。",
    "Отчёт готов, посмотрите до пятницы.",
    "¿Comemos juntos mañana? Café y tarta.",
    "The numbers are in the attachment; the total is 1.234,56 €.",
)


def sample_messages(count: int, *, seed: int = 0) -> Iterator[tuple[datetime, bytes]]:
    """Yield *count* messages with the dates they arrived, oldest first.

    Plain text in several charsets and encodings, HTML with a plain alternative,
    attachments, images in the text, forwarded messages, empty ones. All have
    CRLF line ends and different Message-IDs.

    Args:
        count: how many.
        seed: the same number gives the same messages.
    """
    rng = random.Random(seed)
    shapes = (_plain, _plain, _plain, _alternative, _attachment, _related, _forward)
    arrived = datetime(2026, 1, 1, 8, tzinfo=UTC)
    for number in range(count):
        arrived += timedelta(seconds=rng.randrange(60, 6000))
        header = _header(rng, number, seed, arrived)
        shape = rng.choice(shapes)
        yield arrived, header + shape(rng, number)


def _header(rng: random.Random, number: int, seed: int, when: datetime) -> bytes:
    sender, recipient = rng.sample(_PEOPLE, 2)
    fields = [
        ("From", _address(sender)),
        ("To", _address(recipient)),
        ("Subject", Header(rng.choice(_SUBJECTS), "utf-8").encode()),
        ("Date", format_datetime(when)),
        ("Message-ID", f"<{seed}.{number}@aiosage.example>"),
        ("MIME-Version", "1.0"),
    ]
    if number and rng.random() < 0.3:
        fields.append(("In-Reply-To", f"<{seed}.{number - 1}@aiosage.example>"))
    text = "".join(f"{name}: {value}\n" for name, value in fields)
    return text.replace("\n", "\r\n").encode("ascii")


def _address(person: tuple[str, str]) -> str:
    name, address = person
    return f"{Header(name, 'utf-8').encode()} <{address}>"


def _words(rng: random.Random, paragraphs: int) -> str:
    return "\r\n\r\n".join(rng.choice(_TEXTS) for _ in range(paragraphs)) + "\r\n"


def _text_part(text: str, subtype: str = "plain", charset: str = "utf-8") -> bytes:
    body = base64.encodebytes(text.encode(charset, "replace")).replace(b"\n", b"\r\n")
    head = (
        f"Content-Type: text/{subtype}; charset={charset}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + body


def _plain(rng: random.Random, number: int) -> bytes:
    charset = rng.choice(("utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp", "us-ascii"))
    text = _words(rng, rng.randrange(0, 6))
    if charset == "us-ascii":
        text = text.encode("ascii", "replace").decode("ascii")
        return b"Content-Type: text/plain\r\n\r\n" + text.encode("ascii")
    return _text_part(text, charset=charset)


def _multipart(subtype: str, number: int, *parts: bytes) -> bytes:
    boundary = f"=_{subtype}_{number}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'
    opening = f"--{boundary}\r\n".encode("ascii")
    body = b"".join(opening + part + b"\r\n" for part in parts)
    return head.encode("ascii") + body + f"--{boundary}--\r\n".encode("ascii")


def _alternative(rng: random.Random, number: int) -> bytes:
    text = _words(rng, 3)
    html = (
        "<html><body><p>" + text.replace("\r\n\r\n", "</p><p>") + "</p></body></html>"
    )
    return _multipart("alternative", number, _text_part(text), _text_part(html, "html"))


def _file(rng: random.Random, kind: str, disposition: str, size: int) -> bytes:
    content = base64.encodebytes(rng.randbytes(size)).replace(b"\n", b"\r\n")
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: {disposition}\r\n\r\n"
    )
    return head.encode("ascii") + content


def _attachment(rng: random.Random, number: int) -> bytes:
    name = rng.choice(
        (
            'attachment; filename="report.pdf"',
            "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe%20%26%20Ma%C3%9F.pdf",
        )
    )
    file = _file(rng, "application/pdf", name, rng.randrange(200, 6000))
    return _multipart("mixed", number, _text_part(_words(rng, 2)), file)


def _related(rng: random.Random, number: int) -> bytes:
    image = _file(rng, "image/png\r\nContent-ID: <logo@aiosage>", "inline", 800)
    html = '<html><body><img src="cid:logo@aiosage"><p>Hello</p></body></html>'
    return _multipart("related", number, _text_part(html, "html"), image)


def _forward(rng: random.Random, number: int) -> bytes:
    inner = _header(rng, number, -1, datetime(2025, 12, 24, 18, tzinfo=UTC))
    shape: Callable[[random.Random, int], bytes] = rng.choice((_plain, _alternative))
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + inner + shape(rng, number + 1)
    return _multipart("mixed", number, _text_part(_words(rng, 1)), forwarded)
