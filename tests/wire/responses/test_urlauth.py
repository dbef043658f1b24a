"""GENURLAUTH and URLFETCH (RFC 4467 §7, RFC 5524 §3.2)."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import Secret
from aiosage.wire import GenUrlAuthData, UrlContent, UrlFetchData

from ..stream import response

URL = "imap://joe@example.com/INBOX/;uid=20;urlauth=anonymous:internal:91354a473744909d"
TEXT = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 28 1)'


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_authorized_urls_are_secrets(quote: bytes) -> None:
    told = response(b"* GENURLAUTH %b %b" % (quote + URL.encode() + quote, b'"b"'))
    assert told == GenUrlAuthData((Secret(URL), Secret("b")))
    assert "91354" not in repr(told)


def test_contents_of_several_urls_in_one_response() -> None:
    told = response(
        b'* URLFETCH "a" {4}\r\n\r\n"( "b" NIL "c" "" d (BODY "x") "e" NIL "f" "g"'
    )
    assert told == UrlFetchData(
        (
            UrlContent(Secret("a"), b'\r\n"('),
            UrlContent(Secret("b")),
            UrlContent(Secret("c"), b""),
            UrlContent(Secret("d"), b"x"),
            UrlContent(Secret("e")),
            UrlContent(Secret("f"), b"g"),
        )
    )
    assert "x" not in repr(told).replace("UrlFetchData", "")


@pytest.mark.parametrize("between", [b") (", b" "], ids=["RFC 5524", "Dovecot"])
def test_parts_of_a_url(between: bytes) -> None:
    """RFC 5524 §3.2 has a list for each item, Dovecot one for all."""
    told = response(
        b"* URLFETCH u (bodypartstructure %b%bBINARY ~{3}\r\na\0b%bBODY NIL)"
        % (TEXT, between, between)
    )
    assert isinstance(told, UrlFetchData)
    (content,) = told.contents
    assert (content.url, content.binary, content.body) == (Secret("u"), b"a\0b", None)
    assert content.structure is not None
    assert content.structure.content_type == "text/plain"
    assert content.structure.size == 28


@pytest.mark.parametrize("octets", [b"* URLFETCH a", b"* URLFETCH (a) b"])
def test_a_url_without_content_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
