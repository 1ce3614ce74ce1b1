import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.replies.reader import declared_place, read_first_token, read_reply, says_different

DIRECT = DIRECT_PROMPT.format(distortion="blur")
LETTERED = MULTIPLE_CHOICE_PROMPT.format(distortion="blur")


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
        ("<no> The images are not identical.", DIRECT, False, "antilogy"),
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


@pytest.mark.parametrize(
    ("reply", "noticed"),
    [
        ("<yes> There is no visible difference here.", True),
        ("<no> The second image is blurrier than the first.", False),
    ],
)
def test_a_declared_flag_counts_whatever_its_analysis_says(reply: str, noticed: bool):
    answer = read_reply(reply, DIRECT)

    assert answer.reply_class == "antilogy"
    assert says_different(answer, "different") is noticed
    assert says_different(answer, "identical") is not noticed


@pytest.mark.parametrize(
    "reply",
    [
        "<yes> Both show the same scene, but one is dimmer",
        "<yes> The composition and subject are identical; the second is softer.",
        "<no> Neither image is blurrier than the other",
        "<no> No loss of detail is visible in either of the two.",
        '{"answer": "yes", "identical": false}',
    ],
)
def test_an_analysis_that_agrees_is_no_antilogy(reply: str):
    assert read_reply(reply, DIRECT).reply_class == "correct"


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        ("<no>... wait, actually, yes: it is softer.", "yes"),
        ("<think><yes></think> I compared them. Answer: No", "No"),
        ("<yes> or <no>? <no>", "no"),
    ],
)
def test_the_last_declared_answer_has_a_place(reply: str, word: str):
    place = declared_place(reply, DIRECT)

    assert place is not None
    assert (reply[place.start : place.end], place.end) == (word, reply.rindex(word) + len(word))


def test_what_prose_implies_has_no_place():
    assert read_reply("The second image is blurrier than the first.", DIRECT).flag is True
    assert declared_place("The second image is blurrier than the first.", DIRECT) is None


def test_a_first_token_is_judged_by_its_flag_alone():
    assert read_first_token("<yes", DIRECT).flag is True
    assert read_first_token("B", LETTERED).flag is False
    assert read_first_token("The", DIRECT).flag is None


FORMS = [
    "<{}>",
    "{}. They were compared.",
    "Sure! {}, as far as I can see.",
    "The scenes are the same. Same boat? Yes. Anything moved? No. Answer: {}",
    "<think>Is it yes or no? Yes... no.</think>\n**{}**",
    '{{"sharp": "yes", "moved": "no", "answer": "{}"}}',
    "I compared both, as asked (<yes> or <no>), so {}.",
    "| Answer | Why |\n|---|---|\n| {} | No movement |",
    "Short answer: {}. Longer answer: no and yes, in parts.",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prompt", [DIRECT, IMPLICIT_PROMPT, IDENTICAL_PROMPT, DIFFERENT_PROMPT, LETTERED])
def test_the_other_word_in_the_same_form_is_the_other_answer(form: str, prompt: str):
    assert read_reply(form.format("yes"), prompt).flag is True
    assert read_reply(form.format("no"), prompt).flag is False


CHECKED = [("- [x] Yes\n- [ ] No", True), ("- [ ] Yes\n- [x] No", False), ("☐ Yes\n☑ No", False)]


@pytest.mark.parametrize(("reply", "flag"), CHECKED)
def test_the_checked_box_is_the_answer(reply: str, flag: bool):
    assert read_reply(reply, DIRECT).flag is flag


PARTS = [
    *(
        "a",
        "A",
        "no ",
        "yes, ",
        "<",
        ">",
        "<yes> <no> ",
        "Answer: ",
        "the images are ",
        "So, ",
        "is it? ",
        "\n",
    ),
    *(
        '{"a": ',
        "| ",
        "- [ ] ",
        "based on this, ",
        "the second image is ",
        "the same ",
        "no difference ",
        "\\boxed{",
    ),
    *(
        "i would say ",
        "not as sharp as ",
        "I can't ",
        "**",
        "答案是",
        "*" * 50,
        " " * 50,
        "</a>",
        "image 1 ",
        "A. ",
    ),
]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4),
    st.sampled_from([DIRECT, LETTERED, IDENTICAL_PROMPT]),
)
def test_a_nasty_reply_of_twenty_thousand_characters_is_read_in_little_time(parts: list[str], prompt: str):
    nasty = "".join(parts)
    reply = (nasty * (20_000 // len(nasty) + 1))[:20_000]
    started = time.process_time()

    read_reply(reply, prompt)

    assert time.process_time() - started < 2


@pytest.mark.parametrize("part", PARTS)
def test_a_reply_of_any_length_is_read_in_little_time(part: str):
    started = time.process_time()

    read_reply(part * (20_000 // len(part)), DIRECT)

    assert time.process_time() - started < 2
