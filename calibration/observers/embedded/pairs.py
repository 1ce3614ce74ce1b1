"""Training pairs: a picture and a changed version, the questions asked about them, the answers expected.

Answers follow the visibility of the change (see `visibility`), so a change too small to see is answered
as no change; the paper's prompts are taught word for word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from calibration.image import Image, Pixels, resize
from calibration.observers.embedded.architecture import SIDE
from calibration.observers.embedded.taste import USUAL, Taste
from calibration.observers.embedded.visibility import notice_probability, visibility
from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.stimuli.registry import DISTORTIONS

# Levels at which a typical photograph's change has visibility 1: where training spends its time.
TYPICAL_LEVELS: Mapping[str, float] = {
    "blur": 1.25,
    "brightness": 12,
    "saturation": 8,
    "contrast": 13,
    "jpeg": 48,
    "noise": 5.2,
    "banding": 32,
    "mask": 2.5,
    "qr": 5,
    "text": 13,
    "angle": 0.6,
    "distance": 2,
    "webp": 33,
    "rescale": 12,
    "png8": 16,
}

SAME_PROMPTS = (
    IDENTICAL_PROMPT,
    "Are these two images the same?",
    "Is the second image identical to the first image?",
    "Do the two images look exactly the same? Answer Yes or No.",
)
DIFFERENT_PROMPTS = (
    DIFFERENT_PROMPT,
    "Is there any difference between the two images?",
    "Do the two images differ?",
    "Can you see a difference between these two images? Answer Yes or No.",
)
WHAT_PROMPT = "What changed between these two images?"
SWAPPED_CHOICE_PROMPT = MULTIPLE_CHOICE_PROMPT.replace("A. Yes; B. No", "A. No; B. Yes")


@dataclass(frozen=True)
class Answer:
    """What to say: one of two first words, drawn with `probability_yes`, then the rest."""

    yes: str
    no: str
    probability_yes: float
    rest_yes: str = ""
    rest_no: str = ""


@dataclass(frozen=True)
class Pair:
    """Two pictures (SIDE, SIDE, 3) and what there is to see between them."""

    first: Pixels
    second: Pixels
    family: str | None  # None: identical, "edit" or "scene": no registered distortion
    probability_different: float


def sample_pair(
    pool: Sequence[Pixels], rng: np.random.Generator, *, ease: float = 0.0, taste: Taste = USUAL
) -> Pair:
    """Draw a pair; `ease` 0-1 keeps changes well above threshold while training begins."""
    reference = augment(pool[int(rng.integers(len(pool)))], rng)
    draw = rng.random()
    if draw < 0.32 + 0.1 * ease:
        return Pair(reference, reference, None, notice_probability(0.0, taste))
    if draw < 0.36 + 0.1 * ease:
        other = augment(pool[int(rng.integers(len(pool)))], rng)
        return _measured(reference, other, "scene", rng, taste)
    if draw < 0.41 + 0.1 * ease:
        return _measured(reference, local_edit(reference, rng), "edit", rng, taste)
    name = str(rng.choice(list(DISTORTIONS)))
    level = sample_level(name, rng, ease=ease)
    return _measured(reference, _distort(reference, name, level, rng), name, rng, taste)


def sample_level(name: str, rng: np.random.Generator, *, ease: float = 0.0) -> float:
    """Draw a level, log-uniform around the typical threshold, sometimes uniform over the whole range."""
    limit = DISTORTIONS[name].levels
    if rng.random() < 0.3:
        return float(rng.uniform(0.5 * limit, limit))
    octave = rng.uniform(-2.5 + 3.5 * ease, 3.0)
    return float(np.clip(TYPICAL_LEVELS[name] * 2.0**octave, 0.02, limit))


def local_edit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Recolour a random ellipse, as a benign edit does."""
    cover = np.zeros(pixels.shape[:2], np.float32)
    center = (int(rng.integers(SIDE)), int(rng.integers(SIDE)))
    axes = (int(rng.integers(2, 20)), int(rng.integers(2, 20)))
    cv2.ellipse(cover, center, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
    change = rng.normal(0, 40 * 2.0 ** rng.uniform(-3, 1), 3)
    return np.clip(pixels + cover[..., None] * change + 0.5, 0, 255).astype(np.uint8)


def augment(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Vary colour, tone and handedness of a picture before it becomes a reference."""
    values = pixels.astype(np.float32) / 255
    if rng.random() < 0.5:
        values = values[:, ::-1]
    if rng.random() < 0.2:
        values = values[..., rng.permutation(3)]
    if rng.random() < 0.06:
        values = np.repeat(values.mean(-1, keepdims=True), 3, axis=-1)
    values = values ** rng.uniform(0.75, 1.3)
    values = (values - 0.5) * rng.uniform(0.65, 1.1) + 0.5 + rng.uniform(-0.1, 0.1)
    return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)


def difference_questions(
    pair: Pair, rng: np.random.Generator, *, swaps: float = 1.0
) -> list[tuple[str, Answer]]:
    """Return one of the paper's prompts and one of the polarity prompts, with their answers.

    `swaps` 0-1 holds back the questions in which "yes" or "A" means "no difference": which question meets
    which picture is an exclusive or, and gives no gradient before the difference itself is learned.
    """
    questions = [_paper_question(pair, rng, swaps=swaps)]
    different = pair.probability_different
    if rng.random() < 0.5 * swaps:
        questions.append((_mostly_first(SAME_PROMPTS, rng), Answer("Yes", "No", 1 - different)))
    else:
        questions.append((_mostly_first(DIFFERENT_PROMPTS, rng), Answer("Yes", "No", different)))
    if rng.random() < 0.1 and (pair.family is None or different > 0.9):
        word = "nothing" if pair.family is None else change_word(pair.family)
        questions.append((WHAT_PROMPT, Answer(word, word, 1.0)))
    return questions


def change_word(family: str) -> str:
    """Return the one word that names a change."""
    return {"edit": "content", "scene": "content", "angle": "perspective", "distance": "perspective"}.get(
        family, family
    )


def _paper_question(pair: Pair, rng: np.random.Generator, *, swaps: float) -> tuple[str, Answer]:
    named = pair.family or ""
    if named not in DISTORTIONS:
        named = str(rng.choice(list(DISTORTIONS)))
    label = DISTORTIONS[named].label
    style = rng.random()
    if style < 0.40:
        return DIRECT_PROMPT.format(distortion=label), _flag(pair, f"The {label} is different.")
    if style < 0.70:
        if rng.random() < 0.4 * swaps:
            return SWAPPED_CHOICE_PROMPT.format(distortion=label), Answer(
                "B", "A", pair.probability_different
            )
        return MULTIPLE_CHOICE_PROMPT.format(distortion=label), Answer("A", "B", pair.probability_different)
    seen = change_word(pair.family) if pair.family else "content"
    if style < 0.92:
        return IMPLICIT_PROMPT, _flag(pair, f"The {seen} is different.")
    return VIEWPOINT_PROMPT, _flag(pair, f"The {seen} is different.")


def _flag(pair: Pair, analysis: str) -> Answer:
    return Answer("<yes>", "<no>", pair.probability_different, analysis, "The two images look the same.")


def _mostly_first(prompts: Sequence[str], rng: np.random.Generator) -> str:
    """The product's own wording half of the time, paraphrases otherwise."""
    return prompts[0] if rng.random() < 0.5 else prompts[int(rng.integers(len(prompts)))]


def _measured(
    reference: Pixels, changed: Pixels, family: str, rng: np.random.Generator, taste: Taste
) -> Pair:
    seen = visibility(reference, changed, taste) * taste.gains.get(family, 1.0)
    first, second = (reference, changed) if rng.random() < 0.5 else (changed, reference)
    return Pair(first, second, family, notice_probability(seen, taste))


def _distort(reference: Pixels, name: str, level: float, rng: np.random.Generator) -> Pixels:
    changed = DISTORTIONS[name].apply(Image(reference), level, rng)
    return resize(changed, SIDE, SIDE, "bicubic").pixels
