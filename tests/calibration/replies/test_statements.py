import pytest

from calibration.replies.statements import stated_difference


@pytest.mark.parametrize(
    "text",
    [
        "The second image is blurrier.",
        "There is a slight difference in sharpness.",
        "The images are not identical.",
        "Both show the same scene, but one is dimmer.",
        "They look the same at first glance; however, the second is softer.",
        "They seem identical, but they are not.",
        "The second image is not only softer but also darker.",
        "The reds differ. In conclusion, the two images are different.",
        "右图更模糊。",
    ],
)
def test_a_difference_is_claimed(text: str):
    assert stated_difference(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "There is no noticeable difference.",
        "Neither image is blurrier than the other.",
        "I cannot detect any difference between the two.",
        "The two images are identical.",
        "Any difference is imperceptible.",
        "The second picture is no darker than the first.",
        "They do not appear to be different.",
        "If there is a difference, it is not noticeable.",
        "两张图片没有明显差异。",
    ],
)
def test_sameness_is_claimed(text: str):
    assert stated_difference(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Both images show the same dog.",
        "The composition is identical.",
        "There might be a difference.",
        "Is there a difference?",
        "There is no dog in either picture.",
        "I looked for differences.",
        "The images are nearly identical.",
        "There is a difference between day and night here.",
        "The second is softer. The two images are identical.",
    ],
)
def test_nothing_plain_is_no_claim(text: str):
    assert stated_difference(text) is None


def test_what_was_asked_about_outweighs_what_was_not():
    text = "There is no difference in blur. There is a difference in brightness."

    assert stated_difference(text, "blur") is False
    assert stated_difference(text, "brightness") is True
