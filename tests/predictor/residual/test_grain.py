import numpy as np
import pytest

from predictor.residual.grain import measure_grain


def grain_of(tile):
    pixels = tile[None].astype(np.float32)
    return {name: float(values[0]) for name, values in measure_grain(pixels, pixels - 120.0).items()}


def flat(seed=0):
    return np.random.default_rng(seed), np.full((96, 96, 3), 120.0)


def test_the_rhythm_of_a_mosaic_shows_and_an_added_pattern_hides_it():
    rng, tile = flat()
    green = rng.normal(0, 3, (96, 96))
    middle = (np.roll(green, 1, 0) + np.roll(green, -1, 0) + np.roll(green, 1, 1) + np.roll(green, -1, 1)) / 4
    is_sampled = np.add.outer(np.arange(96), np.arange(96)) % 2 == 0
    interpolated = tile + np.where(is_sampled, green, middle)[..., None]
    attacked = interpolated + rng.choice([-8, 8], tile.shape)

    assert grain_of(interpolated)["mosaic_diagonal"] > 0.5
    assert grain_of(attacked)["mosaic_diagonal"] < 0.2 * grain_of(interpolated)["mosaic_diagonal"]


def test_noise_that_grows_with_the_light_has_a_slope_and_an_even_pattern_has_none():
    rng, tile = flat()
    light = np.linspace(40, 200, 96)[None, :, None] + np.zeros_like(tile)
    noise = rng.normal(0, 1, tile.shape)
    measures = [
        measure_grain(light[None].astype(np.float32), (noise * strength)[None].astype(np.float32))
        for strength in (light / 30.0, 4.0)
    ]

    slopes = [float(found["light_slope"][0]) for found in measures]
    unevenness = [float(found["even_strength"][0]) for found in measures]
    assert slopes[0] > slopes[1] + 0.002
    assert unevenness[1] < unevenness[0]


def test_unequal_channels_are_told_from_equal_ones():
    rng, tile = flat()
    equal = tile + rng.normal(0, 3, tile.shape)
    balanced = tile + rng.normal(0, 3, tile.shape) * np.array([2.0, 1.0, 1.5])

    assert grain_of(balanced)["gain_red"] == pytest.approx(np.log(2.0), abs=0.08)
    assert grain_of(equal)["gain_spread"] < 0.08


def test_the_gains_are_those_of_the_mean_noise_of_each_channel():
    rng, tile = flat()
    noise = rng.normal(0, (1.0, 2.0, 4.0), tile.shape).astype(np.float32)

    found = measure_grain(np.stack([tile, tile]).astype(np.float32), np.stack([noise, 2 * noise]))

    levels = np.log(np.abs(np.stack([noise, 2 * noise])).mean(axis=(1, 2)) + 0.05)
    assert found["gain_red"] == pytest.approx(levels[:, 0] - levels[:, 1], abs=1e-5)
    assert found["gain_blue"] == pytest.approx(levels[:, 2] - levels[:, 1], abs=1e-5)


def test_the_rhythm_is_that_of_the_four_places_of_the_mosaic():
    tile = np.full((2, 96, 96, 3), 120.0, np.float32)
    tile[1, ::2, ::2, 0] += 8.0  # one place in four, red alone

    found = measure_grain(tile, np.zeros_like(tile))

    assert found["mosaic_red"][0] == 0.0
    assert found["mosaic_red"][1] == pytest.approx(np.log(8.02 / 0.02), abs=1e-4)
    assert found["mosaic_green"].tolist() == [0.0, 0.0]
