"""Attachments and safe file names."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Attachment, safe_filename


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("Übersicht 2026.pdf", "Übersicht 2026.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\x.exe", "_.._x.exe"),
        ("/etc/passwd", "_etc_passwd"),
        ("C:\\x.txt", "C_x.txt"),
        (".bashrc", "bashrc"),
        ("..", "attachment.txt"),
        ("a\0b\r\nc.txt", "a_b c.txt"),
        ("a\u202etxt.exe", "a txt.exe"),  # right-to-left override
        ("\uff0e\uff0e\uff0fx", "_x"),  # full-width dots and slash become plain ones
        ("nul", "_nul"),
        ("COM1.txt", "_COM1.txt"),
        ("com1 .txt", "_com1 .txt"),
        ("console.txt", "console.txt"),
        ("a.txt. . ", "a.txt"),
        ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"),
        ("", "attachment.txt"),
        (None, "attachment.txt"),
        ("///", "attachment.txt"),
        ("a\ud800b", "a b"),
    ],
)
def test_a_name_is_made_safe(name: str | None, expected: str) -> None:
    assert safe_filename(name, "text/plain") == expected


def test_a_long_name_keeps_its_extension() -> None:
    name = safe_filename("\u00e4" * 5000 + ".pdf")

    assert name.endswith("\u00e4")  # the end is too far away to be looked at
    assert len(name.encode()) <= 200
    assert safe_filename("\u00e4" * 300 + ".pdf").endswith("\u00e4.pdf")
    assert len(safe_filename("a." + "x" * 300)) == 200


@given(st.text(max_size=300) | st.text("./\\: \0nulcom1", max_size=12))
def test_no_name_is_unsafe(name: str) -> None:
    safe = safe_filename(name)

    assert safe
    assert len(safe.encode()) <= 200
    assert not set(safe) & set('/\\:*?"<>|\0')
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in safe)
    assert safe == safe_filename(safe)


@given(name=st.text(max_size=30))
def test_no_name_leaves_the_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("folder")

    path = Attachment(name, "text/plain", b"x").save_to(folder)

    assert path.parent == folder
    assert list(folder.iterdir()) == [path]
    assert path.read_bytes() == b"x"


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    attachment = Attachment("a.txt", "text/plain", b"new")
    (tmp_path / "a.txt").write_bytes(b"old")

    assert attachment.save_to(tmp_path) == tmp_path / "a (2).txt"
    assert attachment.save_to(str(tmp_path)) == tmp_path / "a (3).txt"
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert (tmp_path / "a (2).txt").read_bytes() == b"new"


def test_a_link_that_lies_in_wait_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside)

    path = Attachment("a.txt", "text/plain", b"x").save_to(folder)

    assert path.name == "a (2).txt"
    assert not outside.exists()


def test_the_folder_is_made(tmp_path: Path) -> None:
    path = Attachment(None, "image/png", b"x").save_to(tmp_path / "a" / "b")

    assert path == tmp_path / "a" / "b" / "attachment.png"


def test_what_it_is_is_told_by_its_type() -> None:
    picture = Attachment("a.png", "image/png", b"1234", content_id="c", is_inline=True)

    assert (picture.size, picture.is_image, picture.is_text) == (4, True, False)
    assert Attachment(None, "text/csv", b"").is_text
    assert "1234" not in repr(picture)


def test_thousands_of_one_name_are_not_counted_through(tmp_path: Path) -> None:
    """Each would look for all those before it."""
    attachment = Attachment("a.txt", "text/plain", b"x")
    saved = [attachment.save_to(tmp_path) for _ in range(102)]
    assert len(set(saved)) == 102
    assert [path.name for path in saved[:2]] == ["a.txt", "a (2).txt"]
    assert saved[98].name == "a (99).txt"
    assert all(len(path.name) == len("a (01234567).txt") for path in saved[99:])
