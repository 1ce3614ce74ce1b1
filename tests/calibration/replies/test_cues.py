import pytest

from calibration.replies import cues


@pytest.mark.parametrize(
    "clause",
    [
        "The second is softer than the first",
        "The images differ",
        "It sets them apart",
        "taken from a lower angle",
    ],
)
def test_a_cue_of_difference_is_found(clause: str):
    assert cues.DIFFERENCE.search(clause)
    assert not cues.SAMENESS.search(clause)


@pytest.mark.parametrize("clause", ["They look alike", "Both are identical", "They have the same brightness"])
def test_a_cue_of_sameness_is_found(clause: str):
    assert cues.SAMENESS.search(clause)
    assert not cues.DIFFERENCE.search(clause)


@pytest.mark.parametrize("clause", ["The identical scene is shown", "nearly identical", "the same scene"])
def test_what_is_shown_or_nearly_so_is_no_sameness(clause: str):
    assert not cues.SAMENESS.search(clause)


def test_what_the_other_picture_lacks_is_no_negation_of_what_the_one_has():
    rest = cues.ONLY_ONE.sub("", "The second has a box that isn't in the first")

    assert not cues.NEGATION.search(rest)
