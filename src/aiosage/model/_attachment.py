"""Attachments, and file names that are safe to use."""

from __future__ import annotations

import itertools
import mimetypes
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ._charset import decode_charset
from ._new_file import write_new_file

_LONGEST_NAME: Final = 200
"""Octets of a file name. Most file systems allow 255; this leaves room."""
_LONGEST_EXTENSION: Final = 20
_MOST_NUMBERED: Final = 100
"""Files of one name that are told apart by counting."""

# Separators, what Windows refuses, and NUL.
_FORBIDDEN: Final = re.compile(r'[\\/:*?"<>|\0]+')
# Device names of Windows, whatever extension they have.
_RESERVED: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *"
    r"(?:\.|\Z)",
    re.IGNORECASE,
)
_EXTENSIONS: Final = {
    "application/pdf": ".pdf",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}


def safe_filename(name: str | None, content_type: str = "") -> str:
    """Return a file name like *name* that is safe in any folder, on any system.

    It has no path separators, control or invisible characters, no leading dots
    or trailing dots and spaces, is no reserved name, and has at most 200 octets;
    the extension is kept. Without a usable name it is ``attachment``.
    """
    # Normal form first: some characters become separators by it.
    text = unicodedata.normalize("NFKC", (name or "")[: 4 * _LONGEST_NAME])
    text = _FORBIDDEN.sub("_", text)
    text = "".join(
        c
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
        else " "
        for c in text
    )
    text = " ".join(text.split()).lstrip(". ").rstrip(". ")
    if not text.strip("_. "):
        text = "attachment" + _EXTENSIONS.get(content_type, "")
    if _RESERVED.match(text):
        text = f"_{text}"
    return _shorten(text) if len(text.encode()) > _LONGEST_NAME else text


def _shorten(name: str) -> str:
    stem, extension = os.path.splitext(name)
    if len(extension.encode()) > _LONGEST_EXTENSION:
        stem, extension = name, ""
    room = _LONGEST_NAME - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + extension


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a message beside its text.

    A message sent as attachment is one whose content type is
    ``message/rfc822``; ``EmailMessage.from_bytes(attachment.payload)`` reads it.

    Attributes:
        filename: the name its sender gave it, as given; None if none. Not safe
            as a path: see ``save_to``.
        content_type: such as ``image/png``, in lower case.
        payload: the content, decoded.
        content_id: what ``cid:`` URLs call it, without angle brackets.
        is_inline: whether it is shown in the text, such as a picture in HTML.
        charset: what it declares to be written in; None if nothing.
    """

    filename: str | None
    content_type: str
    payload: bytes
    content_id: str | None = None
    is_inline: bool = False
    charset: str | None = None

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], content_type: str | None = None
    ) -> Attachment:
        """Return the file at *path* as an attachment; its name tells its type.

        It blocks, and holds the whole content.

        Args:
            path: of the file, whose name the attachment gets.
            content_type: such as ``application/pdf``; None to go by the name.

        Raises:
            OSError: the file cannot be read.
        """
        file = Path(path)
        guessed, encoding = mimetypes.guess_type(file.name)
        if guessed is None or encoding is not None:  # x.tar.gz is no tar
            guessed = "application/octet-stream"
        return cls(file.name, content_type or guessed, file.read_bytes())

    @property
    def size(self) -> int:
        """Octets of the payload."""
        return len(self.payload)

    @property
    def is_image(self) -> bool:
        """Whether it is a picture, by its content type."""
        return self.content_type.startswith("image/")

    @property
    def is_text(self) -> bool:
        """Whether it is text, by its content type."""
        return self.content_type.startswith("text/")

    @property
    def text(self) -> str | None:
        """The payload as text, lines ended by LF; None if it is no text."""
        if not self.is_text:
            return None
        return decode_charset(self.payload, self.charset).replace("\r\n", "\n")

    def save_to(self, folder: str | os.PathLike[str]) -> Path:
        """Write the payload to a new file in *folder*; return its path.

        The file never lies outside *folder*, whatever its sender called it, and
        never replaces another: ``report.pdf`` becomes ``report (2).pdf``, and a
        hundred of these later one with random letters. The folder is made if it
        does not exist. It blocks: from asyncio, use
        ``asyncio.to_thread(attachment.save_to, folder)``.

        Raises:
            OSError: the file cannot be written. Nothing of it is left.
        """
        directory = Path(folder)
        directory.mkdir(parents=True, exist_ok=True)
        name = safe_filename(self.filename, self.content_type)
        stem, extension = os.path.splitext(name)
        for number in itertools.count(2):
            # Hostile mail has thousands of one name: counting takes forever.
            mark = number if number < _MOST_NUMBERED else secrets.token_hex(4)
            path = directory / name
            try:
                write_new_file(path, self.payload)
            except FileExistsError:
                name = f"{stem} ({mark}){extension}"
                continue
            return path
        raise AssertionError  # pragma: no cover - the count has no end

    def __repr__(self) -> str:
        return f"<Attachment {self.filename!r} {self.content_type} {self.size} octets>"
