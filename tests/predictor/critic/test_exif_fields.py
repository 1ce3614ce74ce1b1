import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor.critic.exif_fields import ExifError, read_exif_fields
from tests.predictor.critic.files import exif

WHOLE = exif(
    {0x010F: "NIKON CORPORATION", 0x0110: "NIKON D90", 0x0131: "Ver.1.00", 0x010E: "A dog"},
    {0x829A: (1, 250), 0x829D: (56, 10), 0x8827: 200, 0x920A: (35, 1), 0x9286: b"ASCII\0\0\0hello"},
)


def test_camera_exposure_and_comment_are_read():
    found = read_exif_fields(WHOLE)

    assert found == {
        "make": "NIKON CORPORATION",
        "model": "NIKON D90",
        "software": "Ver.1.00",
        "description": "A dog",
        "exposure_seconds": "0.004",
        "f_number": "5.6",
        "iso": "200",
        "focal_length": "35",
        "comment": "hello",
    }


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_a_comment_in_utf_16_is_read_in_either_order(order: str):
    block = exif({0x010F: "x"}, {0x9286: b"UNICODE\0" + "Steps: 20, Sampler: Euler".encode(order)})

    assert read_exif_fields(block)["comment"] == "Steps: 20, Sampler: Euler"


def test_a_value_outside_the_block_hides_no_other():
    entries = struct.pack("<HHII", 0x010F, 2, 99, 1 << 30) + struct.pack("<HHI4s", 0x0110, 2, 4, b"D90\0")
    block = b"II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)

    assert read_exif_fields(block) == {"model": "D90"}


@pytest.mark.parametrize("block", [b"", b"II*\0", b"XX*\0" + bytes(40), b"II*\0\xff\xff\xff\x7f" + bytes(40)])
def test_what_is_no_directory_is_told(block: bytes):
    with pytest.raises(ExifError):
        read_exif_fields(block)


@settings(deadline=None)
@given(st.data())
def test_damage_raises_nothing_else(data: st.DataObject):
    block = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 8))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_exif_fields(bytes(block[: data.draw(st.integers(0, len(block)))]))
    except ExifError:
        return
