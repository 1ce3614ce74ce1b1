import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.embedded.scenes import sample_scene
from calibration.observers.embedded.taste import USUAL, taste_of
from calibration.observers.embedded.visibility import notice_probability, visibility
from calibration.stimuli.registry import DISTORTIONS


def seen(name: str, distortion: str, level: float) -> float:
    picture = Image(sample_scene(np.random.default_rng(3)).pixels)
    changed = DISTORTIONS[distortion].apply(picture, level, np.random.default_rng(0))
    taste = taste_of(name)
    return visibility(picture.pixels, changed.pixels, taste) * taste.gains[distortion]


def test_the_usual_taste_is_the_embedded_models():
    usual = taste_of("usual")

    assert {name: gain for name, gain in usual.gains.items() if gain != 1.0} == dict(USUAL.gains)
    assert (usual.masking, usual.pooling, usual.slope) == (USUAL.masking, USUAL.pooling, USUAL.slope)


def test_the_blunt_see_half_and_the_keen_more():
    assert seen("blunt", "blur", 3) == pytest.approx(seen("usual", "blur", 3) / 2)
    assert seen("keen", "blur", 3) == pytest.approx(seen("usual", "blur", 3) * 1.7)


def test_a_number_always_means_the_same_taste_and_another_a_different_one():
    assert taste_of("31") == taste_of("31")
    assert taste_of("31").gains != taste_of("33").gains


def test_made_up_tastes_rank_changes_differently():
    changes = [(name, level) for name in ("noise", "jpeg", "brightness", "qr", "blur") for level in (4, 12)]

    orders = [sorted(changes, key=lambda change: seen(name, *change)) for name in ("usual", "31", "32")]

    assert orders[0] != orders[1] != orders[2]


@pytest.mark.parametrize("name", ["usual", "keen", "31", "32"])
def test_visibility_one_is_noticed_half_of_the_time_by_every_taste(name: str):
    assert notice_probability(1.0, taste_of(name)) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["", "odd", "-1", "1.5"])
def test_other_names_are_refused(name: str):
    with pytest.raises(ValueError, match="expected usual, blunt, keen or a number"):
        taste_of(name)
