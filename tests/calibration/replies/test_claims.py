import pytest

from calibration.replies.claims import claim_of, marks_by_side


@pytest.mark.parametrize(
    ("clause", "about", "claim"),
    [
        ("The second image has a watermark.", "text watermark", True),
        ("Neither image has a watermark.", "text watermark", False),
        ("The second image has a watermark.", "blur", None),
        ("Grain is visible in image 2", "noise", True),
        ("Grain is visible in image 2 and in image 1", "noise", None),
        ("Both images are free of noise", "noise", False),
        ("The second is not as sharp as the first", "blur", True),
        ("The second is as sharp as the first", "blur", False),
        ("They look exactly alike", None, False),
        ("The second image shows a soft toy", "blur", None),
        ("The first image shows a dark room", "brightness", None),
    ],
)
def test_a_clause_claims_a_trace_of_damage_in_one_or_in_neither(
    clause: str, about: str | None, claim: bool | None
):
    assert claim_of(clause, about) is claim


def test_damage_is_named_with_the_picture_it_is_in():
    assert marks_by_side("The first image is blurry") == {"first": {"blurry"}}
    assert marks_by_side("Image 2 is blurry") == {"second": {"blurry"}}
    assert marks_by_side("Both are blurry") == {}
