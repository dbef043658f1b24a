"""Special mailboxes by attribute, then by name."""

from __future__ import annotations

import unicodedata

import pytest

from aiosage.model import (
    SPECIAL_NAMES,
    Flag,
    MailboxInfo,
    SpecialUse,
    special_mailboxes,
)


def box(name: str, *attributes: str, delimiter: str | None = "/") -> MailboxInfo:
    return MailboxInfo(name, delimiter, frozenset(map(Flag, attributes)))


def names(*mailboxes: MailboxInfo) -> dict[SpecialUse, str]:
    return {use: info.name for use, info in special_mailboxes(mailboxes).items()}


def test_an_attribute_counts_more_than_any_name() -> None:
    """RFC 6154: the name is up to the user."""
    assert names(box("Sent"), box("Odd", "\\Sent")) == {SpecialUse.SENT: "Odd"}
    assert names(box("Sent", "\\Trash")) == {SpecialUse.TRASH: "Sent"}


def test_attributes_of_xlist_count_as_those_of_the_standard() -> None:
    assert names(box("a", "\\AllMail"), box("b", "\\Spam"), box("c", "\\Starred")) == {
        SpecialUse.ALL: "a",
        SpecialUse.JUNK: "b",
        SpecialUse.FLAGGED: "c",
    }


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("Sent Items", SpecialUse.SENT),
        ("SENT-ITEMS", SpecialUse.SENT),
        ("Gelöschte Elemente", SpecialUse.TRASH),
        ("Gelo\u0308schte Elemente", SpecialUse.TRASH),  # decomposed
        ("Éléments envoyés", SpecialUse.SENT),
        ("Корзина", SpecialUse.TRASH),
        ("下書き", SpecialUse.DRAFTS),
        ("스팸", SpecialUse.JUNK),
        ("INBOX/Archiv", SpecialUse.ARCHIVE),
        ("Inbox/Papierkorb", SpecialUse.TRASH),
        ("[Google Mail]/Alle Nachrichten", SpecialUse.ALL),
        ("[Gmail]/Важное", SpecialUse.IMPORTANT),
    ],
)
def test_a_name_tells_in_many_languages(name: str, use: SpecialUse) -> None:
    assert names(box(name)) == {use: name}


@pytest.mark.parametrize(
    "info",
    [
        box("Projects/Sent"),  # somebody's own
        box("Sent", "\\Noselect"),
        box("Trash", "\\NonExistent"),
        box("Sent", "\\Sent", "\\Noselect"),
        box("Important"),  # a view only where it is in brackets
        box("INBOX"),
        box("sentinel"),
    ],
)
def test_what_only_looks_like_it_is_not_taken(info: MailboxInfo) -> None:
    assert names(info) == {}


def test_the_usual_name_goes_before_the_unusual_and_the_known_before_all() -> None:
    both = (box("Sent Items"), box("Sent"))

    assert names(*both)[SpecialUse.SENT] == "Sent"
    known = {SpecialUse.SENT: ("Sent Items",)}
    assert special_mailboxes(both, known)[SpecialUse.SENT].name == "Sent Items"


def test_no_name_stands_for_two_uses() -> None:
    """Else mail meant for one would go to another."""
    seen: dict[str, SpecialUse] = {}
    for use, listed in SPECIAL_NAMES.items():
        for name in listed:
            assert seen.setdefault(unicodedata.normalize("NFKC", name).casefold(), use)
            assert seen[unicodedata.normalize("NFKC", name).casefold()] is use, name
            assert name == unicodedata.normalize("NFC", name).strip()
    assert set(SPECIAL_NAMES) == set(SpecialUse)
