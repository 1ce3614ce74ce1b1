import struct

import pytest

from gateway.detection.beside_pixels import beside_pixels
from tests.gateway.detection.container_files import CAT, ORDER, saved, with_segment

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


@pytest.mark.parametrize("piece", [7, 30, 500])
def test_what_goes_on_in_other_segments_is_joined(piece: int):
    assert ORDER.encode() in beside_pixels(extended(ORDER.encode(), piece)).blocks


def test_pieces_of_two_packets_are_not_mixed():
    both = with_segment(
        extended(b"a cat " * 9, 7), 0xE1, SIGN + b"B" * 32 + struct.pack(">II", 3, 0) + b"dog"
    )

    assert b"a cat " * 9 + b"dog" in beside_pixels(both).blocks


def test_what_follows_the_picture_is_told_apart():
    assert beside_pixels(PICTURE + b"more").tail == b"more"
    assert beside_pixels(b"no picture").blocks == ()
