"""GENURLAUTH, RESETKEY and URLFETCH (RFC 4467 §7, RFC 5524)."""

from __future__ import annotations

import pytest

from aiosage.model import Secret
from aiosage.wire import UrlContent
from aiosage.wire.commands import Command, GenUrlAuth, ResetKey, UrlFetch, UrlFetchItem

from .played import result, sent, shown

RUMP = "imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous"
URL = Secret(RUMP + ":internal:91354a473744909de610943775f92038")
QUOTED = URL.reveal().encode()
AUTH, BINARY = {"URLAUTH"}, {"URLAUTH", "URLAUTH=BINARY"}


@pytest.mark.parametrize(
    ("command", "octets", "needs"),
    [
        (
            GenUrlAuth((RUMP, "imap://x")),
            b'"%b" INTERNAL "imap://x" INTERNAL' % RUMP.encode(),
            AUTH,
        ),
        (GenUrlAuth(("u",), "XSAMPLE"), b'"u" XSAMPLE', AUTH),
        (ResetKey("a b", ("INTERNAL", "X")), b'"a b" INTERNAL X', AUTH),
        (ResetKey("a"), b"a", AUTH),
        (UrlFetch((URL, Secret("b"))), b'"%b" "b"' % QUOTED, AUTH),
        (
            UrlFetch((URL, Secret("b")), frozenset(UrlFetchItem)),
            b'("%b" BINARY BODY BODYPARTSTRUCTURE)'
            b' ("b" BINARY BODY BODYPARTSTRUCTURE)' % QUOTED,
            BINARY,
        ),
    ],
)
def test_words_on_the_wire(
    command: Command[object], octets: bytes, needs: set[str]
) -> None:
    assert sent(command) == command.name.encode() + b" " + octets
    assert {name for (name,) in command.needs()} == needs


def test_all_keys_are_reset_without_arguments() -> None:
    assert sent(ResetKey()) == b"RESETKEY"
    with pytest.raises(ValueError, match="mailbox"):
        ResetKey(mechanisms=("INTERNAL",))


def test_there_is_a_url() -> None:
    with pytest.raises(ValueError, match="no URL"):
        GenUrlAuth(())
    with pytest.raises(ValueError, match="no URL"):
        UrlFetch(())


def test_an_authorized_url_is_shown_nowhere() -> None:
    """Whoever reads it in a log can fetch the message."""
    for command in (UrlFetch((URL,)), UrlFetch((URL,), frozenset({UrlFetchItem.BODY}))):
        assert "91354" not in repr(command) + shown(command)
    (made,) = result(GenUrlAuth((RUMP,)), b"* GENURLAUTH " + QUOTED)
    assert made == URL
    assert "91354" not in repr(made)


def test_contents_come_in_the_order_of_the_urls() -> None:
    told = result(
        UrlFetch((Secret("a"), Secret("b"), Secret("c"))),
        b'* URLFETCH "c" NIL b {1}\r\n)',
        b'* URLFETCH "a" "x"',
    )
    assert told == (
        UrlContent(Secret("a"), b"x"),
        UrlContent(Secret("b"), b")"),
        UrlContent(Secret("c")),
    )
    assert result(UrlFetch((URL,))) == (UrlContent(URL),)
