import pytest

from calibration.critic.scales import ATTRIBUTES, METHODS, SCALES, parse_methods, questions_of


def test_quality_is_asked_as_q_align_asks():
    scale = SCALES["quality"]

    assert scale.prompt == "How would you rate the quality of this image?"
    assert scale.opening == "The quality of the image is"
    assert dict(scale.values) == {"excellent": 5, "good": 4, "fair": 3, "poor": 2, "bad": 1}
    assert scale.offering.endswith(" Answer with one word: excellent, good, fair, poor or bad.")


def test_noisiness_counts_noise_and_not_its_absence():
    scale = SCALES["noisiness"]

    assert "freedom from noise" in scale.prompt
    assert scale.values["excellent"] == 1
    assert scale.values["bad"] == 5


def test_no_two_words_of_a_scale_begin_alike():
    beginnings = [{word[:2] for word in scale.words} for scale in SCALES.values()]

    assert [len(each) for each in beginnings] == [len(scale.words) for scale in SCALES.values()]


def test_every_method_asks_questions_that_exist():
    assert {name for method in METHODS for name in questions_of(method)} == set(SCALES)
    assert questions_of("attributes") == ATTRIBUTES


@pytest.mark.parametrize(
    ("text", "methods"), [("all", METHODS), ("pairs, Quality", ("quality", "pairs")), ("origin", ("origin",))]
)
def test_methods_are_read_in_the_order_they_are_asked(text: str, methods: tuple[str, ...]):
    assert parse_methods(text) == methods


@pytest.mark.parametrize("text", ["", "beauty", "quality,beauty"])
def test_an_unknown_method_is_told(text: str):
    with pytest.raises(ValueError, match="expected --methods all, or names among quality"):
        parse_methods(text)
