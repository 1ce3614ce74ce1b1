import numpy as np
import pytest

from calibration.observers.embedded.pairs import (
    SAME_PROMPTS,
    SWAPPED_CHOICE_PROMPT,
    TYPICAL_LEVELS,
    difference_questions,
    sample_level,
    sample_pair,
)
from calibration.observers.embedded.scenes import sample_scene
from calibration.stimuli.registry import DISTORTIONS


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    return [sample_scene(rng).pixels for _ in range(20)]


def test_identical_pairs_are_taught_as_not_different(pool):
    rng = np.random.default_rng(1)

    identical = [pair for pair in (sample_pair(pool, rng) for _ in range(200)) if pair.family is None]

    assert len(identical) > 40
    assert all(np.array_equal(pair.first, pair.second) for pair in identical)
    assert all(pair.probability_different < 0.01 for pair in identical)


def test_every_distortion_is_taught(pool):
    rng = np.random.default_rng(2)

    families = {sample_pair(pool, rng).family for _ in range(600)}

    assert set(DISTORTIONS) <= families
    assert set(TYPICAL_LEVELS) == set(DISTORTIONS)


def test_levels_stay_within_the_distortion():
    rng = np.random.default_rng(3)

    for name, distortion in DISTORTIONS.items():
        levels = [sample_level(name, rng) for _ in range(100)]

        assert 0 < min(levels) < max(levels) <= distortion.levels


def test_swapped_questions_turn_the_answer_round(pool):
    rng = np.random.default_rng(4)
    choices = {SWAPPED_CHOICE_PROMPT.format(distortion=d.label) for d in DISTORTIONS.values()}
    seen = 0

    for pair in (sample_pair(pool, rng) for _ in range(200)):
        for prompt, answer in difference_questions(pair, rng):
            if prompt in SAME_PROMPTS:
                assert answer.probability_yes == pytest.approx(1 - pair.probability_different)
                seen += 1
            elif prompt in choices:
                assert (answer.yes, answer.no) == ("B", "A")
                seen += 1

    assert seen > 50


def test_no_question_is_swapped_while_swaps_are_held_back(pool):
    rng = np.random.default_rng(5)

    prompts = [
        prompt
        for _ in range(200)
        for prompt, _ in difference_questions(sample_pair(pool, rng), rng, swaps=0.0)
    ]

    assert not set(prompts) & set(SAME_PROMPTS)
