"""The mail that every example finds: what people get, and some the examples look for.

INBOX has `COUNT` messages, in this order: `OLD` made-up ones that arrived one to two
months ago, every second read, every eighth flagged; then those of the last days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from aiosage import AppendItem, Flag
from aiosage.testing import sample_messages

OLD: Final = 24
COUNT: Final = OLD + 12


def _message(
    subject: str, sender: str, text: str = "Hello\n", **headers: str
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = "Jane <jane@example.org>"
    message["Subject"] = subject
    message["Date"] = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def _recent() -> Iterator[tuple[EmailMessage, tuple[Flag, ...]]]:
    support = _message(
        "Help: the printer is on fire", "Zoë <zoe@customer.example>", "It burns.\n"
    )
    support.add_attachment("out of paper\n", filename="error.log")
    yield support, ()

    order = _message("Order 1042 confirmed", "shop@example.org", "Total: 12 EUR\n")
    order.add_alternative("<p>Total: <b>12 EUR</b></p>", subtype="html")
    yield order, ()

    invoice = _message("Invoice 2026-17", "billing@example.org", "See attachments.\n")
    invoice.add_attachment(
        b"%PDF-1.7\r\n" * 40, "application", "pdf", filename="../invoice.pdf"
    )
    invoice.add_attachment(b"\x89PNG\r\n" * 40, "image", "png", filename="logo.png")
    yield invoice, ()

    yield (
        _message(
            "WINNER: CLAIM YOUR FREE PRIZE",
            "lottery@example.com",
            "You won the lottery, a free prize.\n",
        ),
        (),
    )

    ids = [f"<budget.{number}@example.org>" for number in range(3)]
    yield _message("Budget", "ann@example.org", Message_ID=ids[0]), ()
    for number in (1, 2):
        answer = _message(
            "Re: Budget",
            "bob@example.org",
            Message_ID=ids[number],
            In_Reply_To=ids[number - 1],
            References=" ".join(ids[:number]),
        )
        yield answer, ()

    yield (
        _message("Weekly news", "news@example.com", List_Id="<news.example.com>"),
        (),
    )

    pictures = _message("Holiday pictures", "ann@example.org")
    pictures.add_attachment(
        bytes(range(256)) * 800, "image", "jpeg", filename="beach.jpg"
    )
    yield pictures, ()

    yield _message("URGENT: sign today", "boss@example.org"), (Flag.FLAGGED,)
    yield (
        _message(
            "Salary review",
            "boss@example.org",
            "This is confidential.\n",
            X_Security_Level="high",
        ),
        (),
    )
    yield _message("Lunch tomorrow?", "ann@example.org", "At noon?\n"), ()


def example_mail(now: datetime) -> Iterator[AppendItem]:
    """Yield the messages of INBOX, oldest first, as if it were *now*."""
    for number, (_, raw) in enumerate(sample_messages(OLD), 1):
        flags = [Flag.SEEN] if number % 2 == 0 else []
        if number % 8 == 0:
            flags.append(Flag.FLAGGED)
        yield AppendItem(raw, flags, now - timedelta(days=60 - number))
    for number, (message, some) in enumerate(_recent()):
        arrived = now - timedelta(days=3) + timedelta(hours=number)
        yield AppendItem(message.as_bytes(), some, arrived)
