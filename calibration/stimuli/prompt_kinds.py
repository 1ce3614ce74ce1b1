"""What of a prompt can be perturbed, in the shape of distortions: a session asks about both alike.

The picture stays as it is. A level is the share asked for, in per cent; what it became on a short prompt is
told by `perturbation_of`.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from calibration.image import Image
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.prompt_text import Granularity, Perturbation, perturb

_WHOLE = 100  # per cent
_PREFIX = "prompt-"
_UNITS: Mapping[Granularity, str] = MappingProxyType(
    {"character": "characters", "word": "words", "sentence": "sentences"}
)


def _leave(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - a distortion's shape
    return image


def _same(level: float) -> float:
    return level


def _kind(unit: str) -> Distortion:
    return Distortion(
        name=f"{_PREFIX}{unit}",
        label=f"prompt {unit}",
        levels=_WHOLE,
        unit=f"% of the {unit}",
        unit_value=_same,
        damage=_leave,
    )


PROMPT_KINDS: Mapping[str, Distortion] = MappingProxyType(
    {kind.name: kind for kind in map(_kind, _UNITS.values())}
)


def select_prompt_kinds(names: str) -> list[Distortion]:
    """Read a command-line choice: `all`, or names separated by commas.

    Raises:
        LookupError: A name is unknown, or there is none.
    """
    if names == "all":
        return list(PROMPT_KINDS.values())
    chosen = {name.strip() for name in names.split(",") if name.strip()}
    if not chosen or chosen - set(PROMPT_KINDS):
        raise LookupError(
            f"expected --distortions all, or of {', '.join(PROMPT_KINDS)} where a prompt is perturbed, "
            f"got {', '.join(sorted(chosen - set(PROMPT_KINDS))) or 'none'}"
        )
    return [kind for name, kind in PROMPT_KINDS.items() if name in chosen]


def perturbation_of(prompt: str, kind: str, level: float, seed: int) -> Perturbation:
    """Return the perturbation one trial asks with: the same for the same four, on every machine.

    Args:
        prompt: As its user wrote it.
        kind: A name of `PROMPT_KINDS`.
        level: Per cent; 0 leaves the prompt as it is.
        seed: Of the trial's stimulus.

    Raises:
        ValueError: The prompt cannot be changed without making an image placeholder of it.
    """
    return perturb(prompt, granularity_of(kind), level, np.random.default_rng(seed))


def unit_of(kind: str) -> str:
    """Return the plural of what a kind of perturbation counts."""
    return _UNITS[granularity_of(kind)]


def granularity_of(kind: str) -> Granularity:
    """Return what a kind of perturbation counts."""
    for granularity, unit in _UNITS.items():
        if kind == f"{_PREFIX}{unit}":
            return granularity
    raise LookupError(f"expected one of {', '.join(PROMPT_KINDS)}, got {kind!r}")
