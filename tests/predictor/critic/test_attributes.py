import numpy as np
import pytest
from scipy.stats import spearmanr
from skimage import data

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.artifact import default_directory
from predictor.critic.measures import measure
from predictor.critic.specialist import Specialist, load_specialist


@pytest.fixture(scope="module")
def judge() -> Specialist:
    return load_specialist(default_directory())


@pytest.mark.parametrize(
    ("attribute", "distortion", "levels", "sign"),
    [
        ("brightness", "brightness", (4, 12, 30, 50), 1),
        ("contrast", "contrast", (8, 20, 35, 50), -1),
        ("colorfulness", "saturation", (4, 12, 30, 50), 1),
        ("noisiness", "noise", (2, 6, 16, 45), 1),
        ("sharpness", "blur", (1, 3, 8, 20), -1),
    ],
)
def test_an_attribute_follows_the_strength_of_its_damage(
    judge: Specialist, attribute: str, distortion: str, levels: tuple[float, ...], sign: int
):
    for photograph in (Image(data.astronaut()), Image(data.coffee())):
        versions = [
            DISTORTIONS[distortion].apply(photograph, level, np.random.default_rng(0))
            for level in (0, *levels)
        ]
        scores = [getattr(judge.attributes.judge(measure(version)), attribute) for version in versions]

        assert sign * spearmanr(scores, (0, *levels))[0] > 0.95


def test_grain_is_not_taken_for_detail(judge: Specialist):
    photograph = Image(data.astronaut())
    noisy = DISTORTIONS["noise"].apply(photograph, 16, np.random.default_rng(0))

    before, after = (judge.attributes.judge(measure(image)) for image in (photograph, noisy))

    assert after.sharpness < before.sharpness + 10
    assert after.noisiness > before.noisiness + 25


def test_a_flat_picture_has_no_contrast_and_no_colour(judge: Specialist):
    attributes = judge.attributes.judge(measure(Image(np.full((100, 100, 3), 128, np.uint8))))

    assert attributes.contrast == pytest.approx(0, abs=0.5)
    assert attributes.colorfulness == pytest.approx(0, abs=0.5)
    assert 45 < attributes.brightness < 80  # no black in it


@pytest.mark.parametrize(("level", "brightness"), [(0, 0.0), (255, 100.0)])
def test_black_and_white_are_the_ends_of_brightness(judge: Specialist, level: int, brightness: float):
    picture = Image(np.full((64, 64, 3), level, np.uint8))

    assert judge.attributes.judge(measure(picture)).brightness == pytest.approx(brightness, abs=0.5)


def test_lightening_never_lowers_brightness(judge: Specialist):
    dark = np.clip(data.coffee().astype(int) - 60, 0, 255)

    scores = [
        judge.attributes.judge(measure(Image(np.clip(dark + step, 0, 255).astype(np.uint8)))).brightness
        for step in range(0, 256, 15)
    ]

    assert scores == sorted(scores)


def test_a_haze_tells_from_a_picture_that_is_light_by_itself(judge: Specialist):
    photograph = data.coffee().astype(np.float64)
    hazy = photograph * 0.5 + 128 - photograph.mean() * 0.5 + photograph.mean() - 128 + 40
    lighter = photograph * (hazy.mean() / photograph.mean())

    haze, light = (
        judge.attributes.judge(measure(Image(np.clip(values, 0, 255).astype(np.uint8)))).brightness
        for values in (hazy, lighter)
    )

    assert haze > light
