"""Reading response codes: what stands in brackets before the text (RFC 9051 §7.1)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Final

from ...errors import IMAPProtocolError
from ...model import Flag
from .._tokens import Value, tokenize
from .._values import (
    as_atoms,
    as_list,
    as_message_set,
    as_number,
    as_ranges,
    as_text,
    as_uid,
)
from ._code_values import (
    AnnotateCode,
    AnnotationsCode,
    AppendUidCode,
    BadCharsetCode,
    BadEventCode,
    BadUrlCode,
    CapabilityCode,
    Code,
    CopyUidCode,
    InProgressCode,
    MailboxIdCode,
    MessageLimitCode,
    MetadataCode,
    ModifiedCode,
    NoUpdateCode,
    NumberCode,
    PermanentFlagsCode,
    ReferralCode,
    UndefinedFilterCode,
    UrlMechCode,
    count_uids,
)

# A code ends at the first "]" outside quotes and parentheses, for some servers have
# flags with brackets, or if these do not match, at the first "]". Possessive repeats
# keep it linear.
_CODE: Final = re.compile(
    rb"\[ *+([^ \]]++)"
    rb'(?: ++((?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|\([^()"]*+\)|[^\]"(]++|\()*+))?'
    rb" *+\] *+(.*)\Z",
    re.DOTALL,
)
_ODD_CODE: Final = re.compile(
    rb"\[ *+([^ \]]++)(?: ++([^\]]*+))?\] *+(.*)\Z", re.DOTALL
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NESTING: Final = 3
_LONGEST: Final = 2**16  # octets; longer codes are sets of UIDs, or hostile


def parse_code(text: bytes) -> tuple[Code | None, str]:
    """Split resp-text into its code, if it has one, and the text for humans.

    A code that is not what its name promises is kept as a plain `Code`: the
    response it stands in still says how the command went.
    """
    match = _CODE.match(text) or _ODD_CODE.match(text)
    if match is None:
        return None, _readable(text)
    name = match[1].decode("ascii", "replace").upper()
    arguments = (match[2] or b"").decode("utf-8", "surrogateescape").strip()
    human = _readable(match[3])
    code = Code(name, arguments)
    if parser := _PARSERS.get(name):
        with contextlib.suppress(IMAPProtocolError):
            code = parser(name, arguments)
    return code, human


def _readable(text: bytes) -> str:
    """Return text that can go to a log or a terminal and do nothing there."""
    return _CONTROL.sub("\ufffd", text.decode("utf-8", "replace"))


def _tokens(text: str) -> list[Value]:
    """Return the arguments of a code as tokens."""
    octets = text.encode("utf-8", "surrogateescape")
    if len(octets) > _LONGEST:
        raise IMAPProtocolError("a response code is too long")
    return tokenize([octets], nesting=_NESTING)


def _first(text: str) -> Value:
    """Return the first argument, be it in parentheses or not."""
    values = _tokens(text)
    value = values[0] if values else None
    if isinstance(value, list):
        value = value[0] if value else None
    if not value:
        raise IMAPProtocolError("a response code without its argument")
    return value


def _names(text: str) -> tuple[str, ...]:
    """Return a list of names, in parentheses or not."""
    values = _tokens(text)
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    return tuple(as_atoms(values))


def _number(name: str, text: str) -> Code:
    return NumberCode(name, text, as_number(text))


def _capability(name: str, text: str) -> Code:
    return CapabilityCode(name, text, frozenset(text.upper().split()))


def _permanent_flags(name: str, text: str) -> Code:
    flags = map(Flag.from_wire, text.strip("()").split())
    return PermanentFlagsCode(name, text, frozenset(flags))


def _append_uid(name: str, text: str) -> Code:
    fields = text.split()
    if len(fields) != 2:
        raise IMAPProtocolError("APPENDUID has two arguments")
    return AppendUidCode(name, text, as_uid(fields[0]), as_ranges(fields[1]))


def _copy_uid(name: str, text: str) -> Code:
    fields = text.split()
    if len(fields) != 3:
        raise IMAPProtocolError("COPYUID has three arguments")
    code = CopyUidCode(
        name, text, as_uid(fields[0]), as_ranges(fields[1]), as_ranges(fields[2])
    )
    if count_uids(code.destination) != code.count:
        raise IMAPProtocolError("COPYUID with sets of different sizes")
    return code


def _modified(name: str, text: str) -> Code:
    messages = as_message_set(text.encode("utf-8", "surrogateescape"))
    if not messages:
        raise IMAPProtocolError("MODIFIED without messages")
    return ModifiedCode(name, text, messages)


def _message_limit(name: str, text: str) -> Code:
    limit, _, last = text.partition(" ")
    return MessageLimitCode(
        name, text, as_number(limit), as_uid(last.strip()) if last else None
    )


def _in_progress(name: str, text: str) -> Code:
    values = _tokens(text)
    fields = as_list(values[0]) if values else []
    tag, done, goal = (*fields, None, None, None)[:3]
    return InProgressCode(
        name,
        text,
        None if tag is None else as_text(tag),
        None if done is None else as_number(done),
        None if goal is None else as_number(goal),
    )


def _bad_charset(name: str, text: str) -> Code:
    return BadCharsetCode(name, text, _names(text))


def _bad_event(name: str, text: str) -> Code:
    return BadEventCode(name, text, _names(text))


def _referral(name: str, text: str) -> Code:
    urls = tuple(text.split())
    if not urls:
        raise IMAPProtocolError("REFERRAL without a URL")
    return ReferralCode(name, text, urls)


def _bad_url(name: str, text: str) -> Code:
    return BadUrlCode(name, text, text)


def _url_mech(name: str, text: str) -> Code:
    mechanisms = (each.partition("=")[0].upper() for each in text.split())
    return UrlMechCode(name, text, tuple(mechanisms))


def _mailbox_id(name: str, text: str) -> Code:
    return MailboxIdCode(name, text, as_text(_first(text)))


def _metadata(name: str, text: str) -> Code:
    reason, _, octets = text.partition(" ")
    return MetadataCode(
        name, text, reason.upper(), as_number(octets.strip()) if octets else None
    )


def _annotate(name: str, text: str) -> Code:
    return AnnotateCode(name, text, text.upper())


def _annotations(name: str, text: str) -> Code:
    size, *rest = text.upper().split() or [""]
    return AnnotationsCode(
        name,
        text,
        None if size in ("NONE", "READ-ONLY") else as_number(size),
        read_only=size == "READ-ONLY",
        private=size != "NONE" and "NOPRIVATE" not in rest,
    )


def _no_update(name: str, text: str) -> Code:
    return NoUpdateCode(name, text, as_text(_first(text)))


def _undefined_filter(name: str, text: str) -> Code:
    return UndefinedFilterCode(name, text, as_text(_first(text)))


_PARSERS: Final[dict[str, Callable[[str, str], Code]]] = {
    "ANNOTATE": _annotate,
    "ANNOTATIONS": _annotations,
    "APPENDUID": _append_uid,
    "BADCHARSET": _bad_charset,
    "BADEVENT": _bad_event,
    "BADURL": _bad_url,
    "CAPABILITY": _capability,
    "COPYUID": _copy_uid,
    "HIGHESTMODSEQ": _number,
    "INPROGRESS": _in_progress,
    "MAILBOXID": _mailbox_id,
    "MAXCONVERTMESSAGES": _number,
    "MAXCONVERTPARTS": _number,
    "MESSAGELIMIT": _message_limit,
    "METADATA": _metadata,
    "MODIFIED": _modified,
    "NOUPDATE": _no_update,
    "PERMANENTFLAGS": _permanent_flags,
    "REFERRAL": _referral,
    "UIDNEXT": _number,
    "UIDVALIDITY": _number,
    "UNDEFINED-FILTER": _undefined_filter,
    "UNSEEN": _number,
    "URLMECH": _url_mech,
}
