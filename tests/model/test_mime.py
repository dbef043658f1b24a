"""The MIME tree of raw messages, against Python's own parser and by hand."""

from __future__ import annotations

import email
import email.message
import email.policy
from email.message import EmailMessage as StdMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model._body_structure_raw import MAX_DEPTH
from aiosage.model._mime import MAX_PARTS, parse_mime
from aiosage.model._transfer_encoding import decode_transfer


def lines(*text: str) -> bytes:
    return "\r\n".join(text).encode()


def contents(raw: bytes) -> list[tuple[str, str, bytes]]:
    """Return section, type and content of each leaf."""
    tree = parse_mime(raw)
    return [
        (p.section, p.content_type, raw[slice(*tree.ranges[p.section])])
        for p in tree.root.leaves()
    ]


MIXED = "Content-Type: multipart/mixed; boundary=b"


@pytest.mark.parametrize(
    ("raw", "leaves"),
    [
        (b"", [("1", "text/plain", b"")]),
        (b"Subject: x", [("1", "text/plain", b"")]),
        (lines("Subject: x", "", "body", ""), [("1", "text/plain", b"body\r\n")]),
        (b"\r\nbody", [("1", "text/plain", b"body")]),
        (b"A: b\n\nbody", [("1", "text/plain", b"body")]),
        (
            lines(
                MIXED,
                "",
                "preamble",
                "--b",
                "",
                "one",
                "--b",
                "",
                "two",
                "",
                "--b--",
                "--b",
            ),
            [("1", "text/plain", b"one"), ("2", "text/plain", b"two\r\n")],
        ),
        # boundaries that begin alike, space behind, lines that only look like one
        (
            lines(MIXED, "", "--b \t", "", "--bb", "---b", "--b-", "--b--"),
            [("1", "text/plain", b"--bb\r\n---b\r\n--b-")],
        ),
        # an inner multipart that is not closed
        (
            lines(
                MIXED,
                "",
                "--b",
                "Content-Type: multipart/x; boundary=c",
                "",
                "--c",
                "",
                "in",
                "--b",
                "",
                "out",
                "--b--",
            ),
            [("1.1", "text/plain", b"in"), ("2", "text/plain", b"out")],
        ),
        # the same boundary inside and outside: the inner one owns it until it closes
        (
            lines(
                MIXED,
                "",
                "--b",
                MIXED,
                "",
                "--b",
                "",
                "in",
                "--b--",
                "--b",
                "",
                "out",
                "--b--",
            ),
            [("1.1", "text/plain", b"in"), ("2", "text/plain", b"out")],
        ),
        # no closing delimiter
        (lines(MIXED, "", "--b", "", "cut"), [("1", "text/plain", b"cut")]),
        # a part header without an empty line
        (
            lines(
                MIXED, "", "--b", "Content-Type: text/html", "--b", "", "two", "--b--"
            ),
            [("1", "text/html", b""), ("2", "text/plain", b"two")],
        ),
        # multiparts in which no delimiter is found keep their text
        (lines(MIXED, "", "text"), [("1", "text/plain", b"text")]),
        (
            lines("Content-Type: multipart/mixed", "", "text"),
            [("1", "text/plain", b"text")],
        ),
        (
            lines(
                MIXED,
                "",
                "--b",
                "Content-Type: multipart/x; boundary=c",
                "",
                "text",
                "--b--",
            ),
            [("1.1", "text/plain", b"text")],
        ),
        # RFC 2046 §5.1.5
        (
            lines(
                "Content-Type: multipart/digest; boundary=b",
                "",
                "--b",
                "",
                "Subject: x",
                "",
                "y",
                "--b--",
            ),
            [("1", "message/rfc822", b"Subject: x\r\n\r\ny")],
        ),
        # a message in the message is one part, multipart or not
        (
            lines(
                MIXED,
                "",
                "--b",
                "Content-Type: message/rfc822",
                "",
                "Content-Type: multipart/x; boundary=c",
                "",
                "--c",
                "",
                "in",
                "--c--",
                "--b--",
            ),
            [
                (
                    "1",
                    "message/rfc822",
                    lines(
                        "Content-Type: multipart/x; boundary=c",
                        "",
                        "--c",
                        "",
                        "in",
                        "--c--",
                    ),
                )
            ],
        ),
        # RFC 2045 §5.2: what is no type is plain text
        (lines("Content-Type: nonsense", "", "x"), [("1", "text/plain", b"x")]),
        (
            lines("Content-Type: Text/HTML ; charset=x", "", "x"),
            [("1", "text/html", b"x")],
        ),
    ],
)
def test_parts_are_found(raw: bytes, leaves: list[tuple[str, str, bytes]]) -> None:
    assert contents(raw) == leaves


