from itertools import islice, pairwise

import pytest

from calibration.critic.plan import CriticPlan, choose_anchors

PICTURES = tuple(f"{number:02}.png" for number in range(12))
SCORES = {name: float(number) for number, name in enumerate(PICTURES)}


def test_every_picture_is_asked_about_before_a_second_question_begins():
    plan = CriticPlan(PICTURES, ("quality", "attributes"), samples=2)

    asked = [*plan.questions("samples")]

    assert len(asked) == plan.count("samples") == 12 * 2 * 6
    assert {question.pictures[0] for question in asked[:12]} == set(PICTURES)
    assert {(question.scale, question.sample) for question in asked[:12]} == {("quality", 1)}
    assert len({question.id for question in asked}) == len(asked)


def test_drawn_answers_are_asked_at_temperature_1_and_likeliest_ones_at_0():
    plan = CriticPlan(PICTURES, ("quality",), samples=1)

    (drawn,), (likeliest,) = (islice(plan.questions(way), 1) for way in ("samples", "log-probabilities"))

    assert (drawn.manner.temperature, likeliest.manner.temperature) == (1, 0)
    assert drawn.id != likeliest.id


def test_words_are_offered_unless_the_answer_is_begun():
    offered, opened = (
        next(CriticPlan(PICTURES, ("quality",), is_opened=is_opened).questions("samples"))
        for is_opened in (False, True)
    )

    assert offered.prompt.endswith("poor or bad.") and offered.manner.opening == ""
    assert opened.prompt.endswith("this image?")
    assert opened.manner.opening == "The quality of the image is"


def test_pairs_show_every_picture_with_each_anchor_in_both_orders():
    anchors = choose_anchors(SCORES, 3)
    plan = CriticPlan(PICTURES, ("pairs",), anchors)

    shown = [question.pictures for question in plan.questions("log-probabilities")]

    assert len(shown) == len(set(shown)) == 2 * (3 + 9 * 3)
    assert {pair[::-1] for pair in shown} == set(shown)


def test_the_seed_fixes_the_order_and_nothing_else():
    first, same, other = (
        [question.id for question in CriticPlan(PICTURES, ("quality",), seed=seed).questions("samples")]
        for seed in (1, 1, 2)
    )

    assert first == same != other
    assert set(first) == set(other)


@pytest.mark.parametrize("count", [2, 3, 5, 7])
def test_anchors_are_spread_over_the_ranks(count: int):
    anchors = choose_anchors(SCORES, count)

    ranks = [SCORES[name] for name in anchors]
    assert len(set(anchors)) == count
    assert max(b - a for a, b in pairwise(ranks)) <= 12 / count + 1


def test_too_few_pictures_give_no_anchors():
    assert choose_anchors(SCORES, 8) == ()
    assert choose_anchors({}, 5) == ()
