"""Piece by piece comes out what comes out of the whole."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import transfer_decoder
from aiosage.model._transfer_encoding import decode_transfer

# What decides how broken encodings are read, more often than chance would have it.
QUOTED = st.lists(
    st.sampled_from([b"=", b"==", b"=4", b"=41", b"\r", b"\n", b"\r\n", b"A", b" g"])
).map(b"".join)
BASE64 = st.lists(
    st.sampled_from([b"QUJD", b"=", b"QQ==", b"Q", b"\r\n", b"-", b"QUI="])
).map(b"".join)
ENCODED = st.one_of(
    st.tuples(st.just("quoted-printable"), st.one_of(QUOTED, st.binary())),
    st.tuples(st.just("base64"), st.one_of(BASE64, st.binary())),
    st.tuples(st.sampled_from(["7bit", "binary", "x-unknown"]), st.binary()),
)


def decoded(encoding: str, pieces: list[bytes]) -> bytes:
    """Return what *pieces* are, decoded one after the other."""
    decoder = transfer_decoder(encoding)
    return b"".join([*map(decoder.feed, pieces), decoder.finish()])


@given(ENCODED)
def test_two_pieces_cut_anywhere_are_the_whole(encoded: tuple[str, bytes]) -> None:
    encoding, data = encoded
    whole = decode_transfer(data, encoding)

    for cut in range(len(data) + 1):
        assert decoded(encoding, [data[:cut], data[cut:]]) == whole


@given(ENCODED)
def test_octets_one_by_one_are_the_whole(encoded: tuple[str, bytes]) -> None:
    encoding, data = encoded
    pieces = [data[at : at + 1] for at in range(len(data))]

    assert decoded(encoding, pieces) == decode_transfer(data, encoding)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("piece", [b"=", b"=\r", b"A", b"=4", b"-", b"=\rA", b"=="])
def test_little_is_kept_however_long_a_line_is(encoding: str, piece: bytes) -> None:
    """Else who sends a line without end could fill the memory."""
    decoder = transfer_decoder(encoding)
    tracemalloc.start()
    try:
        for _ in range(100):
            decoder.feed(piece * 1000)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 50_000
    assert len(decoder.finish()) <= 3
