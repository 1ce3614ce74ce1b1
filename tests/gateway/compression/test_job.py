from dataclasses import replace

import numpy as np
import pytest

from calibration.image import Decoded, Image, ImageError, decode, encode_png
from calibration.profile import default_profile
from gateway.compression.job import Job
from gateway.providers.limits import Limits
from gateway.providers.sizes import Size

PICTURE = Image(np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3).astype(np.uint8))
DATA = encode_png(PICTURE)


def job(decoded: Decoded | None = None, **changes: object) -> Job:
    made = Job(
        decoded=decoded or decode(DATA),
        data=DATA,
        profile=default_profile(),
        formats=frozenset({"png"}),
        shown=Size(60, 40),
        most=Size(60, 40),
        most_bytes=None,
        count_tokens=lambda size: size.width,
        is_framed=False,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"most": Size(30, 20)}, True),
        ({"most_bytes": len(DATA)}, False),
        ({"most_bytes": len(DATA) - 1}, True),
    ],
)
def test_a_picture_is_too_large_by_its_sides_or_by_its_bytes(changes: dict[str, object], expected: bool):
    assert job(**changes).is_too_large is expected


def test_what_its_provider_refuses_must_change():
    refusing = Limits(refused=frozenset({"png"}), max_side=50, max_images=0, max_request_bytes=1)

    assert not job().must_change
    assert job(limits=refusing).is_refused
    assert job(limits=refusing).must_change
    assert job(most_bytes=1).must_change
    assert job(limits=refusing).exceeded(Size(60, 40), size_bytes=9) == ("side",)


@pytest.mark.parametrize(
    ("orientation", "stored"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))]
)
def test_sizes_are_those_of_the_upright_picture_and_pixels_those_of_the_stored_one(
    orientation: int, stored: tuple[int, int]
):
    decoded = decode(DATA)
    turned = replace(decoded, source=replace(decoded.source, orientation=orientation))

    small = job(turned).stored_at(Size(30, 20))

    assert (small.width, small.height) == stored


def test_a_class_that_was_told_is_not_looked_for_again():
    looked_at = job().picture_class

    assert looked_at != "transparent"
    assert job(known_class="transparent").picture_class == "transparent"


@pytest.mark.parametrize(
    ("orientation", "stored"), [(1, Size(3, 2)), (4, Size(3, 2)), (5, Size(2, 3)), (8, Size(2, 3))]
)
def test_on_its_side_a_picture_is_stored_with_its_sides_changed(orientation: int, stored: Size):
    decoded = decode(DATA)
    turned = replace(decoded, source=replace(decoded.source, orientation=orientation))

    assert job(turned).stored_size(Size(3, 2)) == stored


def test_another_reading_may_spend_what_the_first_did_and_no_more():
    limits = job().decode_limits

    assert (limits.max_bytes, limits.max_pixels) == (len(DATA), 60 * 40)


def test_a_version_may_be_as_large_as_the_picture_was_and_no_larger():
    assert job().reread(DATA).pixels.shape == (40, 60, 3)
    with pytest.raises(ImageError):
        job().reread(encode_png(Image(np.zeros((41, 60, 3), np.uint8))))
