import math

import numpy as np
import pytest

from calibration.critic.answers import CriticAnswer, answer_of
from calibration.critic.findings import Findings, find
from calibration.critic.plan import AnswersBy, CriticPlan, choose_anchors
from calibration.critic.scales import METHODS
from calibration.critic.scores_file import HumanScores
from calibration.observers.protocol import Query, Reply
from tests.calibration.critic.judges import Answer, grey, lightness, telling, words_by_lightness

GREYS = {f"{number:02}.png": 5 + 10 * number for number in range(24)}
SCORES = HumanScores(
    mos={name: 10.0 + value for name, value in GREYS.items()},
    attributes={"noisiness": {name: float(value) for name, value in GREYS.items()}},
    generated={name: value < 128 for name, value in GREYS.items()},
    digest="d",
)


def answers_to(answer: Answer, way: AnswersBy = "log-probabilities", samples: int = 5) -> list[CriticAnswer]:
    plan = CriticPlan(tuple(GREYS), METHODS, choose_anchors(SCORES.mos, 5), samples=samples)
    return [
        answer_of(each, answer(Query(each.prompt, images, key=each.id, manner=each.manner)), 0.1)
        for each in plan.questions(way)
        if (images := [grey(GREYS[name]) for name in each.pictures])
    ]


def findings_of(answers: list[CriticAnswer], way: AnswersBy = "log-probabilities", **more) -> Findings:
    anchors = choose_anchors(SCORES.mos, 5)
    pictures = tuple(GREYS)
    return find(answers, model="m", answers_by=way, pictures=pictures, anchors=anchors, scores=SCORES, **more)


@pytest.fixture(scope="module")
def found() -> Findings:
    return findings_of(answers_to(lambda query: telling(words_by_lightness(query))))


def test_known_probabilities_give_the_expected_scores(found: Findings):
    for name, value in GREYS.items():
        place = lightness(grey(value))
        good = 0.05 + 0.9 * place
        assert found.judged["quality"][name].score == pytest.approx(1 + 4 * place, abs=1e-4)
        assert found.judged["noisiness"][name].score == pytest.approx(5 - 4 * place, abs=1e-4)
        assert found.judged["good-poor"][name].score == pytest.approx(
            1 / (1 + math.exp(-math.log(good / (1 - good)) / 100)), abs=1e-6
        )


def test_a_judge_that_orders_as_people_do_agrees_with_them_by_every_method(found: Findings):
    for column in ("quality", "good-poor", "pairs"):
        agreement = found.agreements[column]
        assert agreement.srcc is not None and agreement.plcc_fitted is not None
        assert agreement.srcc.value == pytest.approx(1)
        assert agreement.plcc_fitted.value > 0.99


def test_an_attribute_whose_column_counts_the_other_way_correlates_negatively(found: Findings):
    noisiness = found.agreements["noisiness"]

    assert noisiness.srcc is not None
    assert noisiness.srcc.value == pytest.approx(-1)
    assert set(found.agreements) == {"quality", "good-poor", "pairs", "noisiness"}


def test_anchors_are_left_out_of_what_is_compared(found: Findings):
    assert found.agreements["pairs"].pictures == 24 - 5
    assert found.agreements["quality"].pictures == 24


def test_qualities_of_pairs_are_on_the_scale_of_the_human_scores(found: Findings):
    assert found.pairs is not None and found.pairs.is_scaled
    worst, best = (found.judged["pairs"][name].score for name in (min(GREYS), max(GREYS)))
    assert 0 < worst < 60
    assert 190 < best < 290


def test_a_judge_that_favours_the_second_place_is_told_and_gives_the_same_qualities(found: Findings):
    def biased(query: Query) -> Reply:
        masses = words_by_lightness(query)
        if len(query.images) == 2:
            odds = math.log(masses["superior"] / masses["inferior"]) + 2.0
            better = 1 / (1 + math.exp(-odds))
            masses = {"superior": better, "inferior": 1 - better}
        return telling(masses)

    other = findings_of(answers_to(biased))

    assert found.pairs is not None and other.pairs is not None
    assert found.pairs.bias is not None and other.pairs.bias is not None
    assert found.pairs.bias.favours_second == pytest.approx(0.5, abs=1e-3)
    assert other.pairs.bias.favours_second > 0.7
    assert other.pairs.bias.agreeing < found.pairs.bias.agreeing
    for name, quality in found.pairs.qualities.items():
        assert other.pairs.qualities[name] == pytest.approx(quality, abs=0.5)


def test_origin_is_told_with_its_share_of_right_answers(found: Findings):
    assert found.origin is not None
    assert (found.origin.pictures, found.origin.right) == (24, 24)
    assert found.origin.area_under_curve == pytest.approx(1)


def test_drawn_answers_are_counted():
    rng = np.random.default_rng(1)

    def drawing(query: Query) -> Reply:
        masses = words_by_lightness(query)
        words = [*masses]
        return Reply(f"I'd say {rng.choice(words, p=np.array([*masses.values()]) / sum(masses.values()))}.")

    found = findings_of(answers_to(drawing, "samples", samples=30), "samples")

    scores = [found.judged["quality"][name].score for name in GREYS]
    expected = [1 + 4 * lightness(grey(value)) for value in GREYS.values()]
    assert np.mean(np.abs(np.array(scores) - expected)) < 0.15
    for column in ("quality", "good-poor", "pairs"):
        srcc = found.agreements[column].srcc
        assert srcc is not None and srcc.value > 0.9


def test_replies_without_a_word_are_counted_and_shown_not_scored():
    def evasive(query: Query) -> Reply:
        value = int(query.images[0].pixels[0, 0, 0])
        if value == 5:
            return Reply("I'm sorry, but I can't assist with that.")
        return Reply("A grey square.") if value == 15 else telling(words_by_lightness(query))

    found = findings_of(answers_to(evasive))

    quality = found.replies["quality"]
    assert (quality.asked, quality.read, quality.refused, quality.unreadable) == (24, 22, 1, 1)
    assert set(quality.examples) == {"A grey square.", "I'm sorry, but I can't assist with that."}
    assert sum(quality.shares.values()) == pytest.approx(1)
    assert len(found.judged["quality"]) == 22


def test_without_human_scores_pictures_are_judged_and_nothing_is_compared():
    answers = answers_to(lambda query: telling(words_by_lightness(query)))

    found = find(
        answers, model="m", answers_by="log-probabilities", pictures=[*GREYS], anchors=[], scores=None
    )

    assert len(found.judged["quality"]) == 24
    assert found.agreements == {}
    assert found.origin is None


def test_answers_about_pictures_that_are_gone_do_not_count():
    answers = answers_to(lambda query: telling(words_by_lightness(query)))
    kept = [*GREYS][:10]

    found = find(answers, model="m", answers_by="log-probabilities", pictures=kept, anchors=[], scores=SCORES)

    assert set(found.judged["quality"]) == set(kept)
