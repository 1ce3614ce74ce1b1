import msgspec
import numpy as np
import pytest

from calibration.image import Image
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.picture_record import VERSION, PictureRecordError, pack_picture, unpack_picture
from gateway.memory.protocol import SeenPicture

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
SEEN = KeptPicture.of(SeenPicture(Image(PIXELS), 7, b"d" * 32))


def test_a_picture_comes_back_pixel_for_pixel():
    found = unpack_picture(pack_picture(SEEN), 7, b"d" * 32)

    assert np.array_equal(found.picture.pixels, PIXELS)
    assert (found.fingerprint, found.digest) == (7, b"d" * 32)


def test_pixels_that_lie_apart_in_memory_are_packed_in_order():
    turned = KeptPicture.of(SeenPicture(Image(PIXELS[:, ::-1]), 7, b"d" * 32))

    assert np.array_equal(unpack_picture(pack_picture(turned), 7, b"").picture.pixels, PIXELS[:, ::-1])


def test_fields_that_a_later_version_adds_are_left_alone():
    record = pack_picture(SEEN, {"suspect": True, "of": ["whoever", 1]})

    assert np.array_equal(unpack_picture(record, 7, b"").picture.pixels, PIXELS)


def test_another_version_is_refused_by_both_numbers():
    record = bytes([VERSION + 1]) + pack_picture(SEEN)[1:]

    with pytest.raises(PictureRecordError, match=f"of version {VERSION}, got {VERSION + 1}"):
        unpack_picture(record, 7, b"")


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\x01",
        pack_picture(SEEN)[:-1],
        pack_picture(SEEN) + b"\0",
        pack_picture(SEEN)[:9],
        b"\x01\x00\x02{}",
        b"\x01\x00\x01\xc1",
        pack_picture(SEEN, {"height": -5, "width": -7}),
        pack_picture(SEEN, {"height": 2**62, "width": 2**62}),
        b"\x01\x00\x03" + msgspec.msgpack.encode([1, 2]),
    ],
)
def test_what_is_no_picture_is_refused(record: bytes):
    with pytest.raises(PictureRecordError):
        unpack_picture(record, 7, b"")
