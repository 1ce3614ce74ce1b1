import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from calibration.encoders import JPEG, JPEG_FULL_CHROMA, Encoder
from calibration.image import Image, decode
from gateway.compression.sample import LARGE_TILE, TILE, TILES_A_SIDE, sample_of

PHOTO = Image(load_sample_image("china.jpg")[:427, :640].copy())


def numbered(width: int, height: int) -> Image:
    """Return a picture whose pixels tell where they lie."""
    rows, columns = np.mgrid[:height, :width]
    return Image(np.stack([rows // 16 % 256, columns // 16 % 256, 0 * rows], axis=2).astype(np.uint8))


@pytest.mark.parametrize("size", [(512, 512), (300, 17), (1, 1)])
def test_a_small_picture_is_looked_at_whole(size: tuple[int, int]):
    picture = numbered(*size)

    assert sample_of(picture) is picture


@pytest.mark.parametrize(
    ("size", "sampled"),
    [
        ((1568, 1176), (TILES_A_SIDE * TILE, TILES_A_SIDE * TILE)),
        ((1568, 300), (TILES_A_SIDE * TILE, 300)),
        ((513, 20000), (TILES_A_SIDE * LARGE_TILE // 2 + 1, TILES_A_SIDE * LARGE_TILE)),
        ((4096, 3072), (TILES_A_SIDE * LARGE_TILE, TILES_A_SIDE * LARGE_TILE)),
        ((65_500, 3), (TILES_A_SIDE * TILE, 3)),
    ],
)
def test_of_a_larger_one_tiles_are_looked_at(size: tuple[int, int], sampled: tuple[int, int]):
    sample = sample_of(numbered(*size))

    assert (sample.width, sample.height) == sampled


def test_tiles_lie_evenly_on_the_squares_of_jpeg():
    sample = sample_of(numbered(1568, 1176))

    assert sample.pixels[::TILE, 0, 0].tolist() == [0, 21, 43, 65]  # of 73 squares
    assert sample.pixels[0, ::TILE, 1].tolist() == [0, 30, 60, 90]  # of 98 squares
    assert sample.pixels[TILE - 1, 0, 0] == TILE // 16 - 1


@pytest.mark.parametrize("encoder", [JPEG, JPEG_FULL_CHROMA])
def test_a_sample_comes_out_as_the_whole_does(encoder: Encoder):
    whole = Image(np.tile(PHOTO.pixels[:400, :624], (2, 2, 1)))

    of_the_whole = sample_of(decode(encoder.encode(whole, 70)).image)
    by_itself = decode(encoder.encode(sample_of(whole), 70)).image

    differs = (of_the_whole.pixels != by_itself.pixels).any(axis=2)
    inside = np.ones(TILE, dtype=bool)
    inside[[0, -1]] = False
    inside = np.tile(inside, TILES_A_SIDE)
    assert not differs[inside][:, inside].any()
    assert differs.mean() < 0.04
