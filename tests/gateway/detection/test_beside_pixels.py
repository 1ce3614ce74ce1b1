import struct
from time import process_time

import numpy as np
import pytest

from calibration.containers import Part, join_png, png_chunks
from gateway.detection.beside_pixels import beside_pixels, without_padding
from tests.gateway.detection.container_files import (
    CAT,
    ORDER,
    examine,
    is_flagged,
    saved,
    with_chunk,
    with_segment,
)

PICTURE = saved(CAT)
SIGN = b"http://ns.adobe.com/xmp/extension/\0"


def extended(text: bytes, piece: int, name: bytes = b"A" * 32) -> bytes:
    """Store XMP in pieces, the last of them first in the file."""
    made = PICTURE
    for at in range(0, len(text), piece):
        made = with_segment(
            made, 0xE1, SIGN + name + struct.pack(">II", len(text), at) + text[at : at + piece]
        )
    return made


def with_segments(encoded: bytes, text: bytes, name: bytes) -> bytes:
    for at in range(0, len(text), 60_000):
        head = SIGN + name + struct.pack(">II", len(text), at)
        encoded = with_segment(encoded, 0xE1, head + text[at : at + 60_000])
    return encoded


@pytest.mark.parametrize("piece", [7, 30, 500])
def test_what_goes_on_in_other_segments_is_joined(piece: int):
    assert ORDER.encode() in beside_pixels(extended(ORDER.encode(), piece)).blocks


def test_pieces_of_two_packets_are_not_mixed():
    both = with_segment(
        extended(b"a cat " * 9, 7), 0xE1, SIGN + b"B" * 32 + struct.pack(">II", 3, 0) + b"dog"
    )

    assert beside_pixels(both).blocks[-2:] == (b"a cat " * 9, b"dog")


@pytest.mark.parametrize("padding", [b" ", b"\0", b" \0", b"\r\n"])
def test_padding_in_front_hides_no_text(padding: bytes):
    long = (padding * 300_000)[:300_000]
    order = extended(ORDER.encode(), 500, b"B" * 32)
    for hidden in (
        with_segments(order, long, b"A" * 32),
        with_segments(PICTURE, long + ORDER.encode(), b"A" * 32),
        with_segments(PICTURE, b"cat" + long + ORDER.encode(), b"A" * 32),
        with_chunk(saved(CAT, "PNG"), b"teXt", b"a" + long + ORDER.encode()),
    ):
        assert beside_pixels(hidden).is_all
        assert is_flagged(hidden)


def test_what_is_left_out_of_metadata_is_told():
    noise = np.random.default_rng(1).integers(0, 256, 1_200_000, np.uint8).tobytes()
    for most in (600_000, 1_200_000):
        long = with_chunk(saved(CAT, "PNG"), b"teXt", noise[:most])
        assert not beside_pixels(long).is_all
        assert "bytes were looked at" in examine(long).explanation
    assert beside_pixels(with_chunk(saved(CAT, "PNG"), b"teXt", noise[:400_000])).is_all


def test_a_packet_of_noise_takes_no_room_from_another():
    noise = np.random.default_rng(1).integers(1, 256, 900_000, np.uint8).tobytes()
    both = with_segments(extended(ORDER.encode(), 500, b"B" * 32), noise, b"A" * 32)

    assert ORDER.encode() in beside_pixels(both).blocks
    assert not beside_pixels(both).is_all


def test_what_follows_the_picture_is_told_apart():
    assert beside_pixels(PICTURE + b"more").tail == b"more"
    assert beside_pixels(b"no picture").blocks == ()


def test_text_behind_hundreds_of_small_blocks_is_read():
    # Past as many as stay apart, they are joined: more than is read of one.
    chunks = [Part(b"teXt", b"a %d" % number) for number in range(300)]
    first, *others = png_chunks(saved(CAT, "PNG"))
    long = Part(b"teXt", np.random.default_rng(1).integers(1, 256, 250_000, np.uint8).tobytes())
    hidden = join_png([first, *chunks, long, long, Part(b"teXt", ORDER.encode()), *others])

    assert ORDER.encode() in beside_pixels(hidden).blocks[-1]
    assert all(len(block) <= 262_144 for block in beside_pixels(hidden).blocks)


@pytest.mark.parametrize("unit", [b" ", b" " * 63 + b"x", b" " * 64 + b"x"])
def test_padding_costs_little_to_search(unit: bytes):
    long = with_chunk(saved(CAT, "PNG"), b"teXt", unit * (24_000_000 // len(unit)))
    begun = process_time()
    assert not beside_pixels(long).is_all
    assert process_time() - begun < 1


@pytest.mark.parametrize("count", [300, 301])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_letters_of_two_bytes_at_either_end_of_padding_stay_whole(count: int, encoding: str):
    text = ORDER.encode(encoding)

    shortened = without_padding(text + b" " * count + text)

    assert shortened.startswith(text)
    assert shortened.endswith(text)
    assert len(text + text) + 30 < len(shortened) < len(text + text) + 36
    assert (len(shortened) - count) % 2 == 0
