import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_png
from predictor.artifact import default_directory
from predictor.critic.measures import measure
from predictor.critic.quality_map import described_ninths, ninths
from predictor.critic.specialist import Specialist, load_specialist
from predictor.learning.critic.lessons import damage_ninth


@pytest.fixture(scope="module")
def judge() -> Specialist:
    return load_specialist(default_directory())


@pytest.mark.parametrize(("kind", "flaw"), [(1, "blurred"), (11, "noisy")])
def test_the_damaged_ninth_is_the_worst_and_its_flaw_is_named(judge: Specialist, kind: int, flaw: str):
    for ninth in (0, 4, 8):
        shown = damage_ninth(
            Image(data.astronaut()), ninth=ninth, kind=kind, level=5, rng=np.random.default_rng(0)
        )
        quality = judge.critique(decode(encode_png(shown))).quality_map

        assert quality is not None
        assert min(range(9), key=lambda at: quality.ninths[at].mos) == ninth
        assert quality.ninths[ninth].flaw == flaw


def test_ninths_are_the_picture_cut_row_by_row():
    measures = measure(Image(data.coffee()))

    parts = ninths(measures)

    assert len(parts) == 9
    assert np.array_equal(parts[5].blocks, measures.blocks[4:8, 8:12])
    assert described_ninths(measures).shape[0] == 9
