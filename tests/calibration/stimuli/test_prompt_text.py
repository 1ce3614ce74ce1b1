import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.questions import DIRECT_PROMPT
from calibration.stimuli.prompt_text import LEVELS, PLACEHOLDER, Granularity, Perturbation, perturb

GRANULARITIES: tuple[Granularity, ...] = ("character", "word", "sentence")
PROMPT = (
    "<image>\nLook at the picture closely. What does the sign above the door say? "
    "If several signs are in view, read the largest one. Answer with a single word. {image} Do not explain."
)
PLACEHOLDERS = st.sampled_from(
    ["<image>", "{image}", "<img>", "<image_1>", "<|image_pad|>", "[IMG]", "<img src='a.png'>", "{{image}}"]
)
PROMPTS = st.lists(st.text(max_size=30) | st.text("<imge>{}[] .", max_size=12) | PLACEHOLDERS, max_size=8)


def rebuilt(found: Perturbation) -> str:
    """Carry out the changes again, from the last to the first."""
    text = found.original
    for change in reversed(found.changes):
        end = change.start + len(change.before)
        assert text[change.start : end] == change.before
        text = text[: change.start] + change.after + text[end:]
    return text


@given(
    pieces=PROMPTS,
    granularity=st.sampled_from(GRANULARITIES),
    level=st.sampled_from(LEVELS),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None)
def test_any_prompt_changes_by_the_promised_share_and_nowhere_else(
    pieces: list[str], granularity: Granularity, level: float, seed: int
):
    prompt = "".join(pieces)

    try:
        found = perturb(prompt, granularity, level, np.random.default_rng(seed))
    except ValueError as error:
        assert "without making an image placeholder" in str(error)
        assert len(prompt) < 30 or "<" in prompt or "{" in prompt or "[" in prompt
        return

    assert abs(found.changed - found.total * level / 100) <= 1
    assert found.changed >= min(1, found.total)
    assert all(change.before != change.after for change in found.changes)
    starts = [change.start for change in found.changes]
    assert starts == sorted(starts)
    assert rebuilt(found) == found.text


@given(pieces=PROMPTS, granularity=st.sampled_from(GRANULARITIES), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_placeholders_stay_whole_and_in_their_order(pieces: list[str], granularity: Granularity, seed: int):
    prompt = "".join(pieces) + " What is shown in <image>?"

    try:
        found = perturb(prompt, granularity, 30, np.random.default_rng(seed))
    except ValueError:
        return

    assert PLACEHOLDER.findall(found.text) == PLACEHOLDER.findall(prompt)
    protected = {at for match in PLACEHOLDER.finditer(prompt) for at in range(*match.span())}
    touched = {at for c in found.changes for at in range(c.start, c.start + len(c.before))}
    assert not protected & touched


@pytest.mark.parametrize("level", LEVELS)
def test_total_counts_what_stands_outside_the_placeholders(level: int):
    without = PROMPT.replace("<image>", "").replace("{image}", "")
    rng = np.random.default_rng(level)

    characters, words, sentences = (perturb(PROMPT, granularity, level, rng) for granularity in GRANULARITIES)

    assert characters.total == len("".join(without.split()))
    assert words.total == len(without.split())
    assert sentences.total == 5
    assert words.level == pytest.approx(level, abs=100 / words.total)
    assert characters.level == pytest.approx(level, abs=100 / characters.total)


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_the_seed_decides_everything(granularity: Granularity):
    first, again, other = (
        perturb(PROMPT, granularity, 20, np.random.default_rng(seed)).text for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("granularity", "operations"),
    [
        ("character", {"substitute", "insert", "delete", "swap"}),
        ("word", {"drop", "duplicate", "misspell", "swap"}),
        ("sentence", {"drop", "duplicate", "filler", "swap"}),
    ],
)
def test_every_operation_comes_up(granularity: Granularity, operations: set[str]):
    changes = [
        change
        for seed in range(40)
        for change in perturb(PROMPT, granularity, 50, np.random.default_rng(seed)).changes
    ]

    assert {change.operation for change in changes} == operations


def test_a_level_of_nothing_changes_nothing():
    found = perturb(PROMPT, "word", 0, np.random.default_rng(0))

    assert found.text == PROMPT
    assert found.level == 0


@pytest.mark.parametrize("prompt", ["", " \n", "<image>", "{image} <img>"])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_a_prompt_without_words_stays_as_it_is(prompt: str, granularity: Granularity):
    found = perturb(prompt, granularity, 50, np.random.default_rng(0))

    assert (found.text, found.total, found.level) == (prompt, 0, 0)


def test_the_only_word_is_never_dropped():
    texts = {perturb("Describe", "word", 50, np.random.default_rng(seed)).text for seed in range(30)}

    assert "" not in texts


@pytest.mark.parametrize("seed", range(20))
def test_a_dropped_word_takes_its_space_along(seed: int):
    found = perturb("one two three four <image> five", "word", 20, np.random.default_rng(seed))

    assert "  " not in found.text
    assert "<image>" in found.text


def test_neighbouring_keys_keep_their_case():
    texts = [perturb("QQQQ", "character", 100, np.random.default_rng(seed)).text for seed in range(20)]

    assert set("".join(texts)) == {"Q", "W"}


@pytest.mark.parametrize("level", [-1, 101, float("nan")])
def test_a_share_that_is_none_is_refused(level: float):
    with pytest.raises(ValueError, match="level must be 0-100 %"):
        perturb(PROMPT, "word", level, np.random.default_rng(0))


def test_the_papers_own_prompt_is_changed_by_a_tenth_of_its_words():
    prompt = DIRECT_PROMPT.format(distortion="blur")

    found = perturb(prompt, "word", 10, np.random.default_rng(0))

    assert found.changed == round(len(prompt.split()) / 10)
    assert found.text != prompt
