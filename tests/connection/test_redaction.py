"""What nobody must see, though a server says it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from aiosage.connection import IMAPConnection, News, TraceRecord
from aiosage.connection._redaction import RECENT, Redactor
from aiosage.errors import IMAPConnectionError, IMAPError, IMAPOperationError
from aiosage.model import Secret
from aiosage.testing import CyrusServer, DovecotServer
from aiosage.wire import (
    AppendUidCode,
    Code,
    Condition,
    Encoder,
    NumberCode,
    Status,
)
from aiosage.wire.commands import (
    Append,
    GenUrlAuth,
    Login,
    MultiAppend,
    NewMessage,
    ResetKey,
    UrlFetch,
    UrlFetchItem,
    UrlPart,
)

from .scripted import LOGGED_IN, config, scripted
from .test_cyrus import open_on
from .test_mailbox_commands import rich_dovecot

__all__ = ["rich_dovecot"]

MESSAGE = b"Subject: x\r\n\r\nbody"
KEY = "91354a473744909de610943775f92038"
URL = f"imap://joe@imap.test/INBOX/;uid=20;urlauth=submit+fred:internal:{KEY}"
IN = LOGGED_IN.replace("IMAP4rev1", "IMAP4rev1 URLAUTH")


def sent(password: str) -> Redactor:
    """Return what knows the secret of a LOGIN."""
    redactor = Redactor()
    hide(redactor, password)
    return redactor


def hide(redactor: Redactor, password: str) -> None:
    encoder = Encoder("T1")
    Login("joe", Secret(password)).encode(encoder)
    redactor.hide_secrets_of(encoder.finish())


@pytest.mark.parametrize(
    "password", ["atom-1", "with space", 'a "b"', "back\\slash", '\\"\\"', "ü" * 40]
)
def test_a_secret_of_a_command_is_known_as_it_is_and_as_it_was_sent(
    password: str,
) -> None:
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    shown = sent(password).text(f"<{password}> <{quoted}>")
    assert shown.replace("***", "").strip("<> \\") == ""


def test_no_more_than_the_last_secrets_are_kept() -> None:
    """However many there are, a session holds and looks for a few."""
    redactor = Redactor(["for-ever"])
    for number in range(RECENT + 1):
        hide(redactor, f"secret<{number}>")
        hide(redactor, f"secret<{number}>")
    assert redactor.text("for-ever secret<0>") == "*** secret<0>"
    assert redactor.text("secret<1>") == "***"
    hide(redactor, "secret<1>")
    hide(redactor, "one more")
    assert redactor.text("secret<1> secret<2>") == "*** secret<2>"
    assert redactor.text(f"secret<{RECENT}>") == "***"


def test_the_key_of_an_url_is_known_by_its_form() -> None:
    shown = Redactor().text(f'no "{URL.upper()}" or {URL}: no')
    assert KEY not in shown.lower()
    assert shown.endswith("urlauth=submit+fred:internal:***: no")


def test_text_of_many_beginnings_takes_no_longer_than_its_length() -> None:
    redactor = Redactor()

    def seconds(text: str) -> float:
        start = time.process_time()
        redactor.text(text)
        return time.process_time() - start

    for hostile in (";urlauth=", ";urlauth=a:", ";urlauth=:::"):
        assert seconds(hostile * 100_000) < 1.0


def test_a_code_that_holds_a_secret_is_its_name_alone() -> None:
    status = Status("T1", Condition.NO, Code("BADURL", URL), "no")
    assert Redactor().status(status).code == Code("BADURL", "***")
    clean = Status("T1", Condition.NO, Code("BADURL", "imap://x"), "no")
    assert Redactor().status(clean) is clean


class Heard:
    """All that somebody could look at later."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self.records: list[TraceRecord] = []
        self.news: list[News] = []
        self.errors: list[IMAPError] = []
        self._caplog = caplog

    def listen_to(self, connection: IMAPConnection) -> None:
        connection.add_listener(self.news.append)
        connection.trace_to(self.records.append, literals=True)

    def texts(self) -> Iterator[str]:
        yield self._caplog.text
        yield from (record.text for record in self.records)
        yield from map(repr, self.news)
        for error in self.errors:
            yield f"{error} {error!r} {error.__dict__} {error.__cause__!r}"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("rich_dovecot", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ],
)
async def test_an_authorized_url_is_told_to_nobody_else(
    request: pytest.FixtureRequest, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 4467 §8: it opens the message to whoever has it, so no log may."""
    heard = Heard(caplog)
    server: DovecotServer | CyrusServer = request.getfixturevalue(name)
    async with await open_on(server) as connection:
        heard.listen_to(connection)
        await connection.execute(Append("INBOX", MESSAGE))
        user = connection.config.username
        rump = f"imap://{user}@imap.test/INBOX/;uid=1;urlauth=user+{user}"
        await connection.select("INBOX")
        (url,) = await connection.execute(GenUrlAuth((rump,)))
        key = url.reveal().rpartition(":")[2]
        assert len(key) >= 32
        (content,) = await connection.execute(UrlFetch((url,)))
        assert content.body == MESSAGE
        body = frozenset({UrlFetchItem.BODY})
        await connection.execute(UrlFetch((url,), body))
        await connection.execute(ResetKey("INBOX", ("INTERNAL",)))
        # Dovecot quotes it in an untagged NO, and in the code of a tagged one.
        (content,) = await connection.execute(UrlFetch((url,)))
        assert content.body is None
        for command in (
            GenUrlAuth((url.reveal(),)),
            MultiAppend("INBOX", (NewMessage((UrlPart(url.reveal()),)),)),
            MultiAppend("INBOX", (NewMessage((UrlPart(url),)),)),
        ):
            try:
                await connection.execute(command)
            except IMAPOperationError as error:  # Cyrus authorizes what is already
                heard.errors.append(error)
    assert heard.errors
    assert key not in repr(UrlPart(url))
    assert [text for text in heard.texts() if "urlauth=" in text]
    for text in heard.texts():
        assert key not in text, text


@pytest.mark.parametrize(
    "answer",
    [
        f"S: * URLFETCH {URL}\nS: T1 OK",
        f"S: * URLFETCH ({URL}\nS: T1 OK",
        f'S: * LIST ( "{URL}"\nS: T1 OK',
        f"S: T1 {URL} x",
        f"S: T1 BAD cannot read {URL}",
        f"S: * BYE {URL}\nS! close",
        "S: T1 NO cannot read not-even-an-url",
        "S: * LIST ( not-even-an-url\nS: T1 OK",
        "S: not-even-an-url",
        f"S: ;urlauth=a:b:{KEY}",
    ],
)
async def test_an_echo_that_is_no_answer_is_told_to_nobody(
    answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard(caplog)
    asked = URL if KEY in answer else "not-even-an-url"
    async with scripted(f'{IN}C: T1 URLFETCH "{asked}"\n{answer}') as port:
        connection = await IMAPConnection.open(config(port))
        heard.listen_to(connection)
        with pytest.raises((IMAPOperationError, IMAPConnectionError)) as caught:
            await connection.execute(UrlFetch((Secret(asked),)))
        heard.errors.append(caught.value)
        connection.abort()
    secret = KEY if asked == URL else asked
    for text in heard.texts():
        assert secret[:10] not in text, text


def test_a_code_that_is_a_secret_loses_its_name() -> None:
    """A name is told in errors, in capitals."""
    status = Status("A1", Condition.NO, Code("HUNTER2-AND-MORE", ""), "no")

    assert Redactor(["hunter2-and-more"]).status(status).code == Code("***", "***")


@pytest.mark.parametrize(
    "code",
    [
        NumberCode("UIDVALIDITY", "1712345678", 1712345678),
        AppendUidCode("APPENDUID", "1712345678 4", 1712345678, ((4, 4),)),
        Code("READ-ONLY"),
    ],
)
def test_what_the_server_says_of_itself_is_not_taken_for_a_secret(code: Code) -> None:
    """Some passwords are short, and a part of much."""
    status = Status("A1", Condition.OK, code, "done")

    assert Redactor(["1234", "read"]).status(status) is status
