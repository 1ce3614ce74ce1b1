import numpy as np
import pytest

from calibration.image import Decoded, Image, decode, encode_png
from gateway.detection.verdict import Verdict
from gateway.looks import Look, Looks
from predictor.critic.file_critic import FileCritic
from predictor.critic.provenance import ProvenanceReader
from tests.predictor.critic.stand_in import StandInCritic

CRITIC = FileCritic(StandInCritic(), ProvenanceReader())
CLEAN = Verdict("clean", 0.5, None, (), "Nothing was found.")
FLAGGED = Verdict("imperceptible_edit", 0.001, None, (), "Something is hidden.", ("residual",))


def picture(side: int = 32, grey: int = 128) -> Decoded:
    return decode(encode_png(Image(np.full((side, side, 3), grey, np.uint8))))


def test_a_flags_explanation_says_how_the_picture_looks():
    verdict, look = Looks(CRITIC).told(picture(), FLAGGED)

    assert verdict.explanation.startswith("Something is hidden. How it looks: ")
    assert "of 100" in verdict.explanation
    assert verdict.flags == ("residual",)
    assert look is not None
    assert look.quality == pytest.approx(50.2, abs=0.1)
    assert not look.is_guessed


def test_of_a_picture_unlike_photographs_it_says_that_the_score_is_a_guess():
    verdict, look = Looks(CRITIC).told(picture(grey=255), FLAGGED)

    assert "This score is a guess" in verdict.explanation
    assert look == Look(100.0, is_guessed=True)


def test_of_what_is_not_flagged_nothing_is_told_unless_asked():
    assert Looks(CRITIC).told(picture(), CLEAN) == (CLEAN, None)
    verdict, look = Looks(CRITIC, "all").told(picture(), CLEAN)

    assert verdict == CLEAN
    assert look is not None


def test_where_nobody_wants_it_nothing_is_judged():
    assert Looks(CRITIC, "none").told(picture(), FLAGGED) == (FLAGGED, None)


def test_what_cannot_be_judged_keeps_its_verdict():
    assert Looks(CRITIC).told(picture(4), FLAGGED) == (FLAGGED, None)


def test_a_judge_that_breaks_costs_its_words_alone(caplog: pytest.LogCaptureFixture):
    class Broken:
        def critique(self, decoded: Decoded):
            raise RuntimeError(f"cannot judge {decoded.source.format}")

    assert Looks(FileCritic(Broken(), ProvenanceReader())).told(picture(), FLAGGED) == (FLAGGED, None)
    assert "could not be judged" in caplog.text
