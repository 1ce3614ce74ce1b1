import numpy as np
import pytest
from skimage import data

from calibration.image import Decoded, Image, decode, encode_jpeg, encode_png
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import ArtifactError, Part, default_directory
from predictor.critic.critic import NotJudgedError
from predictor.critic.critique import OUTSIDE_TRAINING
from predictor.critic.outside import UNLIKE_PHOTOGRAPHS
from predictor.critic.specialist import Specialist, load_specialist


@pytest.fixture(scope="module")
def judge() -> Specialist:
    return load_specialist(default_directory())


def _decoded(pixels: np.ndarray) -> Decoded:
    return decode(encode_png(Image(np.ascontiguousarray(pixels))))


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize(("name", "levels"), [("blur", (2, 6, 20)), ("noise", (12, 25)), ("jpeg", (85, 97))])
def test_more_of_a_damage_scores_less(judge: Specialist, picture: str, name: str, levels: tuple[float, ...]):
    photograph = Image(getattr(data, picture)())

    scores = [
        judge.critique(
            _decoded(DISTORTIONS[name].apply(photograph, level, np.random.default_rng(0)).pixels)
        ).mos
        for level in (0, *levels)
    ]

    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("picture", ["coffee", "chelsea"])
def test_a_photograph_that_no_codec_touched_is_not_told_damaged(judge: Specialist, picture: str):
    untouched = Image(getattr(data, picture)())
    fine = decode(encode_jpeg(untouched, 95)).image

    assert judge.score(untouched)[1] > judge.score(fine)[1] - 2


@pytest.mark.parametrize("picture", ["astronaut", "coffee", "chelsea"])
def test_a_noisy_photograph_is_not_called_good(judge: Specialist, picture: str):
    photograph = Image(getattr(data, picture)())
    noisy = DISTORTIONS["noise"].apply(photograph, 24, np.random.default_rng(0))

    untouched, found = (judge.critique(_decoded(one.pixels)).mos for one in (photograph, noisy))

    assert found < 0.7 * untouched


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((16, 16, 3), np.uint8),
        np.full((40, 700, 3), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (33, 17, 3)).astype(np.uint8),
        np.zeros((1500, 20, 3), np.uint8),
    ],
)
def test_any_picture_of_enough_pixels_is_judged(judge: Specialist, pixels: np.ndarray):
    critique = judge.critique(_decoded(pixels))

    assert critique.quality_map is None
    assert critique.interval[0] <= critique.mos <= critique.interval[1]


def test_a_picture_too_small_is_not_judged(judge: Specialist):
    with pytest.raises(NotJudgedError, match="16 pixels"):
        judge.critique(_decoded(np.zeros((15, 200, 3), np.uint8)))


def test_only_pictures_of_the_trained_size_are_told_generated_or_not(judge: Specialist):
    small = judge.critique(_decoded(data.astronaut()[:32, :32]))
    large = judge.critique(_decoded(data.astronaut()))

    assert small.generated_probability is not None
    assert large.generated_probability is None
    assert large.generated_reason == OUTSIDE_TRAINING


def test_of_a_picture_unlike_photographs_the_interval_is_the_whole_scale(judge: Specialist):
    page = np.full((300, 400, 3), 255, np.uint8)
    page[40:60, 30:370] = 0

    drawn, photograph = judge.critique(_decoded(page)), judge.critique(_decoded(data.chelsea()))

    assert (drawn.outside, drawn.interval) == (UNLIKE_PHOTOGRAPHS, (0, 100))
    assert photograph.outside is None
    assert photograph.interval[0] == pytest.approx(photograph.mos - judge.half_width)


def test_what_is_written_is_read_as_the_same_judge(judge: Specialist):
    picture = _decoded(data.coffee())

    again = Specialist.from_part(Part(judge.to_tensors()))

    assert again.critique(picture).mos == pytest.approx(judge.critique(picture).mos, abs=0.2)


def test_an_incomplete_part_is_refused(judge: Specialist):
    tensors = judge.to_tensors()
    del tensors["natural.bias"]

    with pytest.raises(ArtifactError, match="another version"):
        Specialist.from_part(Part(tensors))
