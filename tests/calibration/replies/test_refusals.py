import pytest

from calibration.replies.refusals import cannot_judge, is_empty, refuses


@pytest.mark.parametrize("text", ["", " \n", "[empty: length]", "[empty: SAFETY]\n"])
def test_no_text_and_its_placeholder_are_empty(text: str):
    assert is_empty(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I can't assist with that request.",
        "I am unable to view images.",
        "I'm not able to process this image.",
        "Please upload the image you would like me to describe.",
        "No image was attached.",
        "I don't see any image in your message.",
        "I can't identify people in photos.",
        "That would be against my guidelines.",
        "抱歉，我无法查看图片。",
    ],
)
def test_a_refusal_is_known(text: str):
    assert refuses(text)
    assert cannot_judge(text)


@pytest.mark.parametrize(
    "text",
    [
        "The sign is illegible.",
        "I'm sorry, but the number is too blurry to read.",
        "I can't see the image clearly enough to read the number.",
        "A man helping a child; no images are on the wall.",
        "3",
        "I cannot read the text.",
        "There is no dog.",
    ],
)
def test_an_answer_about_what_cannot_be_made_out_is_an_answer(text: str):
    assert not refuses(text)
    assert not is_empty(text)


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("I cannot determine whether they differ.", True),
        ("I'm not sure.", True),
        ("I cannot detect any difference.", False),
        ("I can't tell them apart.", False),
        ("I am unable to identify any differences.", False),
    ],
)
def test_who_sees_no_difference_has_judged(text: str, open_: bool):
    assert cannot_judge(text) is open_
