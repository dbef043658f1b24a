"""The scanner itself; what it makes of real shapes is compared with Dovecot."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from aiosage.testing.memory._mime import MAX_DEPTH, MAX_PARTS, Part, parse_message
from aiosage.testing.memory._structure import body_structure, envelope


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def walk(part: Part) -> list[Part]:
    parts = [part]
    for each in parts:
        parts.extend(each.children)
    return parts


MIXED = crlf(
    "Content-Type: multipart/mixed; boundary=b\n\npreamble\n"
    "--b\n\none\n"
    "--b\nContent-Type: message/rfc822\n\nSubject: in\n\ninner\n"
    "--b--\nepilogue\n"
)


def test_parts_are_exact_octet_ranges() -> None:
    """The line end before a delimiter belongs to it (RFC 2046 §5.1.1)."""
    first, second = parse_message(MIXED).children

    assert (first.header, first.content, first.size) == (b"\r\n", b"one", 3)
    assert second.content == b"Subject: in\r\n\r\ninner"
    assert second.lines == 2
    assert second.children[0].content == b"inner"


def test_an_outer_delimiter_ends_the_parts_inside() -> None:
    raw = crlf(
        "Content-Type: multipart/mixed; boundary=o\n\n"
        "--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nin\n"
        "--o\n\nlast\n--o--\n"
    )

    inner, last = parse_message(raw).children

    assert [part.content for part in inner.children] == [b"in"]
    assert last.content == b"last"


def test_nesting_beyond_the_cap_is_one_opaque_part() -> None:
    levels = 10 * MAX_DEPTH
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=%dx\r\n\r\n--%dx\r\n" % (n, n)
        for n in range(levels)
    )

    parts = walk(parse_message(raw))

    assert len(parts) == MAX_DEPTH + 1
    assert (parts[-1].type, parts[-1].subtype) == (b"application", b"octet-stream")
    assert body_structure(parts[0], extended=True).count(b'"octet-stream"') == 1


def test_a_chain_of_messages_beyond_the_cap_ends() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 10_000

    assert len(walk(parse_message(raw))) == MAX_DEPTH + 1


def test_the_number_of_parts_is_capped_and_time_is_linear() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 500_000

    start = time.perf_counter()
    root = parse_message(raw)

    assert len(walk(root)) == MAX_PARTS
    assert root.children[-1].end == len(raw)
    assert time.perf_counter() - start < 5


LINES = st.sampled_from(
    [
        b"",
        b"Content-Type: multipart/mixed; boundary=a",
        b'Content-Type: multipart/digest; boundary="ab"',
        b"Content-Type: message/rfc822",
        b"Content-Type: text/plain; charset*0=x; charset*1*=y",
        b'From: A (c (d)) <a@b>, g: x, y@z;, "q',
        b'Content-Disposition: attachment; filename="a\\',
        b"--a",
        b"--a--",
        b"--ab",
        b"--ab--",
        b" folded",
        b"text",
        b"\xff\x00(",
    ]
)


@given(st.lists(LINES, max_size=40))
def test_any_message_has_a_structure_whose_parts_lie_within(lines: list[bytes]) -> None:
    """Whatever the octets, parts nest, do not overlap and can be rendered."""
    raw = b"\r\n".join(lines)

    root = parse_message(raw)

    assert (root.start, root.end) == (0, len(raw))
    for part in walk(root):
        assert part.start <= part.body <= part.end
        position = part.body
        for child in part.children:
            assert position <= child.start
            assert child.end <= part.end
            position = child.end
    assert body_structure(root, extended=True).startswith(b"(")
    assert envelope(root).count(b"(") == envelope(root).count(b")")
