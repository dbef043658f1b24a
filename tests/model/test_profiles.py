"""Servers known by host, ID, greeting or capabilities."""

from __future__ import annotations

import pytest

from aiosage.model import SpecialUse, profile_of


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("imap.gmail.com", "Gmail"),
        ("IMAP.GMAIL.COM.", "Gmail"),
        ("outlook.office365.com", "Microsoft 365"),
        ("imap.mail.me.com", "iCloud"),
        ("p42-imap.mail.me.com", "iCloud"),
        ("imap.mail.yahoo.com", "Yahoo"),
        ("imap.fastmail.com", "Fastmail"),
        ("notgmail.com", "generic"),
        ("gmail.com.example.org", "generic"),
    ],
)
def test_a_provider_is_known_by_its_domain(host: str, name: str) -> None:
    assert profile_of(host).name == name


@pytest.mark.parametrize(
    ("identity", "greeting", "capabilities", "name"),
    [
        ({"name": "Dovecot"}, "", "", "Dovecot"),
        ({"name": "Cyrus IMAPD", "version": "3.6.1"}, "", "", "Cyrus"),
        ({"name": "GImap", "vendor": "Google, Inc."}, "", "", "Gmail"),
        ({"name": None, "vendor": None}, "Dovecot ready.", "", "Dovecot"),
        ({}, "Courier-IMAP ready.", "", "Courier"),
        ({}, "", "IMAP4REV1 XMAGICTRASH", "Courier"),
        ({}, "", "IMAP4REV1 X-GM-EXT-1", "Gmail"),
        ({}, "The Microsoft Exchange IMAP4 service is ready.", "", "Microsoft 365"),
        ({"name": "Dovecot"}, "Cyrus in front of it", "", "Dovecot"),
        ({}, "ready", "IMAP4REV1", "generic"),
    ],
)
def test_a_program_is_known_by_what_it_says(
    identity: dict[str, str | None], greeting: str, capabilities: str, name: str
) -> None:
    found = profile_of(
        "mail.example.org",
        identity=identity,
        greeting=greeting,
        capabilities=set(capabilities.split()),
    )
    assert found.name == name


def test_profiles_tell_what_differs() -> None:
    assert profile_of("imap.mail.me.com").distrusted == {"QRESYNC"}
    assert profile_of("", identity={"name": "Cyrus IMAPD"}).mailbox_id_alone
    microsoft = profile_of("outlook.office365.com")
    assert microsoft.special_names[SpecialUse.TRASH] == ("Deleted Items",)
    assert hash(microsoft)
