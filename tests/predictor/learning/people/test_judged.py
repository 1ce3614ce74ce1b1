from pathlib import Path

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, encode_png
from predictor.learning.people.judged import QUALITIES, Judged, as_it_comes, gather, judge
from predictor.predict import Predictor

CAT = Image(np.ascontiguousarray(data.cat()[:260, :264]))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


@pytest.fixture(scope="module")
def found(predictor: Predictor) -> Judged:
    return judge(CAT, "cat", predictor)


@pytest.mark.parametrize("codec", ["jpeg", "jpeg_people", "webp", "webp_people"])
def test_more_quality_is_noticed_less(found: Judged, codec: str):
    chances = getattr(found, codec)

    assert chances.shape == (1, len(QUALITIES))
    assert chances[0, 0] > 0.2
    assert chances[0, -1] < 0.02


def test_qualities_between_those_asked_are_filled_in(found: Judged):
    judged, people = found.of("jpeg")

    assert judged.shape == people.shape == (1, QUALITIES[-1] - QUALITIES[0] + 1)
    asked = np.array(QUALITIES) - QUALITIES[0]
    assert judged[0, asked] == pytest.approx(np.clip(found.jpeg[0], 1e-4, 1 - 1e-4))
    assert found.jpeg_people[0, 1] < people[0, asked[0] + 1] < found.jpeg_people[0, 0]


def test_what_comes_in_is_smaller_than_the_photograph_and_no_longer_its_pixels():
    came = as_it_comes(CAT, np.random.default_rng(0))

    assert 0.8 * CAT.width - 1 <= came.width <= 0.95 * CAT.width + 1
    assert came.width / came.height == pytest.approx(CAT.width / CAT.height, rel=0.02)


def test_a_gathering_cut_short_goes_on_where_it_was(predictor: Predictor, tmp_path: Path):
    files = [tmp_path / f"{number}.png" for number in range(2)]
    for number, path in enumerate(files):
        path.write_bytes(encode_png(Image(np.ascontiguousarray(CAT.pixels[number : 64 + number, :64]))))
    whole = gather(files, predictor, seed=0, keep=tmp_path / "whole.npz")

    gather(files[:1], predictor, seed=0, keep=tmp_path / "cut.npz")
    gone_on = gather(files, predictor, seed=0, keep=tmp_path / "cut.npz")

    assert list(gone_on.photos) == ["0.png", "1.png"]
    assert np.array_equal(gone_on.webp_people, whole.webp_people)


def test_other_files_are_told(tmp_path: Path):
    with pytest.raises(ValueError, match="expected judged qualities"):
        Judged.load(tmp_path / "none.npz")
