import cv2
import numpy as np
from skimage import data

from calibration.image import decode
from predictor.learning.residual.encodings import (
    SAMPLINGS,
    Encoding,
    draw_encoding,
    draw_jpeg,
    jpeg,
    store,
    webp,
)
from predictor.residual.strata import Codec


def test_lossless_storage_changes_nothing_and_lossy_storage_little():
    rng = np.random.default_rng(0)
    picture = data.astronaut()[:128, :128]

    for _ in range(12):
        encoding = draw_encoding(rng)
        stored = store(picture, encoding)
        difference = np.abs(stored.astype(int) - picture)
        assert difference.mean() < 8
        assert encoding.codec.is_lossless == (difference.max() == 0)


def test_every_kind_of_file_is_drawn():
    rng = np.random.default_rng(0)

    drawn = [draw_encoding(rng) for _ in range(300)]

    assert 0.35 < np.mean([one.codec.is_lossless for one in drawn]) < 0.53
    assert any(one.webp_quality for one in drawn)
    assert any(one.tables for one in drawn)
    assert {one.sampling for one in drawn} == set(SAMPLINGS)


def test_the_quality_said_is_the_one_a_reader_of_the_file_estimates():
    rng = np.random.default_rng(1)
    picture = np.ascontiguousarray(data.astronaut()[:64, :64])

    for _ in range(20):
        encoding = draw_jpeg(rng)
        if encoding.tables is None:
            options = [cv2.IMWRITE_JPEG_QUALITY, encoding.codec.jpeg_quality]
            file = cv2.imencode(".jpg", picture, options)[1].tobytes()
            assert decode(file).source.jpeg_quality == encoding.codec.jpeg_quality
        else:
            assert 30 <= encoding.codec.jpeg_quality <= 100


def test_colour_kept_whole_is_blurred_less():
    picture = np.ascontiguousarray(data.astronaut()[:128, :128])

    damage = [np.abs(jpeg(picture, 95, sampling=one).astype(int) - picture).mean() for one in SAMPLINGS]

    assert damage[0] > damage[1] > damage[2]


def test_tables_of_an_own_quantise_by_their_steps():
    picture = np.ascontiguousarray(data.astronaut()[:128, :128])
    fine, coarse = (
        store(picture, Encoding(Codec(False, 90), sampling=SAMPLINGS[2], tables=((step,) * 64, (step,) * 64)))
        for step in (2, 60)
    )

    assert np.abs(fine.astype(int) - picture).mean() < 2
    assert np.abs(coarse.astype(int) - picture).mean() > 4


def test_webp_smooths_more_at_lower_quality():
    picture = np.ascontiguousarray(data.astronaut()[:128, :128])

    low, high = (np.abs(webp(picture, quality).astype(int) - picture).mean() for quality in (50, 95))

    assert low > high
