import threading
from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_jpeg, encode_png, resize
from calibration.profile import default_profile
from gateway.detection.near_duplicate import NearDuplicateDetector
from gateway.detection.protocol import Examined
from gateway.detection.query_series import SERIES, QuerySeriesDetector
from gateway.detection.verdict import conclude
from gateway.memory.seen_pictures import SeenPictures
from predictor.predict import Predictor

PHOTOGRAPH = data.astronaut()[40:360, 100:420]


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load()


@pytest.fixture
def memory():
    return SeenPictures(100, 60.0, lambda: 0.0)


@pytest.fixture
def look(memory, predictor):
    """Examine as the gateway does: the series first, then whoever remembers."""
    detectors = [QuerySeriesDetector(memory), NearDuplicateDetector(predictor, memory)]

    def examine(encoded, tenant="a"):
        examined = Examined.by_itself(decode(encoded), encoded, default_profile())
        found = [detector.examine(replace(examined, tenant=tenant)) for detector in detectors]
        return found[0]

    return examine


def png(pixels):
    return encode_png(Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)))


def stripes(epsilon, rng):
    """The first candidate of Square (Andriushchenko et al., 2020), and a patch in it."""
    changed = PHOTOGRAPH + rng.choice([-epsilon, epsilon], (1, PHOTOGRAPH.shape[1], 3))
    top, left = rng.integers(0, 240, 2)
    patch = np.s_[top : top + 72, left : left + 72]
    changed[patch] = PHOTOGRAPH[patch] + rng.choice([-epsilon, epsilon], 3)
    return changed


def noise(deviation, rng):
    return PHOTOGRAPH + rng.normal(0, deviation, PHOTOGRAPH.shape)


def told(found):
    return [each is not None for each in found]


EXPECTED = [False] * (SERIES - 1) + [True] * 3


@pytest.mark.parametrize(
    ("query", "strength"), [(stripes, 8), (stripes, 16), (noise, 0.26), (noise, 2.55), (noise, 8)]
)
def test_queries_around_a_known_picture_are_flagged_from_the_fifth_on(look, query, strength):
    rng = np.random.default_rng(0)
    look(png(PHOTOGRAPH))

    found = [look(png(query(strength, rng))) for _ in EXPECTED]

    assert told(found) == EXPECTED
    assert conclude([found[-1]], alpha=0.01).flags == ("query_series",)


def test_queries_that_are_resized_cropped_or_stored_anew_are_a_series_still(look):
    rng = np.random.default_rng(0)
    look(png(PHOTOGRAPH))

    found = []
    for number in range(9):
        image = Image(np.clip(stripes(8, rng), 0, 255).astype(np.uint8))
        side = 260 + 5 * number
        changed = [
            encode_png(resize(image, side, side, "bilinear")),
            encode_png(Image(image.pixels[number : 312 - number, 3:].copy())),
            encode_jpeg(image, 80 + number),
        ][number % 3]
        found.append(look(changed))

    assert told(found)[-3:] == [True] * 3


def test_blends_with_noise_are_a_series_however_visible(look):
    rng = np.random.default_rng(0)
    look(png(PHOTOGRAPH))

    shares = (0.2, 0.1, 0.15, 0.12, 0.14, 0.13)
    found = [
        look(png((1 - share) * PHOTOGRAPH + share * rng.uniform(0, 255, PHOTOGRAPH.shape)))
        for share in shares
    ]

    assert told(found) == [False] * (SERIES - 1) + [True] * 2


def test_one_query_sent_often_is_one(look):
    look(png(PHOTOGRAPH))
    query = png(noise(4, np.random.default_rng(0)))

    assert told([look(query) for _ in range(10)]) == [False] * 10


def test_each_caller_is_counted_alone(look):
    rng = np.random.default_rng(0)
    for tenant in "abcdefgh":
        look(png(PHOTOGRAPH), tenant)

    assert told([look(png(noise(4, rng)), tenant) for tenant in "abcdefgh"]) == [False] * 8


@pytest.mark.parametrize("deviation", [1, 3, 8])
@pytest.mark.parametrize("quality", [None, 85])
def test_a_still_camera_is_no_series(look, deviation, quality):
    rng = np.random.default_rng(deviation)

    def frame(number):
        pixels = np.clip(np.rint(noise(deviation, rng) * (1 + 0.01 * number)), 0, 255).astype(np.uint8)
        return encode_png(Image(pixels)) if quality is None else encode_jpeg(Image(pixels), quality)

    assert not any(told([look(frame(number)) for number in range(10)]))


def test_copies_of_one_picture_are_no_series(look):
    image = Image(PHOTOGRAPH)
    look(encode_png(image))

    copies = [encode_jpeg(image, quality) for quality in (100, 97, 90, 80, 70, 50)]
    copies += [encode_png(resize(image, side, side, "bicubic")) for side in (300, 280, 200)]

    assert not any(told([look(copy) for copy in copies]))


def test_whichever_thread_comes_first_the_count_is_the_same(look):
    rng = np.random.default_rng(0)
    look(png(PHOTOGRAPH))
    queries, found = [png(noise(4, rng)) for _ in range(8)], []
    threads = [threading.Thread(target=lambda query=query: found.append(look(query))) for query in queries]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(told(found)) == 8 - (SERIES - 1)
