"""How commands and the session stand (RFC 9051 §7.1, §7.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...errors import IMAPProtocolError
from ._code_values import Code
from ._codes import parse_code

STATUS: Final = re.compile(
    rb"([^ ]+) +(OK|NO|BAD|BYE|PREAUTH)(?: +(.*))?\Z", re.IGNORECASE | re.DOTALL
)


class Condition(StrEnum):
    """How a command or a session stands (RFC 9051 §7.1)."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    BYE = "BYE"
    PREAUTH = "PREAUTH"


@dataclass(frozen=True, slots=True)
class Continuation:
    """``+``: the server waits for more of a command (RFC 9051 §7.6)."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """The greeting, the end of a command, or news about the session.

    Attributes:
        tag: of the command that ended; None if untagged.
        condition: how it went.
        code: the response code; None if there was none.
        text: for humans.
    """

    tag: str | None
    condition: Condition
    code: Code | None
    text: str


def parse_status(match: re.Match[bytes]) -> Status:
    tag = None if match[1] == b"*" else str(match[1], "latin-1")
    condition = Condition(str(match[2], "ascii").upper())
    if tag is not None and condition in (Condition.BYE, Condition.PREAUTH):
        raise IMAPProtocolError(f"a command cannot end with {condition}")
    code, text = parse_code(match[3] or b"")
    return Status(tag, condition, code, text)
