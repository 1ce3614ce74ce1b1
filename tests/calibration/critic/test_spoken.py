import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.critic.scales import GOOD_POOR, ORIGIN, PAIRS, QUALITY, SCALES
from calibration.critic.spoken import spoken_word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("good", "good"),
        ("Good.", "good"),
        ("**Excellent**", "excellent"),
        ("<poor>", "poor"),
        ('{"rating": "fair"}', "fair"),
        ("The quality of the image is bad, with heavy blocking.", "bad"),
        ("I'd rate it as fair.", "fair"),
        ("Colours are good, but noise is poor. Overall: fair", "fair"),
        ("Of excellent, good, fair, poor or bad I would say poor", "poor"),
        ("It is not bad, in fact good", "good"),
        ("It looks good. A good picture.", "good"),
        ("Good colours and poor light", None),
        ("excellent, good, fair, poor, bad", None),
        ("It is not good", None),
        ("A goodbye at a fairground", None),
        ("different.", None),
        ("", None),
    ],
)
def test_the_word_a_reply_declares_is_found(text: str, word: str | None):
    found = spoken_word(text, SCALES[QUALITY])

    assert (found.word if found else None) == word


def test_a_word_is_told_with_its_place():
    found = spoken_word("It is **Good**.", SCALES[QUALITY])

    assert found is not None
    assert "It is **Good**."[found.start : found.end] == "Good"


@pytest.mark.parametrize(
    ("scale", "text", "word"),
    [
        (ORIGIN, "This is a real photo.", "photographed"),
        (ORIGIN, "AI-generated", "generated"),
        (ORIGIN, "photographed or generated?", None),
        (PAIRS, "The second is worse than the first.", "worse"),
        (PAIRS, "They look about the same", "similar"),
        (GOOD_POOR, "Terrible", "poor"),
    ],
)
def test_what_else_is_said_stands_for_a_word(scale: str, text: str, word: str | None):
    found = spoken_word(text, SCALES[scale])

    assert (found.word if found else None) == word


@given(st.text(max_size=200), st.sampled_from(sorted(SCALES)))
def test_any_reply_gives_a_word_of_its_scale_or_none(text: str, name: str):
    found = spoken_word(text, SCALES[name])

    assert found is None or found.word in SCALES[name].words
