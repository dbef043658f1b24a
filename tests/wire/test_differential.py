"""What Dovecot and Cyrus say of messages is read as IMAPClient reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imapclient.response_parser import parse_fetch_response

from aiosage.model import BodyStructure, Flag
from aiosage.wire import FetchData, Frame, Framer, parse

from .recording import record


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("dovecot", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ],
)
def fetched(request: pytest.FixtureRequest) -> list[Frame]:
    """Every FETCH response of a session."""
    recorded = record(request.getfixturevalue(request.param))
    return [list(frame) for frame in Framer().feed(recorded) if b" FETCH (" in frame[0]]


def as_imaplib_has_it(frame: Frame) -> list[bytes | tuple[bytes, bytes]]:
    """Return *frame* as imaplib would hand it to IMAPClient."""
    head = frame[0].removeprefix(b"* ").replace(b" FETCH", b"", 1)
    *before, last = [head, *frame[2::2]]
    return [
        *(
            (text + b"{%d}" % len(literal), literal)
            for text, literal in zip(before, frame[1::2], strict=True)
        ),
        last,
    ]


def leaves(structure: object) -> Iterator[tuple[object, ...]]:
    """Yield type, subtype, encoding and size of the parts without parts."""
    assert isinstance(structure, tuple)
    if isinstance(structure[0], list):
        for part in structure[0]:
            yield from leaves(part)
    else:
        yield structure[0], structure[1], structure[5], structure[6]


def our_leaves(structure: BodyStructure) -> Iterator[tuple[object, ...]]:
    """Yield the same of a structure of ours."""
    for part in structure.leaves():
        yield part.type, part.subtype, part.encoding, part.size


def lower(value: object) -> object:
    """Return text as we have it: lower case, not octets."""
    return value.decode().lower() if isinstance(value, bytes) else value


def test_messages_are_read_alike(fetched: list[Frame]) -> None:
    compared: set[str] = set()
    for frame in fetched:
        ours = parse(frame)
        assert isinstance(ours, FetchData)
        parsed = parse_fetch_response(
            as_imaplib_has_it(frame), normalise_times=False, uid_is_key=False
        )
        ((seq, theirs),) = parsed.items()
        assert ours.seq == seq
        for name, value in theirs.items():
            key = name.decode()
            compared.add(key)
            if key == "UID":
                assert ours.uid == value
            elif key == "FLAGS":
                assert ours.flags == frozenset(
                    Flag.from_wire(flag.decode()) for flag in value
                )
            elif key == "INTERNALDATE":
                assert ours.internal_date == value
            elif key == "RFC822.SIZE":
                assert ours.size == value
            elif key == "MODSEQ":
                assert (ours.modseq,) == value
            elif key == "ENVELOPE":
                assert ours.envelope is not None
                assert (ours.envelope.message_id or "") == (
                    value.message_id or b""
                ).decode()
                for mine, other in (
                    (ours.envelope.from_, value.from_),
                    (ours.envelope.to, value.to),
                    (ours.envelope.reply_to, value.reply_to),
                ):
                    assert [each.address for each in mine] == [
                        f"{each.mailbox.decode()}@{each.host.decode()}"
                        for each in other or ()
                    ]
            elif key in ("BODYSTRUCTURE", "BODY"):
                assert ours.body_structure is not None
                assert list(our_leaves(ours.body_structure)) == [
                    tuple(map(lower, leaf)) for leaf in leaves(value)
                ]
            elif key in ours.sections:
                assert ours.sections[key] == value
            elif key in ours.others:
                other = ours.others[key]
                assert lower(other) == lower(value) or other == str(value)
            else:
                assert key == "SEQ"
    assert compared >= {"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}
    assert compared >= {"MODSEQ", "BODYSTRUCTURE", "BODY", "BODY[]", "RFC822.HEADER"}