def test_every_cut_of_a_message_is_a_message() -> None:
    raw = lines(
        "Subject: x",
        MIXED,
        "",
        "--b",
        "Content-Type: multipart/x; boundary=c",
        "",
        "--c",
        "",
        "in",
        "--c--",
        "--b",
        "",
        "out",
        "--b--",
        "",
    )
    for end in range(len(raw)):
        tree = parse_mime(raw[:end])
        for start, stop in tree.ranges.values():
            assert 0 <= start <= stop <= end


def test_sections_number_nested_parts() -> None:
    raw = lines(
        MIXED,
        "",
        "--b",
        "Content-Type: multipart/x; boundary=c",
        "",
        "--c",
        "",
        "1",
        "--c",
        "",
        "2",
        "--c--",
        "--b",
        "",
        "3",
        "--b--",
    )
    root = parse_mime(raw).root

    assert [part.section for part in root.walk()] == ["TEXT", "1", "1.1", "1.2", "2"]


def test_too_many_parts_stay_in_the_last() -> None:
    defects: list[str] = []
    raw = (MIXED + "\n\n" + "--b\n\nx\n" * (MAX_PARTS + 5)).encode()

    root = parse_mime(raw, defects.append).root

    assert len(root.parts) == MAX_PARTS - 1
    assert (root.parts[-1].size or 0) > 10
    assert f"more than {MAX_PARTS} parts" in defects


@pytest.mark.parametrize("depth", [10, MAX_DEPTH + 1, 1_000, 20_000])
def test_nesting_is_cut_and_nothing_recurses(depth: int) -> None:
    defects: list[str] = []
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(depth)
    )

    root = parse_mime(raw + b"\r\ntext", defects.append).root

    assert len(list(root.walk())) == min(depth, MAX_DEPTH) + 1
    assert (f"parts nest deeper than {MAX_DEPTH}" in defects) == (depth > MAX_DEPTH)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60)


@st.composite
def messages(draw: st.DrawFn) -> StdMessage:
    message = StdMessage(policy=email.policy.SMTP)
    message["Subject"] = "x"
    message.set_content(draw(texts))
    if draw(st.booleans()):
        message.add_alternative(draw(texts), subtype="html")
    for name in draw(st.lists(texts, max_size=3)):
        message.add_attachment(
            draw(st.binary(max_size=200)),
            maintype="application",
            subtype="pdf",
            filename=f"{' '.join(name.split())}.pdf",
        )
    return message


@given(messages())
def test_parts_are_those_python_made(message: StdMessage) -> None:
    raw = message.as_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.compat32)
    tree = parse_mime(raw)

    def decoded(part: email.message.Message) -> bytes:
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.rstrip()

    ours = [(p, raw[slice(*tree.ranges[p.section])]) for p in tree.root.leaves()]
    assert [
        (part.content_type, decode_transfer(content, part.encoding).rstrip())
        for part, content in ours
    ] == [
        (part.get_content_type(), decoded(part))
        for part in parsed.walk()
        if not part.is_multipart()
    ]


pieces = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"--",
        b"b",
        b"c",
        b"--b",
        b"--b--",
        b"--c",
        b"\n--b\n",
        b"\n\n",
        b"x",
        b"Content-Type: multipart/mixed; boundary=b\n",
        b"Content-Type: message/rfc822\n",
        b"Content-Type: multipart/digest; boundary=c\n\n",
        b"\r",
        b" ",
        b": ",
    ]
)


@given(st.lists(pieces, max_size=40).map(b"".join))
def test_no_message_makes_it_raise_or_overlap(raw: bytes) -> None:
    """Leaves are in order and apart: no octet is in two of them."""
    tree = parse_mime(raw)

    end = 0
    for part in tree.root.leaves():
        start, stop = tree.ranges[part.section]
        assert end <= start <= stop <= len(raw)
        assert part.size == stop - start
        end = stop
    sections = [part.section for part in tree.root.walk()]
    assert len(set(sections)) == len(sections)
