import numpy as np
import pytest
from skimage import data

from calibration.image import (
    Image,
    decode,
    encode_jpeg,
    encode_png,
    encode_webp,
    resize,
    save_pillow,
    to_pillow,
)
from gateway.detection.strata import PAIR_STRATA, SINGLE_STRATA, pair_stratum, single_stratum

PHOTOGRAPH = Image(data.chelsea())


def page():
    pixels = np.full((400, 300, 3), 250, np.uint8)
    pixels[40:360:20, 30:270] = np.random.default_rng(0).integers(0, 256, (16, 240, 3))
    return Image(pixels)


@pytest.mark.parametrize(
    ("encoded", "stratum"),
    [
        (encode_png(PHOTOGRAPH), "lossless photograph"),
        (encode_jpeg(PHOTOGRAPH, 97), "finest JPEG"),
        (encode_jpeg(PHOTOGRAPH, 90), "fine JPEG photograph"),
        (encode_jpeg(PHOTOGRAPH, 80), "coarse JPEG photograph"),
        (encode_jpeg(PHOTOGRAPH, 60), "coarsest JPEG"),
        (encode_webp(PHOTOGRAPH, 80), "other lossy"),
        (encode_png(page()), "lossless graphic"),
        (encode_jpeg(page(), 80), "coarse JPEG graphic"),
        (save_pillow(to_pillow([PHOTOGRAPH])[0].convert("P"), "GIF"), "lossless few colours"),
        (save_pillow(to_pillow([PHOTOGRAPH])[0].convert("1"), "PNG"), "lossless few colours"),
        (save_pillow(to_pillow([PHOTOGRAPH])[0].convert("L"), "PNG"), "lossless photograph"),
        (encode_png(resize(PHOTOGRAPH, 200, 120)), "small lossless"),
        (encode_jpeg(resize(PHOTOGRAPH, 200, 120), 80), "small lossy"),
    ],
)
def test_a_picture_stands_among_its_like(encoded, stratum):
    assert single_stratum(decode(encoded)) == stratum
    assert stratum in SINGLE_STRATA


def test_noise_within_a_bound_moves_neither_photographs_nor_pages():
    for picture in (PHOTOGRAPH, page()):
        noise = np.random.default_rng(1).choice([-8, 8], picture.pixels.shape)
        noisy = Image(np.clip(picture.pixels + noise, 0, 255).astype(np.uint8))

        assert single_stratum(decode(encode_png(noisy))) == single_stratum(decode(encode_png(picture)))


def test_noise_takes_a_palette_picture_out_of_the_stratum_where_noise_is_ordinary():
    few = Image(np.asarray(to_pillow([PHOTOGRAPH])[0].convert("P").convert("RGB")))
    noisy = Image(
        np.clip(few.pixels + np.random.default_rng(1).choice([-2, 2], few.pixels.shape), 0, 255).astype(
            np.uint8
        )
    )

    assert single_stratum(decode(encode_png(few))) == "lossless few colours"
    assert single_stratum(decode(encode_png(noisy))) == "lossless photograph"


def test_pairs_are_sorted_by_codec_alone():
    assert {
        pair_stratum(decode(encoded))
        for encoded in (
            encode_png(PHOTOGRAPH),
            encode_jpeg(PHOTOGRAPH, 95),
            encode_jpeg(PHOTOGRAPH, 60),
            encode_webp(PHOTOGRAPH, 80),
        )
    } == set(PAIR_STRATA)


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 9)])
def test_the_smallest_pictures_have_a_stratum(shape):
    assert single_stratum(decode(encode_png(Image(np.zeros((*shape, 3), np.uint8))))) == "small lossless"
