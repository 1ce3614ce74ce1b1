import numpy as np
from skimage import data

from calibration.opponent import LUMA
from gateway.detection.tone import read_curve, toned_like

PERSON = data.astronaut().astype(np.float32)
EVERYWHERE = np.ones(PERSON.shape[:2], dtype=np.bool_)


def test_curves_explain_a_warmer_and_brighter_copy():
    copy = np.clip(np.rint(PERSON * np.array([1.15, 1.1, 1.0])), 0, 255).astype(np.float32)

    assert np.abs(toned_like(PERSON, copy, EVERYWHERE) - copy).mean() < 1.0


def test_nothing_is_done_for_noise():
    noise = np.random.default_rng(0).choice([-4, 4], PERSON.shape)

    assert toned_like(PERSON, (PERSON + noise).astype(np.float32), EVERYWHERE) is PERSON


def test_no_curve_takes_a_pattern_out_of_a_page():
    page = np.full((256, 256, 3), 200, dtype=np.float32)
    rows = np.mgrid[:256, :256][0]
    marked = (page + 4 * np.sin(rows / 9)[..., None]).astype(np.float32)

    assert toned_like(marked, page, np.ones((256, 256), dtype=np.bool_)) is marked


def test_colours_that_went_beyond_black_are_black_and_no_lighter():
    grey = (PERSON @ LUMA)[..., None]
    copy = np.clip(np.rint(grey + 1.6 * (PERSON - grey)), 0, 255).astype(np.float32)

    explained = toned_like(PERSON, copy, EVERYWHERE)

    clipped = (copy[..., 2] == 0) & (PERSON[..., 2] < 40)
    assert clipped.mean() > 0.02
    assert explained[clipped, 2].mean() < 2.0


def test_curves_are_read_as_numpy_reads_them_to_the_last_bit():
    rng = np.random.default_rng(0)
    curve = np.sort(rng.uniform(0, 255, 256)).astype(np.float32)
    levels = np.concatenate([rng.uniform(0, 255, 50_000), np.arange(256)]).astype(np.float32)

    found = read_curve(levels, curve).astype(np.float32)

    assert np.array_equal(found, np.interp(levels, np.arange(256), curve).astype(np.float32))
