import numpy as np
import pytest

from calibration.image import Image
from calibration.stimuli.prompt_kinds import (
    PROMPT_KINDS,
    granularity_of,
    perturbation_of,
    select_prompt_kinds,
    unit_of,
)
from calibration.stimuli.prompt_text import LEVELS, perturb
from calibration.stimuli.registry import ALL_DISTORTIONS

PROMPT = "What does the sign above the door say? Answer with one word."


def test_the_kinds_are_no_distortions_of_pictures():
    assert list(PROMPT_KINDS) == ["prompt-characters", "prompt-words", "prompt-sentences"]
    assert not set(PROMPT_KINDS) & set(ALL_DISTORTIONS)


@pytest.mark.parametrize("kind", PROMPT_KINDS.values(), ids=lambda kind: kind.name)
def test_the_picture_stays_as_it_is(kind):
    image = Image(np.zeros((4, 4, 3), dtype=np.uint8))

    assert kind.apply(image, 50, np.random.default_rng(0)) is image


def test_the_four_decide_the_perturbation():
    found = perturbation_of(PROMPT, "prompt-words", 30, 7)

    assert found == perturb(PROMPT, "word", 30, np.random.default_rng(7))
    assert perturbation_of(PROMPT, "prompt-words", 30, 8).text != found.text
    assert perturbation_of(PROMPT, "prompt-words", 0, 7).text == PROMPT


def test_every_published_level_lies_on_the_scale():
    assert all(LEVELS[-1] <= kind.levels for kind in PROMPT_KINDS.values())


def test_names_are_chosen_as_distortions_are():
    names = [kind.name for kind in select_prompt_kinds("prompt-sentences, prompt-words")]

    assert names == ["prompt-words", "prompt-sentences"]
    assert [kind.name for kind in select_prompt_kinds("all")] == list(PROMPT_KINDS)


@pytest.mark.parametrize("names", ["blur", "prompt-words,blur", "", "words"])
def test_other_names_are_refused_with_those_that_are_known(names: str):
    with pytest.raises(LookupError, match="prompt-characters, prompt-words, prompt-sentences"):
        select_prompt_kinds(names)


def test_a_kind_says_what_it_counts():
    assert {name: (granularity_of(name), unit_of(name)) for name in PROMPT_KINDS} == {
        "prompt-characters": ("character", "characters"),
        "prompt-words": ("word", "words"),
        "prompt-sentences": ("sentence", "sentences"),
    }
    with pytest.raises(LookupError, match="got 'blur'"):
        granularity_of("blur")
