"""Where a server sends users (RFC 2221 §5)."""

from __future__ import annotations

import pytest

from aiosage.model import Referral


@pytest.mark.parametrize(
    ("url", "host", "port", "username", "mechanism", "path"),
    [
        ("IMAP://MIKE@SERVER2/", "server2", None, "MIKE", None, ""),
        ("imap://user;AUTH=*@SERVER2/", "server2", None, "user", None, ""),
        ("imap://joe;AUTH=GSSAPI@h:143/", "h", 143, "joe", "GSSAPI", ""),
        ("imap://;auth=gssapi@h", "h", None, None, "GSSAPI", ""),
        ("imaps://a%40b.c@[::1]/R%26D/x", "::1", None, "a@b.c", None, "R&D/x"),
        ("imap://h/;UID=20", "h", None, None, None, ";UID=20"),
    ],
)
def test_urls_of_servers(
    url: str,
    host: str,
    port: int | None,
    username: str | None,
    mechanism: str | None,
    path: str,
) -> None:
    assert Referral.parse(url) == Referral(url, host, port, username, mechanism, path)


@pytest.mark.parametrize(
    "url",
    ["", "server2", "http://h/", "imap:///x", "imap://h:x/", "imap://h/\x1b[2J", "[x"],
)
def test_what_is_no_server(url: str) -> None:
    """Nothing a terminal would obey gets into a hint."""
    with pytest.raises(ValueError, match=r"URL|[Pp]ort|IP"):
        Referral.parse(url)
