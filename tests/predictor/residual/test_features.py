import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from calibration.image import Image
from predictor.residual.features import PictureTooSmallError, choose_tiles, measure_tiles


def measure(pixels, name):
    measured = measure_tiles(choose_tiles(Image(pixels)))
    return float(measured.values[:, measured.names.index(name)].mean())


def test_tiles_come_from_the_flattest_part():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    pixels[200:400, 0:200] = 128

    tiles = choose_tiles(Image(pixels), count=1)

    assert tiles.shape == (1, 96, 96, 3)
    assert np.all(tiles == 128)


def test_clipped_areas_are_avoided():
    pixels = np.full((200, 400, 3), 255, dtype=np.uint8)
    pixels[:, 200:] = np.random.default_rng(0).integers(126, 130, (200, 200, 3))

    assert choose_tiles(Image(pixels), count=1).max() < 255


def test_added_noise_raises_the_measured_noise():
    clean = data.astronaut()
    sign = np.random.default_rng(0).choice([-6, 6], clean.shape)
    noisy = np.clip(clean + sign, 0, 255).astype(np.uint8)

    assert measure(noisy, "noise_luma_10") > measure(clean, "noise_luma_10") + 1


def test_bounded_noise_has_lower_kurtosis_than_grain_of_the_same_strength():
    rng = np.random.default_rng(0)
    flat = np.full((256, 256, 3), 128.0)
    grain = np.clip(flat + rng.normal(0, 6, flat.shape), 0, 255).astype(np.uint8)
    pattern = (flat + rng.choice([-6, 6], flat.shape)).astype(np.uint8)

    assert measure(pattern, "kurtosis_green") < measure(grain, "kurtosis_green") - 1


@settings(max_examples=25, deadline=None)
@given(
    st.integers(96, 150),
    st.integers(96, 150),
    st.sampled_from(["flat", "noise", "grey", "ramp"]),
    st.integers(0, 255),
)
def test_any_picture_of_enough_size_gives_finite_measures(height, width, kind, level):
    rng = np.random.default_rng(level)
    pixels = np.full((height, width, 3), level, dtype=np.uint8)
    if kind == "noise":
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    elif kind == "grey":
        pixels = np.repeat(rng.integers(0, 256, (height, width, 1), dtype=np.uint8), 3, axis=2)
    elif kind == "ramp":
        pixels[:] = np.linspace(0, 255, width).astype(np.uint8)[None, :, None]

    measured = measure_tiles(choose_tiles(Image(pixels)))

    assert np.all(np.isfinite(measured.values))
    assert len(measured.names) == measured.values.shape[1]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 10_000, 3), (95, 500, 3)])
def test_a_picture_without_a_whole_tile_is_refused_with_its_size(shape):
    with pytest.raises(PictureTooSmallError, match=f"{shape[1]} x {shape[0]}"):
        choose_tiles(Image(np.zeros(shape, dtype=np.uint8)))


def test_a_large_picture_has_the_tiles_it_has_in_one_piece(monkeypatch):
    photo = Image(np.tile(data.astronaut(), (5, 5, 1))[: 5 * 512 - 3, : 5 * 512 - 5])  # 6 Mpx: several strips

    in_strips = choose_tiles(photo)
    monkeypatch.setattr("predictor.residual.features._STRIP_PIXELS", photo.width * photo.height)

    assert np.array_equal(in_strips, choose_tiles(photo))
