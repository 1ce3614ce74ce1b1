import pytest

from calibration.replies.names import Asked, answers_prompt, speaks_of

BLUR = Asked(wants_letter=False, yes_means_different=True, about="blur")
ANY = Asked(wants_letter=False, yes_means_different=True, about=None)
IDENTITY = Asked(wants_letter=False, yes_means_different=False, about=None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("noticeable_difference", True),
        ("Is there any difference between image 1 and image 2", True),
        ("are_identical", False),
        ("notIdentical", True),
        ("answer", True),
        ("Longer answer", None),
        ("Same dog", None),
        ("Do the skies differ", None),
    ],
)
def test_a_name_asks_for_a_difference_for_sameness_or_for_something_else(name: str, kind: bool | None):
    assert answers_prompt(name, ANY) is kind


def test_a_question_about_identity_turns_the_poles_round_and_nothing_else():
    assert answers_prompt("different", IDENTITY) is False
    assert answers_prompt("identical", IDENTITY) is True
    assert answers_prompt("verdict", IDENTITY) is True


@pytest.mark.parametrize(
    ("name", "kind"), [("blur", True), ("sharpness_differs", True), ("noise_changed", None)]
)
def test_only_what_was_asked_about_counts_where_something_was(name: str, kind: bool | None):
    assert answers_prompt(name, BLUR) is kind


def test_the_name_of_one_picture_makes_another_question():
    assert answers_prompt("Image 1 blurred", BLUR) is None


def test_people_have_several_names_for_one_thing():
    assert speaks_of("The sharpness fell.", "blur")
    assert not speaks_of("The sharpness fell.", "noise")
