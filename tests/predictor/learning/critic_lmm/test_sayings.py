from dataclasses import replace

import numpy as np
import pytest

from calibration.critic.scales import ORIGIN, PAIRS, QUALITY, SCALES
from calibration.observers.critic.architecture import build_processor
from predictor.critic.critique import Attributes, Flaw
from predictor.learning.critic_lmm.judged import ATTRIBUTE_OF, Judged, Place
from predictor.learning.critic_lmm.sayings import (
    OUTSIDE,
    Saying,
    about_one,
    about_origin,
    about_quality,
    about_two,
    all_texts,
    description,
    first_fault,
    preference,
)

FINE = Judged(80, Attributes(brightness=50, colorfulness=50, contrast=50, noisiness=6, sharpness=52))
BLURRED = replace(FINE, mos=30, attributes=replace(FINE.attributes, sharpness=8), flaw="blurred")
NOISY = replace(FINE, mos=40, attributes=replace(FINE.attributes, noisiness=70, brightness=5))


def value_of(saying: Saying, name: str) -> float:
    return sum(share * SCALES[name].values[word] for word, share in saying.shares.items())


@pytest.mark.parametrize("mos", [0, 12, 50, 63, 99.5, 100])
def test_the_score_of_a_picture_is_the_mean_value_of_the_two_words_next_to_it(mos: float):
    sayings = [about_quality(mos, np.random.default_rng(seed)) for seed in range(30)]

    on_five = [saying for saying in sayings if set(saying.shares) != {"good", "poor"} or mos == 50]
    for saying in on_five:
        if len(set(saying.shares) & {"good", "poor"}) < 2:
            assert value_of(saying, QUALITY) == pytest.approx(1 + mos / 25)
            assert sum(saying.shares.values()) == pytest.approx(1)


def test_an_answer_that_is_begun_is_not_begun_again():
    for seed in range(60):
        saying = about_quality(70, np.random.default_rng(seed))

        assert not (saying.opening and saying.before)


def test_a_description_names_the_worst_first_and_never_a_figure():
    assert description(BLURRED) == "Badly blurred, though clean and well exposed; of poor quality."
    assert description(NOISY) == "Very noisy and almost black, though sharp; of fair quality."
    assert description(replace(NOISY, flaw="dark")).startswith("Almost black and very noisy")
    assert description(FINE) == "Sharp and clean; of good quality."
    snow = replace(FINE, attributes=replace(FINE.attributes, brightness=70))
    assert description(snow) == "Sharp and clean; of good quality."
    assert description(replace(snow, flaw="bright")) == "Too bright, though sharp and clean; of good quality."
    assert description(replace(FINE, place=Place(2, "noisy"))).endswith("The upper right is noisy.")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Badly blurred, though clean; of poor quality.", "sharpness"),
        ("Very noisy and dark; of bad quality.", "noisiness"),
        ("A little soft; of fair quality.", "sharpness"),
        ("Almost white , though sharp ; of poor quality .", "brightness"),
        ("Without colour, though sharp; of fair quality.", "colorfulness"),
        ("Low in contrast; of fair quality.", "contrast"),
        ("Too bright, though clean; of fair quality.", "brightness"),
        ("Too dark and noisy; of fair quality.", "brightness"),
        ("Sharp and clean; of good quality.", None),
        ("", None),
    ],
)
def test_the_first_fault_of_a_description_is_found(text: str, name: str | None):
    assert first_fault(text) == name


def test_the_better_of_two_is_named_with_what_is_better_in_it():
    assert preference(BLURRED, FINE) == "The second image is better because it is sharper."
    assert preference(FINE, NOISY) == "The first image is better because it is less noisy."
    assert preference(FINE, replace(FINE, mos=60)) == "The first image is better because it is less damaged."
    assert preference(FINE, replace(FINE, mos=78)) == "The two images are of similar quality."


def test_pairs_are_answered_alike_whichever_is_shown_first():
    forward, *_ = about_two(BLURRED, FINE, np.random.default_rng(0))
    backward, *_ = about_two(FINE, BLURRED, np.random.default_rng(0))

    assert value_of(forward, PAIRS) == pytest.approx(1 - value_of(backward, PAIRS))
    assert value_of(forward, PAIRS) > 0.9


def test_of_two_versions_of_one_photograph_the_better_is_plainly_so_and_of_two_photographs_not():
    less = replace(FINE, photograph=3)
    more = replace(less, mos=78)

    same, *_ = about_two(more, less, np.random.default_rng(0))
    other, *_ = about_two(replace(more, photograph=4), less, np.random.default_rng(0))

    assert value_of(same, PAIRS) == pytest.approx(0.5 + 0.2 + 2 / 80)
    assert value_of(other, PAIRS) == pytest.approx(0.5 + 2 / 80)
    assert preference(more, less).startswith("The second image is better")
    assert "similar" in preference(replace(more, photograph=4), less)


@pytest.mark.parametrize("flaw", ["blurred", "noisy", "dark", "bright", "flat", "pale"])
@pytest.mark.parametrize("amount", [5, 30, 50, 70, 95])
def test_a_fault_that_was_done_is_named_first_whatever_the_amount(flaw: Flaw, amount: float):
    name = ATTRIBUTE_OF[flaw]

    said = description(replace(FINE, flaw=flaw, attributes=replace(FINE.attributes, **{name: amount})))

    assert first_fault(said) == name


def test_the_origin_is_told_of_tiny_pictures_and_of_others_that_it_cannot_be_told():
    tiny = about_origin(1.0, np.random.default_rng(0))

    assert tiny.shares["generated"] > 0.9
    for seed in range(20):
        other = about_origin(None, np.random.default_rng(seed))
        assert not other.shares
        assert other.before.lower() == OUTSIDE.lower()
    assert SCALES[ORIGIN].words == ("photographed", "generated")


def test_the_tokenizer_knows_every_word_that_is_asked_or_said():
    tokenizer = build_processor(all_texts()).tokenizer
    rng = np.random.default_rng(0)
    sayings = [
        saying
        for _ in range(40)
        for judged in (FINE, BLURRED, replace(NOISY, place=Place(4, None)), replace(FINE, generated=0.0))
        for saying in (*about_one(judged, rng), *about_two(judged, FINE, rng))
    ]

    for saying in sayings:
        texts = (saying.question, saying.before, *saying.shares, saying.after, saying.opening)
        assert tokenizer.unk_token_id not in tokenizer(" ".join(texts))["input_ids"], saying
