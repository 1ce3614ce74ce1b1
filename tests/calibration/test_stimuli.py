from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.image import Image, resize
from calibration.stimuli.registry import DISTORTIONS, select_distortions

NAMES = list(DISTORTIONS)
# Share of the strongest level at which damage is compared; codecs ripple between neighbouring levels.
STEPS = (0.06, 0.12, 0.25, 0.5, 0.75, 1.0)


def picture(seed: int = 0, width: int = 80, height: int = 64) -> Image:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / height
    waves = [
        np.sin(2 * np.pi * (rng.uniform(0.5, 3) * x + rng.uniform(0.5, 3) * y + rng.random()))
        for _ in range(3)
    ]
    pixels = 110 + 45 * np.stack(waves, axis=2) + rng.normal(0, 6, (height, width, 3))
    pixels[height // 4 : height // 2, width // 3 : width // 2] = rng.uniform(60, 160, 3)
    return Image(np.clip(pixels, 0, 255).astype(np.uint8))


def damage(reference: Image, distorted: Image) -> float:
    same_size = resize(distorted, reference.width, reference.height, "bicubic")
    return float(np.sqrt(np.mean((same_size.pixels.astype(float) - reference.pixels) ** 2)))


@pytest.mark.parametrize("name", NAMES)
def test_level_zero_is_the_reference_itself(name: str):
    reference = picture()

    assert DISTORTIONS[name].apply(reference, 0, np.random.default_rng(0)) is reference


# A pan or an approach ends up among unrelated pixels, where pixel difference says no more about its size.
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("angle", "distance")])
@pytest.mark.parametrize("seed", range(3))
def test_more_level_is_more_damage(name: str, seed: int):
    reference, distortion = picture(seed), DISTORTIONS[name]

    damages = [
        damage(reference, distortion.apply(reference, step * distortion.levels, np.random.default_rng(5)))
        for step in STEPS
    ]

    assert damages[0] > 0 or name in ("banding", "png8")
    for weaker, stronger in pairwise(damages):
        assert stronger >= 0.97 * weaker
    assert damages[-1] > 2 * damages[1]


@pytest.mark.parametrize("name", ["angle", "distance"])
def test_a_camera_moves_further_with_level(name: str):
    # A smooth ramp: its displacement grows without ever wrapping into unrelated pixels.
    y, x = np.mgrid[0:64, 0:80]
    ramp = Image(np.stack([x * 2 + 40, x * 2 + y, y * 2 + 40], axis=2).astype(np.uint8))

    damages = [
        damage(ramp, DISTORTIONS[name].apply(ramp, level, np.random.default_rng(0)))
        for level in (1, 3, 6, 10, 15)
    ]

    assert damages == sorted(damages)
    assert damages[0] > 0


@pytest.mark.parametrize("name", NAMES)
@given(share=st.floats(0.02, 1.0), seed=st.integers(0, 1000))
@settings(max_examples=6, deadline=None)
def test_the_same_seed_gives_the_same_bytes(name: str, share: float, seed: int):
    reference, distortion = picture(seed % 3), DISTORTIONS[name]

    first, second = (
        distortion.apply(reference, share * distortion.levels, np.random.default_rng(seed)) for _ in range(2)
    )

    assert first.pixels.tobytes() == second.pixels.tobytes()


@pytest.mark.parametrize("name", ["noise", "mask"])
def test_another_seed_gives_another_picture(name: str):
    first, second = (DISTORTIONS[name].apply(picture(), 20, np.random.default_rng(seed)) for seed in (1, 2))

    assert first.pixels.tobytes() != second.pixels.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_left_as_it_was(name: str):
    reference = picture()
    before = reference.pixels.tobytes()

    DISTORTIONS[name].apply(reference, DISTORTIONS[name].levels, np.random.default_rng(0))

    assert reference.pixels.tobytes() == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 9)])
def test_pictures_of_any_size_can_be_damaged(name: str, size: tuple[int, int]):
    distorted = DISTORTIONS[name].apply(
        picture(0, *size), DISTORTIONS[name].levels / 2, np.random.default_rng(0)
    )

    assert distorted.pixels.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_the_physical_unit_moves_one_way(name: str):
    distortion = DISTORTIONS[name]

    values = [distortion.unit_value(level) for level in np.linspace(0, distortion.levels, 40)]

    steps = np.diff(values)
    assert np.all(steps >= 0) or np.all(steps <= 0)
    assert values[0] != values[-1]


@pytest.mark.parametrize("level", [-1, 50.5])
def test_a_level_outside_the_range_is_refused(level: float):
    with pytest.raises(ValueError, match="level of blur must be 0-50"):
        DISTORTIONS["blur"].apply(picture(), level, np.random.default_rng(0))


def test_distortions_are_chosen_by_name():
    assert [d.name for d in select_distortions("noise, blur")] == ["noise", "blur"]
    assert len(select_distortions("all")) == len(DISTORTIONS) == 15


@pytest.mark.parametrize("names", ["sharpness", "blur,haze", "", ","])
def test_an_unknown_name_is_refused_with_those_that_exist(names: str):
    with pytest.raises(LookupError, match="expected names among blur, brightness"):
        select_distortions(names)
