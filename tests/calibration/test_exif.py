import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from calibration.exif import Bitmap, Exif, embedded_bitmap, minimal_exif, read_exif, stated_orientations
from tests.calibration.broken_files import exif_of_endless_resolution

NOTHING = Exif(None, has_gps=False, has_thumbnail=False, has_more=False)


def tiff(order, entries, following=b""):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    next_place = 10 + 12 * len(entries) + 4 if following else 0
    table = b"".join(struct.pack(order + "HHI4s", *entry) for entry in entries)
    return (
        head
        + struct.pack(order + "H", len(entries))
        + table
        + struct.pack(order + "I", next_place)
        + following
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_written_is_read_here_and_by_pillow(orientation):
    block = minimal_exif(orientation)
    elsewhere = PillowImage.Exif()
    elsewhere.load(block)

    assert read_exif(block) == Exif(orientation, has_gps=False, has_thumbnail=False, has_more=False)
    assert dict(elsewhere) == {0x0112: orientation}


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_another_orientation_is_not_written(orientation):
    with pytest.raises(ValueError, match="1-8"):
        minimal_exif(orientation)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["H", "I", "B"])
def test_both_byte_orders_and_every_whole_number_are_read(order, kind):
    type_number = {"B": 1, "H": 3, "I": 4}[kind]
    value = struct.pack(order + kind, 6).ljust(4, b"\0")

    assert read_exif(tiff(order, [(0x0112, type_number, 1, value)])).orientation == 6


@pytest.mark.filterwarnings("ignore:Metadata Warning")
@pytest.mark.parametrize(
    ("kind", "amount", "value"),
    [(3, 2, b"\0\6\0\3"), (8, 1, b"\0\6\0\0"), (9, 1, b"\0\0\0\6"), (6, 1, b"\6\0\0\0"), (3, 0, b"\0\6\0\0")],
)
def test_an_orientation_of_an_odd_kind_is_read_as_pillow_reads_it(kind, amount, value):
    block = tiff(">", [(0x0112, kind, amount, value)])
    elsewhere = PillowImage.Exif()
    elsewhere.load(block)

    assert read_exif(block).orientation == elsewhere.get(0x0112) == (6 if amount else None)


def test_what_pillow_writes_is_told_by_kind():
    written = PillowImage.Exif()
    written[0x010F] = "a camera"
    written.get_ifd(0x8825)[1] = "N"

    found = read_exif(written.tobytes())

    assert found == Exif(None, has_gps=True, has_thumbnail=False, has_more=True)


def test_a_thumbnail_is_found_in_the_second_directory():
    thumbnail = tiff(">", [(0x0201, 4, 1, bytes(4))])[8:]

    assert read_exif(tiff(">", [(0x0112, 3, 1, b"\0\6\0\0")], thumbnail)).has_thumbnail


def test_a_broken_value_hides_no_other():
    assert read_exif(exif_of_endless_resolution(8)).orientation == 8


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_an_orientation_that_is_none_is_told_from_one_that_is_missing(value):
    assert read_exif(tiff(">", [(0x0112, 3, 1, struct.pack(">HH", value, 0))])).orientation == 0


@pytest.mark.parametrize(
    "data", [b"", b"MM\0*", b"MM\0*\xff\xff\xff\xff", b"Exif\0\0", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_damage_says_nothing(data):
    assert read_exif(data) == NOTHING


@given(st.sampled_from([b"MM\0*", b"II*\0", b"Exif\0\0MM\0*\0\0\0\x08"]), st.binary(max_size=200))
def test_random_bytes_are_read_without_an_error(head, tail):
    assert read_exif(head + tail).orientation in {None, *range(1, 9)}


def test_every_orientation_that_is_stated_is_told():
    def block(*values):
        entries = b"".join(struct.pack(">HHIHH", 0x0112, 3, 1, value, 0) for value in values)
        return b"MM\0*\0\0\0\x08" + struct.pack(">H", len(values)) + entries + bytes(4)

    assert stated_orientations(block(6)) == (6,)
    assert stated_orientations(block(1, 8)) == (1, 8)
    assert stated_orientations(block(0, 9, 3)) == (3,)
    assert stated_orientations(block(1, 8)[:30]) == (1,)
    assert stated_orientations(b"none") == ()


@pytest.mark.parametrize("order", "<>")
def test_a_thumbnail_without_compression_is_found(order):
    values = {0x100: 2, 0x101: 1, 0x103: 1, 0x106: 2, 0x111: 88}

    def block(values):
        second = struct.pack(order + "H", len(values))
        second += b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in values.items())
        return (tiff(order, [], second + bytes(4)) + bytes(100))[:88] + b"\1\2\3\4\5\6"

    assert embedded_bitmap(block(values)) == Bitmap(2, 1, b"\1\2\3\4\5\6")
    assert embedded_bitmap(block(values | {0x103: 6})) is None  # a JPEG
    assert embedded_bitmap(block(values)[:40]) is None
    assert embedded_bitmap(minimal_exif(1)) is None
