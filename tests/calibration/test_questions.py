import pytest

from calibration.questions import (
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
    DifferenceQuestion,
    PaperQuestion,
    parse_pair_question,
)

DIRECT = DIRECT_PROMPT.format(distortion="blur")
LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")


def test_the_papers_prompts_are_verbatim():
    assert DIRECT == (
        "Is there any noticeable difference in blur between these two images? "
        "Please return <yes> or <no> with analysis."
    )
    assert LETTERED == (
        "Is there any noticeable difference in blur between these two images? A. Yes; B. No  "
        "Answer with the option's letter from the given choices directly."
    )
    assert IMPLICIT_PROMPT == (
        "Is there a noticeable difference between these two images? "
        "Please return <yes> or <no> with analysis."
    )
    assert VIEWPOINT_PROMPT == (
        "Is there a noticeable difference in the perspectives of these two images? "
        "Please return <yes> or <no> with analysis."
    )


def test_the_difference_question_names_the_distortion_and_swaps_polarity():
    question = DifferenceQuestion()

    assert question.prompt("blur", "different") == DIRECT
    assert question.prompt("blur", "identical") == IDENTICAL_PROMPT


@pytest.mark.parametrize(
    "spec", ["difference", "difference:direct", "difference:multiple-choice", "difference:implicit"]
)
def test_a_question_is_called_what_it_is_asked_for_by(spec: str):
    assert parse_pair_question(spec).name == spec


@pytest.mark.parametrize("spec", ["sharpness", "", "difference:rude", "direct"])
def test_a_question_that_is_not_there_is_refused(spec: str):
    with pytest.raises(ValueError, match="expected --question difference"):
        parse_pair_question(spec)


@pytest.mark.parametrize(
    ("wording", "prompt"),
    [
        ("direct", DIRECT),
        ("multiple-choice", LETTERED),
        ("implicit", IMPLICIT_PROMPT),
    ],
)
def test_a_wording_of_the_paper_is_put_as_published_and_never_swapped(wording, prompt: str):
    question = PaperQuestion(wording)

    assert {question.prompt("blur", polarity) for polarity in ("different", "identical")} == {prompt}
    assert question.second_prompt("blur") is None


def test_changes_of_view_have_their_own_prompt():
    assert PaperQuestion("direct").prompt("camera angle", "different") == VIEWPOINT_PROMPT
