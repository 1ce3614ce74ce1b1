"""Trials with perturbed prompts, of observers with known answers: no images, no session."""

import numpy as np

from calibration.stimuli.prompt_kinds import PROMPT_KINDS, perturbation_of
from calibration.stimuli.prompt_text import LEVELS
from calibration.trials import Stimulus, Trial

PROMPT = (
    "Look at the picture closely. What is the main colour of the object in the middle? If several objects "
    "are in view, name the colour of the largest one. Answer with a single word. Do not explain your answer."
)


def prompt_trials(
    ratio: float, *, by_itself: float = 0.0, rounds: int = 20, prompt: str = PROMPT, kinds: str = ""
) -> list[Trial]:
    """A run in which this share of the answers changes at every level from 20 % on, and nothing below."""
    rng = np.random.default_rng(3)
    trials: list[Trial] = []
    for kind in kinds.split(",") if kinds else PROMPT_KINDS:
        for level in [0.0, *map(float, LEVELS)] * rounds:
            chance = by_itself if level < 20 else max(ratio, by_itself)
            noticed = bool(rng.random() < chance)
            trials.append(prompt_trial(len(trials), kind, level, prompt=prompt, noticed=noticed))
    return trials


def prompt_trial(
    index: int, kind: str, level: float, *, prompt: str = PROMPT, noticed: bool | None = True
) -> Trial:
    """One trial, asked and answered."""
    return Trial(
        id=str(index),
        series=0,
        index=index,
        stimulus=Stimulus("a.png", kind, level, seed=index),
        polarity="different",
        order="reference_first",
        prompt=perturbation_of(prompt, kind, level, index).text,
        noticed=noticed,
        probability=None,
        reply_class="deficiency" if noticed is None else "correct",
        reply="" if noticed is None else "blue" if noticed else "red",
        is_first_token=False,
        seconds=0.0,
        reference_reply="red",
        reference_prompt=prompt,
    )
