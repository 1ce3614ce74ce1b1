"""More level is more damage, for every family, by the measure that fits it."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from calibration.image import Image, resize
from calibration.stimuli.registry import ALL_DISTORTIONS, DELIVERY_EXTRAS, DISTORTIONS

# Per pixel never nearer to the reference at a higher level, so mean squared error may not fall at all.
STRICT = ("brightness", "saturation", "contrast", "noise", "qr", "text")
# Codecs, grids of tones and resampling ripple between neighbouring levels; their trend is tested.
RIPPLING = ("blur", "jpeg", "banding", "webp", "rescale", "png8", "chroma")
MOVING = ("angle", "distance")


def random_picture(seed: int, width: int, height: int) -> Image:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (1 + height // 4, 1 + width // 4, 3)).repeat(4, axis=0).repeat(4, axis=1)
    grain = rng.integers(-12, 13, (height, width, 3))
    return Image(np.clip(coarse[:height, :width] + grain, 0, 255).astype(np.uint8))


def photograph(name: str) -> Image:
    return resize(Image(getattr(skimage.data, name)()[:300, :400]), 160, 120, "area")


def squared_error(reference: Image, distorted: Image) -> float:
    same_size = resize(distorted, reference.width, reference.height, "bicubic")
    return float(np.mean((same_size.pixels.astype(np.int64) - reference.pixels) ** 2))


def errors(name: str, reference: Image, shares: npt.ArrayLike, seed: int = 5) -> list[float]:
    distortion = ALL_DISTORTIONS[name]
    return [
        squared_error(
            reference,
            distortion.apply(reference, float(share) * distortion.levels, np.random.default_rng(seed)),
        )
        for share in np.asarray(shares)
    ]


def test_every_distortion_is_tested_here():
    assert {*STRICT, *RIPPLING, *MOVING, "mask"} == set(ALL_DISTORTIONS)


@pytest.mark.parametrize("name", STRICT)
@given(
    size=st.tuples(st.integers(1, 41), st.integers(1, 41)),
    shares=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=4, unique=True).map(sorted),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=15, deadline=None)
def test_squared_error_never_falls_with_level(
    name: str, size: tuple[int, int], shares: list[float], seed: int
):
    found = errors(name, random_picture(seed, *size), shares, seed)

    assert found == sorted(found)


@pytest.mark.parametrize("name", RIPPLING)
@pytest.mark.parametrize("picture", ["astronaut", "chelsea", "coffee"])
def test_squared_error_rises_with_level_but_for_ripples(name: str, picture: str):
    shares = np.linspace(0.04, 1, 25)

    found = errors(name, photograph(picture), shares)

    assert spearmanr(shares, found).statistic >= 0.95
    assert found[-1] > 2 * found[0]
    assert found[-1] >= 0.9 * max(found)


@pytest.mark.parametrize("name", RIPPLING)
@given(size=st.tuples(st.integers(1, 41), st.integers(1, 41)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_on_any_size_the_strongest_level_damages_at_least_as_much_as_the_weakest(
    name: str, size: tuple[int, int], seed: int
):
    weakest, strongest = errors(name, random_picture(seed, *size), (0.01, 1.0), seed)

    # A picture of few pixels can come out of a codec's worst setting by luck as well as out of its best.
    assert strongest >= weakest or (min(size) < 8 and strongest >= 0.5 * weakest - 4)


@given(
    size=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    seed=st.integers(0, 2**32 - 1),
    low=st.floats(0.2, 50),
    high=st.floats(0.2, 50),
)
@settings(max_examples=60, deadline=None)
def test_a_stronger_mask_takes_more_of_the_pictures_energy(
    size: tuple[int, int], seed: int, low: float, high: float
):
    low, high = sorted((low, high))
    reference = Image(np.full((size[1], size[0], 3), 200, np.uint8))

    taken = [
        np.mean(DISTORTIONS["mask"].apply(reference, level, np.random.default_rng(seed)).pixels != 200)
        for level in (low, high)
    ]

    assert 0 < taken[0] <= taken[1]


@given(seed=st.integers(0, 2**32 - 1), low=st.integers(1, 49))
@settings(max_examples=40, deadline=None)
def test_a_stronger_mask_reaches_at_least_as_far_on_every_side(seed: int, low: int):
    reference = Image(np.full((150, 211, 3), 200, np.uint8))

    weaker, stronger = (
        np.nonzero(
            DISTORTIONS["mask"].apply(reference, level, np.random.default_rng(seed)).pixels[..., 0] != 200
        )
        for level in (low, 50)
    )

    for axis in (0, 1):
        assert stronger[axis].min() <= weaker[axis].min() + 1  # whole pixels
        assert stronger[axis].max() >= weaker[axis].max() - 1


@pytest.mark.parametrize("picture", ["astronaut", "chelsea", "coffee"])
@pytest.mark.parametrize("name", ["qr", "text"])
def test_a_watermark_takes_a_growing_share_of_the_pictures_energy(name: str, picture: str):
    reference = photograph(picture)
    energy = float(np.mean(reference.pixels.astype(np.float64) ** 2))

    shares = [error / energy for error in errors(name, reference, np.linspace(0.02, 1, 25))]

    assert all(weaker < stronger for weaker, stronger in pairwise(shares))
    assert shares[-1] > 0.005


def corner_of_dark_field(name: str, level: float, size: tuple[int, int]) -> tuple[float, float]:
    """Where the corner of a dark field, right of and below the middle, has gone; pixels from the middle."""
    width, height = size
    pixels = np.full((height, width, 3), 250, np.uint8)
    pixels[: height // 2 + height // 8, : width // 2 + width // 8] = 20
    moved = DISTORTIONS[name].apply(Image(pixels), level, np.random.default_rng(0)).pixels[..., 0]
    is_light = moved >= 135
    return (
        float(is_light[height // 2].argmax() - width / 2),
        float(is_light[:, width // 2].argmax() - height / 2),
    )


@pytest.mark.parametrize("size", [(161, 121), (320, 240), (97, 203)])
def test_a_camera_that_turns_right_moves_the_corner_left_with_every_degree(size: tuple[int, int]):
    places = [corner_of_dark_field("angle", level, size)[0] for level in range(0, 26, 5)]

    for nearer, further in pairwise(places):
        assert nearer - further >= size[0] / 40


@pytest.mark.parametrize("size", [(161, 121), (320, 240), (97, 203)])
def test_an_approach_moves_the_corner_outwards_with_every_ten_centimetres(size: tuple[int, int]):
    places = [corner_of_dark_field("distance", level, size) for level in range(0, 51, 10)]

    for nearer, further in pairwise(places):
        assert further[0] > nearer[0]
        assert further[1] > nearer[1]
    assert places[-1][0] == pytest.approx(2 * places[0][0], abs=2)  # half way: twice as large


@pytest.mark.parametrize("degrees", [3, 10, 25])
def test_a_pan_of_so_many_degrees_moves_the_middle_by_their_tangent(degrees: float):
    width, height = 401, 41
    ramp = np.broadcast_to(np.arange(width)[None, :, None] // 2, (height, width, 3)).astype(np.uint8)

    moved = DISTORTIONS["angle"].apply(Image(ramp), degrees, np.random.default_rng(0)).pixels

    focal = width / 2 / np.tan(np.deg2rad(30))
    expected = (width - 1) / 2 + focal * np.tan(np.deg2rad(degrees))
    assert 2 * int(moved[height // 2, width // 2, 0]) == pytest.approx(expected, abs=2)


def test_what_lies_beyond_the_wall_is_its_mirror_image_however_far():
    tones = np.random.default_rng(0).integers(40, 210, (1, 8, 3)).astype(np.uint8)
    smooth = resize(Image(tones.repeat(8, axis=0)), 96, 72, "bicubic")
    unrolled = np.concatenate([smooth.pixels, smooth.pixels[:, -2:0:-1]] * 3, axis=1)[36, :, 0]

    moved = DISTORTIONS["angle"].apply(smooth, 50, np.random.default_rng(0)).pixels[36, :, 0]

    focal = 48 / np.tan(np.deg2rad(30))
    view = np.arctan((np.arange(96) - 47.5) / focal) + np.deg2rad(50)
    expected = np.interp(47.5 + focal * np.tan(view), np.arange(len(unrolled)), unrolled)
    assert np.abs(moved - expected).max() <= 6


def test_chroma_at_level_ten_is_what_420_does():
    rng = np.random.default_rng(1)
    reference = Image(rng.integers(60, 190, (32, 48, 3)).astype(np.uint8))
    blocks = reference.pixels.astype(float).reshape(16, 2, 24, 2, 3)

    distorted = DELIVERY_EXTRAS["chroma"].apply(reference, 10, rng).pixels.astype(float)

    luma = [0.299, 0.587, 0.114]
    kept = np.abs(distorted @ luma - reference.pixels @ luma)
    chroma = distorted[..., 0] - distorted @ luma
    halved = (blocks[..., 0] - blocks @ luma).mean(axis=(1, 3))
    smooth = chroma.reshape(16, 2, 24, 2).mean(axis=(1, 3))
    assert kept.max() < 1.5
    assert np.corrcoef(smooth.ravel(), halved.ravel())[0, 1] > 0.9
    assert chroma.std() < 0.75 * (reference.pixels[..., 0] - reference.pixels @ luma).std()


def test_chroma_leaves_grey_pictures_as_they_are():
    grey = Image(np.random.default_rng(0).integers(0, 256, (20, 30, 1)).repeat(3, axis=2).astype(np.uint8))

    distorted = DELIVERY_EXTRAS["chroma"].apply(grey, 50, np.random.default_rng(0))

    assert np.abs(distorted.pixels.astype(int) - grey.pixels).max() <= 1


def test_what_is_built_but_not_calibrated_stays_out_of_the_fifteen():
    assert not set(DELIVERY_EXTRAS) & set(DISTORTIONS)
    assert len(DISTORTIONS) == 15
