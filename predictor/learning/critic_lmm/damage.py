"""Damage a photograph in a known way, and say what of its score remains and which attribute is at fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.stimuli.registry import DISTORTIONS
from predictor.critic.critique import Flaw
from predictor.learning.critic.kadid import KINDS, LEVELS, damaged
from predictor.learning.critic.lessons import Opinions
from predictor.learning.critic.remains_fitting import remaining

STRONG = 4  # from this level on, 1 to 5, damage is what a description must begin with

# KADID's kinds that stand for one attribute, with the levels at which they do, and what is then at fault.
_KADID_FLAWS: Mapping[int, Flaw] = MappingProxyType(
    {
        **dict.fromkeys((1, 2, 3), "blurred"),
        **dict.fromkeys((11, 12, 13, 14), "noisy"),
        7: "pale",
        16: "bright",
        17: "dark",
    }
)
# Distortions of the laboratory that are one attribute's, five levels each; a sign where it goes both ways.
_ATTRIBUTE_DAMAGE: Mapping[str, tuple[Flaw, tuple[float, ...]]] = MappingProxyType(
    {
        "blur": ("blurred", (1, 2, 4, 8, 16)),
        "noise": ("noisy", (2, 5, 11, 24, 50)),
        "contrast": ("flat", (8, 16, 26, 38, 46)),
    }
)
FLAWED = (*_ATTRIBUTE_DAMAGE, "paler", "darker", "lighter")
_SLOW = (9, 19)
_LOCAL_KINDS = (1, 2, 3, 10, 11, 12, 13, 14, 16, 17, 21, 22, 24)
_LIGHT_STEPS = (0.05, 0.12, 0.2, 0.3, 0.42)  # of full scale, up or down
_COLOUR_LEFT = (0.8, 0.6, 0.4, 0.2, 0.05)
_LIGHT = np.array([0.299, 0.587, 0.114], np.float32)
_LEFT = (0.98, 0.9, 0.75, 0.5, 0.3)  # of a score, where nobody's opinion is known


@dataclass(frozen=True)
class Damage:
    """A damaged picture."""

    image: Image
    level: int  # 1 to 5
    remaining: float  # which share of the photograph's score is left
    flaw: Flaw | None  # what of the attributes is at fault; None: something they do not tell
    name: str  # of the same kind and more of it: less good


def damage_at_random(image: Image, opinions: Opinions, rng: np.random.Generator) -> Damage:
    """Return one of KADID's kinds or one attribute's damage, at any level."""
    level = int(rng.integers(1, LEVELS + 1))
    if rng.random() < 0.5:
        kinds = [kind for kind in KINDS if kind not in _SLOW]
        return kadid_damage(image, int(rng.choice(kinds)), level, opinions, rng)
    return attribute_damage(image, str(rng.choice(FLAWED)), level, rng)


def kadid_damage(image: Image, kind: int, level: int, opinions: Opinions, rng: np.random.Generator) -> Damage:
    """Damage as KADID's kind at a level, 1 to 5."""
    return Damage(
        damaged(image, kind=kind, level=level, rng=rng),
        level,
        remaining(opinions, kind, level),
        _KADID_FLAWS.get(kind),
        f"kadid {kind}",
    )


def attribute_damage(image: Image, name: str, level: int, rng: np.random.Generator) -> Damage:
    """Damage one attribute, by a name of `FLAWED`, at a level of 1 to 5."""
    left = _LEFT[level - 1]
    if name in _ATTRIBUTE_DAMAGE:
        flaw, levels = _ATTRIBUTE_DAMAGE[name]
        made = DISTORTIONS[name].apply(image, levels[level - 1], rng)
        return Damage(made, level, left, flaw, name)
    values = image.pixels.astype(np.float32)
    moved: npt.NDArray[np.floating]
    if name == "paler":
        grey = values @ _LIGHT
        moved, flaw = (
            grey[..., None] + (values - grey[..., None]) * np.float32(_COLOUR_LEFT[level - 1]),
            "pale",
        )
    elif name == "darker":
        moved, flaw = values - np.float32(255 * _LIGHT_STEPS[level - 1]), "dark"
    else:
        moved, flaw = values + np.float32(255 * _LIGHT_STEPS[level - 1]), "bright"
    return Damage(Image(np.clip(moved, 0, 255).astype(np.uint8)), level, left, flaw, name)


def local_kind(rng: np.random.Generator) -> int:
    """Return a kind of KADID's that shows within a ninth of a picture."""
    return int(rng.choice(_LOCAL_KINDS))
