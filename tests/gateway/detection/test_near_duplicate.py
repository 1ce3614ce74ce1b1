import hashlib
import threading

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp, resize
from calibration.profile import default_profile
from gateway.detection.near_duplicate import NearDuplicates, is_same_picture
from predictor.predict import Predictor


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def memory(clock):
    return NearDuplicates(100, 60.0, clock)


def look(memory, predictor, encoded, tenant="a"):
    digest = hashlib.sha256(encoded).digest()
    return memory.look(decode(encoded), digest, tenant, predictor, default_profile())


def spotted(pixels, strength):
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    weight = np.exp(-((rows - 150) ** 2 + (columns - 200) ** 2) / (2 * 40.0**2))[..., None]
    return Image(
        np.clip(np.rint(pixels + weight * strength * np.array([1, 0.25, -1])), 0, 255).astype(np.uint8)
    )


def test_a_new_picture_and_its_exact_copies_tell_nothing(memory, predictor):
    image = Image(data.chelsea())

    assert look(memory, predictor, encode_png(image)) is None
    assert look(memory, predictor, encode_png(image)) is None
    assert len(memory) == 1


def test_a_slight_edit_of_a_known_picture_is_found_below_one_jnd(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())))

    found = look(memory, predictor, encode_png(spotted(data.chelsea(), 3)))

    assert found.p_value <= 0.01
    assert found.jnd_ratio < 1
    assert "would not notice" in found.explanation


def test_an_edited_copy_never_becomes_the_original(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())))
    edited = encode_png(spotted(data.chelsea(), 6))

    first, second = look(memory, predictor, edited), look(memory, predictor, edited)

    assert first == second
    assert first.p_value <= 0.01


def test_reencoded_and_resized_copies_are_not_edits(memory, predictor):
    image = Image(data.astronaut())
    look(memory, predictor, encode_png(image))

    for encoded in (
        encode_jpeg(image, 80),
        encode_webp(image, 80),
        encode_png(resize(image, 300, 300, "lanczos")),
        encode_jpeg(resize(image, 400, 400, "bicubic"), 85),
    ):
        assert look(memory, predictor, encoded).p_value > 0.01


def test_another_picture_of_the_same_hash_is_no_evidence():
    rng = np.random.default_rng(0)
    first, second = (Image(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)) for _ in range(2))

    assert not is_same_picture(first, second)
    assert not is_same_picture(Image(data.chelsea()[:300, :300]), Image(data.astronaut()[:300, :300]))
    assert is_same_picture(Image(data.chelsea()), spotted(data.chelsea(), 20))


def test_tenants_do_not_see_each_other(memory, predictor):
    look(memory, predictor, encode_png(Image(data.chelsea())), tenant="a")

    assert look(memory, predictor, encode_png(spotted(data.chelsea(), 6)), tenant="b") is None


def test_pictures_are_forgotten_after_their_time(memory, predictor, clock):
    look(memory, predictor, encode_png(Image(data.chelsea())))
    clock.now += 61

    assert look(memory, predictor, encode_png(spotted(data.chelsea(), 6))) is None
    assert len(memory) == 1


def test_memory_is_bounded_by_count_and_bytes(predictor, clock):
    rng = np.random.default_rng(0)
    memory = NearDuplicates(3, 60.0, clock, max_bytes=40_000)

    for seen in range(1, 7):
        look(memory, predictor, encode_png(Image(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))))
        assert len(memory) == min(seen, 3)
        assert memory.size_bytes <= 40_000
    look(memory, predictor, encode_png(Image(rng.integers(0, 256, (200, 200, 3), dtype=np.uint8))))
    assert memory.size_bytes <= 40_000


def test_many_threads_may_look_at_once(memory, predictor):
    rng = np.random.default_rng(0)
    pictures = [encode_png(Image(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))) for _ in range(6)]
    errors = []

    def work():
        try:
            for picture in pictures:
                look(memory, predictor, picture)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test must see it)
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(memory) == 6


def test_bounds_must_be_positive(clock):
    with pytest.raises(ValueError, match="positive"):
        NearDuplicates(0, 60.0, clock)
