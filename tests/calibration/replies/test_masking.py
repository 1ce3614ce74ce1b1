import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.questions import DIRECT_PROMPT
from calibration.replies.masking import without_options, without_reasoning

DIRECT = DIRECT_PROMPT.format(distortion="blur")


@pytest.mark.parametrize(
    "reply",
    [
        "<think>a b</think> said",
        "a b</think> said",
        "<thinking>a</thinking>\nsaid<think>b",
        "◁think▷a◁/think▷said",
        "[THINK]a[/THINK] said",
        "<|channel|>analysis<|message|>a<|channel|>final<|message|>said",
        "<think>a <think>b</think> said",
        "<reasoning>a</reasoning> said",
    ],
)
def test_reasoning_of_every_family_is_blanked(reply: str):
    assert without_reasoning(reply).split() == ["said"]


@pytest.mark.parametrize("reply", ["<think>The answer is yes", "◁think▷Yes.", "<think>a</think><think>yes"])
def test_reasoning_that_never_ends_says_nothing(reply: str):
    assert not without_reasoning(reply).strip()


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        ("<yes> or <no>: <no>", ": <no>"),
        ("yes/no", ""),
        ("<yes> <no>", ""),
        ("<yes> <yes>", "<yes> <yes>"),
        ("A. Yes; B. No", ""),
        (f"{DIRECT} Yes", "Yes"),
        ("I return <yes> if they differ. No.", "I return    they differ. No."),
        ("Yes, no doubt.", "Yes, no doubt."),
    ],
)
def test_options_and_the_prompt_are_blanked_where_they_are_only_named(reply: str, left: str):
    assert "".join(without_options(reply, DIRECT).split()) == "".join(left.split())


@given(st.text(alphabet="<>/ think yesnoAB.;|or", max_size=80))
def test_every_place_stays_where_it_was(text: str):
    blanked = without_options(without_reasoning(text), DIRECT)

    assert len(blanked) == len(text)
    assert all(after in (before, "\n") for before, after in zip(text, blanked, strict=True))
