import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
    DifferenceQuestion,
    PaperQuestion,
    parse_pair_question,
    read_reply,
    says_different,
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


@pytest.mark.parametrize(
    ("reply", "prompt", "flag", "reply_class"),
    [
        ("<yes> The second image is blurred.", DIRECT, True, "correct"),
        ("<no> The two images look the same.", DIRECT, False, "correct"),
        ("<no>. There is no noticeable difference in sharpness.", DIRECT, False, "correct"),
        ("Yes, the right one is softer along the edges.", DIRECT, True, "correct"),
        ("< YES >\n\nAnalysis: grain everywhere", DIRECT, True, "correct"),
        ("**No** – both show the same scene with the same sharpness.", DIRECT, False, "correct"),
        ("After careful comparison, my answer is: yes. Edges lost detail.", DIRECT, True, "correct"),
        ("The pictures were compared. <yes>", DIRECT, True, "correct"),
        ("<yes>", DIRECT, True, "deficiency"),
        ("<no>.", IMPLICIT_PROMPT, False, "deficiency"),
        ("No", VIEWPOINT_PROMPT, False, "deficiency"),
        ("The first image shows a dog on a lawn.", DIRECT, None, "deficiency"),
        ("There is no dog in either picture.", DIRECT, None, "deficiency"),
        ("<yes> or <no> with analysis.", DIRECT, None, "deficiency"),
        ("<yes> There is no noticeable difference between the images.", DIRECT, True, "antilogy"),
        ("<no> The second image is blurrier than the first.", DIRECT, False, "antilogy"),
        ("<no> The images are clearly different.", DIRECT, False, "antilogy"),
        ("<no> The images are not identical.", DIRECT, False, "correct"),
        ("<yes> The images are not identical.", DIRECT, True, "correct"),
        ("", DIRECT, None, "gibberish"),
        ("!!!! 0 0 0 0", DIRECT, None, "gibberish"),
        ("the the the the the the the", DIRECT, None, "gibberish"),
        ("A", LETTERED, True, "correct"),
        ("B.", LETTERED, False, "correct"),
        ("(A) Yes", LETTERED, True, "correct"),
        ("The answer is B", LETTERED, False, "correct"),
        ("Answer: B", LETTERED, False, "correct"),
        ("A dog is shown in both pictures", LETTERED, None, "deficiency"),
        ("Yes", IDENTICAL_PROMPT, True, "correct"),
        ("No, they are different.", IDENTICAL_PROMPT, False, "correct"),
        ("Yes, they are different.", IDENTICAL_PROMPT, True, "antilogy"),
        ("Yes.", DIFFERENT_PROMPT, True, "correct"),
        ("No one can tell.", DIFFERENT_PROMPT, None, "deficiency"),
    ],
)
def test_a_reply_is_read_and_classed(reply, prompt, flag, reply_class):
    answer = read_reply(reply, prompt)

    assert (answer.flag, answer.reply_class) == (flag, reply_class)


@given(st.text(max_size=400), st.sampled_from([DIRECT, LETTERED, IDENTICAL_PROMPT, IMPLICIT_PROMPT]))
def test_any_reply_gets_a_class(reply, prompt):
    answer = read_reply(reply, prompt)

    assert answer.reply_class in {"correct", "antilogy", "gibberish", "deficiency"}
    assert (answer.flag is None) <= (answer.reply_class in {"gibberish", "deficiency"})


@pytest.mark.parametrize(("polarity", "noticed"), [("different", True), ("identical", False)])
def test_yes_means_the_opposite_in_the_other_polarity(polarity, noticed):
    assert says_different(read_reply("Yes", IDENTICAL_PROMPT), polarity) is noticed


def test_a_flag_its_analysis_contradicts_is_not_counted():
    answer = read_reply("<yes> There is no visible difference here.", DIRECT)

    assert says_different(answer, "different") is None


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
