import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.image import Image
from calibration.stimuli.registry import ALL_DISTORTIONS, DISTORTIONS, select_distortions

NAMES = list(ALL_DISTORTIONS)


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


@pytest.mark.parametrize("name", NAMES)
def test_level_zero_is_the_reference_itself(name: str):
    reference = picture()

    assert ALL_DISTORTIONS[name].apply(reference, 0, np.random.default_rng(0)) is reference


@pytest.mark.parametrize("name", NAMES)
@given(share=st.floats(0.02, 1.0), seed=st.integers(0, 1000))
@settings(max_examples=6, deadline=None)
def test_the_same_seed_gives_the_same_bytes(name: str, share: float, seed: int):
    reference, distortion = picture(seed % 3), ALL_DISTORTIONS[name]

    first, second = (
        distortion.apply(reference, share * distortion.levels, np.random.default_rng(seed)) for _ in range(2)
    )

    assert first.pixels.tobytes() == second.pixels.tobytes()


@pytest.mark.parametrize("name", ["noise", "mask"])
def test_another_seed_gives_another_picture(name: str):
    first, second = (
        ALL_DISTORTIONS[name].apply(picture(), 20, np.random.default_rng(seed)) for seed in (1, 2)
    )

    assert first.pixels.tobytes() != second.pixels.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_is_left_as_it_was(name: str):
    reference = picture()
    before = reference.pixels.tobytes()

    ALL_DISTORTIONS[name].apply(reference, ALL_DISTORTIONS[name].levels, np.random.default_rng(0))

    assert reference.pixels.tobytes() == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(1, 1), (3, 40), (17, 9)])
def test_pictures_of_any_size_can_be_damaged(name: str, size: tuple[int, int]):
    distorted = ALL_DISTORTIONS[name].apply(
        picture(0, *size), ALL_DISTORTIONS[name].levels / 2, np.random.default_rng(0)
    )

    assert distorted.pixels.dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_the_physical_unit_moves_one_way(name: str):
    distortion = ALL_DISTORTIONS[name]

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
