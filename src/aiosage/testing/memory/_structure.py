"""ENVELOPE, BODY and BODYSTRUCTURE of a message (RFC 9051 §7.5.2)."""

from __future__ import annotations

from typing import Final

from ._address import Address, parse_addresses
from ._header import Fields, Parameters, parse_parameterized
from ._mime import Part
from ._response import nstring, parenthesized, string

_EMPTY_TEXT: Final = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)'
_EMPTY_TEXT_EXTENDED: Final = _EMPTY_TEXT[:-1] + b" NIL NIL NIL NIL)"


def envelope(part: Part) -> bytes:
    """Return the ENVELOPE of the message whose header is that of *part*."""
    fields = part.fields
    subject = fields.last(b"subject")
    sender = _addresses(fields, b"from")
    return parenthesized(
        [
            nstring(fields.last(b"date")),
            nstring(None if subject is None else b" ".join(subject.split())),
            sender,
            _addresses(fields, b"sender", sender),
            _addresses(fields, b"reply-to", sender),
            _addresses(fields, b"to"),
            _addresses(fields, b"cc"),
            _addresses(fields, b"bcc"),
            nstring(fields.last(b"in-reply-to")),
            nstring(fields.last(b"message-id")),
        ]
    )


def _addresses(fields: Fields, name: bytes, default: bytes = b"NIL") -> bytes:
    """Return the addresses of every field *name*, *default* if there are none."""
    found = [
        address for value in fields.values(name) for address in parse_addresses(value)
    ]
    if not found:
        return default
    return b"(" + b"".join(_address(address) for address in found) + b")"


def _address(address: Address) -> bytes:
    return parenthesized(
        [
            nstring(address.name),
            nstring(address.route),
            nstring(address.mailbox),
            nstring(address.host),
        ]
    )


def body_structure(root: Part, *, extended: bool) -> bytes:
    """Return BODYSTRUCTURE of *root*; without *extended*, BODY.

    The inner parts are rendered before those that hold them, without
    recursion: nesting is the sender's choice.
    """
    pending = [root]
    for part in pending:
        pending.extend(part.children)
    rendered: dict[int, bytes] = {}
    for part in reversed(pending):
        children = [rendered.pop(id(child)) for child in part.children]
        if part.is_multipart:
            rendered[id(part)] = _multipart(part, children, extended)
        else:
            rendered[id(part)] = _leaf(part, children, extended)
    return rendered[id(root)]


def _multipart(part: Part, children: list[bytes], extended: bool) -> bytes:
    # A multipart without parts still needs one by the grammar.
    bodies = b"".join(children) or (_EMPTY_TEXT_EXTENDED if extended else _EMPTY_TEXT)
    items = [bodies, string(part.subtype)]
    if extended:
        items.append(_parameters(part.parameters))
        items += _disposition_language_location(part.fields)
    return parenthesized(items)


def _leaf(part: Part, children: list[bytes], extended: bool) -> bytes:
    fields = part.fields
    parameters = part.parameters
    if part.is_text and not any(name.lower() == b"charset" for name, _ in parameters):
        # What a text without a charset is in (RFC 2045 §5.2).
        parameters = (*parameters, (b"charset", b"us-ascii"))
    encoding = parse_parameterized(
        fields.first(b"content-transfer-encoding") or b"7bit"
    )[0]
    items = [
        string(part.type),
        string(part.subtype),
        _parameters(parameters),
        nstring(fields.first(b"content-id")),
        nstring(fields.first(b"content-description")),
        string(encoding),
        b"%d" % part.size,
    ]
    if part.is_message:
        items += [envelope(part.children[0]), children[0]]
    if part.is_message or part.is_text:
        items.append(b"%d" % part.lines)
    if extended:
        items.append(nstring(fields.first(b"content-md5")))
        items += _disposition_language_location(fields)
    return parenthesized(items)


def _parameters(parameters: Parameters) -> bytes:
    if not parameters:
        return b"NIL"
    return parenthesized(string(text) for pair in parameters for text in pair)


def _disposition_language_location(fields: Fields) -> list[bytes]:
    disposition = b"NIL"
    if value := fields.first(b"content-disposition"):
        kind, parameters = parse_parameterized(value)
        disposition = parenthesized([string(kind), _parameters(parameters)])
    language = b"NIL"
    if value := fields.first(b"content-language"):
        tags = [tag.strip() for tag in value.split(b",") if tag.strip()]
        language = parenthesized(map(string, tags)) if tags else b"NIL"
    return [disposition, language, nstring(fields.first(b"content-location"))]
