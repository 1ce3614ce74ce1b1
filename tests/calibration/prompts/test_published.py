import pytest

from calibration.prompts.published import HIGHEST_LEVEL, LOWEST_LEVEL, PUBLISHED
from calibration.stimuli.prompt_kinds import PROMPT_KINDS


def test_every_kind_has_published_ratios_at_the_papers_ends():
    assert set(PUBLISHED) == set(PROMPT_KINDS)
    assert (LOWEST_LEVEL, HIGHEST_LEVEL) == (5, 50)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_steadiest_and_the_least_steady_model_are_those_of_the_paper(kind: str):
    by_highest = sorted(PUBLISHED[kind], key=lambda model: PUBLISHED[kind][model].highest)

    assert (by_highest[0], by_highest[-1]) == ("Gemini 2.0 Flash", "GPT-4o")
    assert all(0 < found.lowest < found.highest < 50 for found in PUBLISHED[kind].values())
