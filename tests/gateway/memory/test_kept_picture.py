import gc
import threading
import weakref
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import data

from calibration.image import Image
from gateway.memory import kept_picture
from gateway.memory.kept_picture import KeptPicture, KeptPictureError
from gateway.memory.protocol import SeenPicture

NOISE = np.random.default_rng(0).integers(0, 256, (10, 20, 3), dtype=np.uint8)


def kept(pixels: np.ndarray) -> KeptPicture:
    return KeptPicture.of(SeenPicture(Image(pixels), 7, b"d"))


def page() -> np.ndarray:
    """Lines of black letters on white, as a screen has them."""
    pixels = np.full((320, 512, 3), 250, np.uint8)
    letters = np.random.default_rng(1).random((20, 512)) < 0.4
    for line in range(12):
        pixels[20 + 24 * line : 30 + 24 * line, letters[line]] = 30
    return pixels


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_every_picture_comes_back_pixel_for_pixel(pixels: np.ndarray):
    found = kept(pixels)

    assert np.array_equal(found.picture.pixels, pixels)
    assert (found.fingerprint, found.digest) == (7, b"d")


def test_a_screen_takes_an_eighth_and_a_photograph_stays_as_it_is():
    screen, photograph = kept(page()), kept(data.astronaut())

    assert screen.is_deflated
    assert screen.size_bytes < page().nbytes / 8
    assert not photograph.is_deflated
    assert photograph.pixels == data.astronaut().tobytes()
    assert np.array_equal(screen.picture.pixels, page())


def test_it_weighs_its_pixels_and_something_for_the_books():
    assert 600 < kept(NOISE).size_bytes < 2000


def test_pixels_that_lie_apart_in_memory_are_packed_in_order():
    assert np.array_equal(kept(NOISE[:, ::-1]).picture.pixels, NOISE[:, ::-1])


def test_packing_what_is_packed_changes_nothing():
    found = kept(NOISE)

    assert KeptPicture.of(found) is found


def test_what_was_looked_at_last_is_held_ready_within_its_bound(monkeypatch: pytest.MonkeyPatch):
    first, second = kept(page()), kept(page())
    ready = kept_picture._Ready(1.5 * page().nbytes, getsizeof=kept_picture._unpacked_bytes)
    monkeypatch.setattr(kept_picture, "_ready", ready)

    once, again = first.picture, first.picture
    _ = second.picture

    assert once is again
    assert first.picture is not once


def test_what_is_forgotten_takes_its_pixels_with_it():
    found = kept(page())
    pixels = weakref.ref(found.picture)
    assert pixels() is not None

    del found
    gc.collect()

    assert pixels() is None


def test_a_picture_larger_than_what_is_held_ready_can_be_looked_at(monkeypatch: pytest.MonkeyPatch):
    ready = kept_picture._Ready(10, getsizeof=kept_picture._unpacked_bytes)
    monkeypatch.setattr(kept_picture, "_ready", ready)

    assert np.array_equal(kept(page()).picture.pixels, page())


def test_threads_that_look_at_once_see_the_same():
    found, seen = kept(page()), []
    threads = [threading.Thread(target=lambda: seen.append(found.picture.pixels)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.array_equal(each, page()) for each in seen)
    assert len(seen) == 8


@pytest.mark.parametrize(
    ("height", "width", "pixels", "is_deflated"),
    [
        (10, 20, NOISE.tobytes()[:-1], False),
        (0, 0, b"", False),
        (-1, -2, b"123456", False),
        (10, 20, b"", True),
        (10, 20, b"no stream", True),
        (10, 20, zlib.compress(NOISE.tobytes())[:-5], True),
        (10, 20, zlib.compress(NOISE.tobytes()) + b"more", True),
        (10, 20, zlib.compress(NOISE.tobytes()[:-3]), True),
        (10, 20, zlib.compress(NOISE.tobytes() + b"more"), True),
        (1, 1, zlib.compress(bytes(1 << 24)), True),
        (10**11, 10**11, b"", False),
        (10**11, 10**11, zlib.compress(b"123"), True),
        (50_000, 50_000, zlib.compress(bytes(1 << 24)), True),
        (-1, -1, zlib.compress(b"123"), True),
    ],
)
def test_what_is_no_picture_is_refused(height: int, width: int, pixels: bytes, is_deflated: bool):
    with pytest.raises(KeptPictureError, match="expected"):
        _ = KeptPicture(1, b"d", height, width, pixels, is_deflated).picture
