"""What a VPA-JND dataset is made of: which references get which distortion at which levels.

Knows numbers only; pictures come in when `build` spreads the references over a folder.

The paper's recipe has its counts exactly (facts: data set VPA-JND): 21,598 references, 489,065 stimuli. Where
the paper leaves a choice:

* JPEG: 504 references at 100 levels, not 1,008 at 50. Both give the published sum; only the first lets a cell
  read ">100", as the paper's do, and KonJND-1k has 504 JPEG sources.
* Banding: BAND-2k's 2,000 pictures have human scores and no levels. Here 2,000 references of their own get
  one generated level each, twenty of them every level from 1 to 100.
* Benign: 5,075 of the 18,390 references get a second edit, which makes 23,465 (MagicBrush has 10,388 edits of
  5,313 pictures, and the rest are 13,077 pairs of frames).
* Viewpoint: 100 references are turned by 1 to 50 degrees and 100 approached by 1 to 50 cm; the paper's
  rotations, flips and pitch of two rendered scenes are not public.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from calibration.stimuli.registry import ALL_DISTORTIONS

RecipeName = Literal["paper", "small"]
Category = Literal["low-level", "benign injection", "malicious injection", "viewpoint", "delivery"]

EDIT = "edit"  # where other rows name their distortion: a benign edit, which has no level
NO_LEVEL = -1

_LOW_LEVEL = ("blur", "brightness", "saturation", "contrast", "noise")
_MALICIOUS = ("mask", "qr", "text")
_MEMBERS: Mapping[Category, tuple[str, ...]] = MappingProxyType(
    {
        "low-level": (*_LOW_LEVEL, "jpeg", "banding"),
        "benign injection": (EDIT,),
        "malicious injection": _MALICIOUS,
        "viewpoint": ("angle", "distance"),
        "delivery": ("webp", "rescale", "png8", "chroma"),
    }
)
CATEGORIES: tuple[Category, ...] = tuple(_MEMBERS)

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """The stimuli of one distortion, one entry each."""

    distortion: str
    references: Indices  # (N,) from 0
    levels: Indices  # (N,) or NO_LEVEL

    @property
    def category(self) -> Category:
        """The paper's name of the family, or ours for what a proxy does."""
        return next(name for name, members in _MEMBERS.items() if self.distortion in members)


@dataclass(frozen=True)
class Recipe:
    """A dataset before it has pictures."""

    name: RecipeName
    references: int
    parts: tuple[Part, ...]


def build_recipe(name: str) -> Recipe:
    """Return a recipe by its name.

    Raises:
        ValueError: The name is unknown.
    """
    for known, build in _RECIPES.items():
        if known == name:
            return build()
    raise ValueError(f"expected a recipe among {', '.join(_RECIPES)}; got {name!r}")


def _paper() -> Recipe:
    sources, banding, benign, viewpoint = np.split(np.arange(21_598), [1_008, 3_008, 21_398])
    fifty, hundred = np.arange(1, 51), np.arange(1, 101)
    parts = (
        *(_graded(name, sources, fifty) for name in _LOW_LEVEL),
        _graded("jpeg", sources[:504], hundred),
        Part("banding", banding, np.repeat(hundred, len(banding) // len(hundred))),
        *(_graded(name, sources, fifty) for name in _MALICIOUS),
        _graded("angle", viewpoint[:100], fifty),
        _graded("distance", viewpoint[100:], fifty),
        _edits(np.sort(np.concatenate([benign, benign[:5_075]]))),
    )
    return Recipe("paper", 21_598, parts)


def _small() -> Recipe:
    references = np.arange(4)
    shares = np.array([0.1, 0.25, 0.5, 0.75, 1.0])
    graded = (
        _graded(name, references, np.round(shares * distortion.levels).astype(np.int64))
        for name, distortion in ALL_DISTORTIONS.items()
    )
    return Recipe("small", len(references), (*graded, _edits(np.repeat(references, 2))))


def _graded(distortion: str, references: Indices, levels: Indices) -> Part:
    """Every reference at every level."""
    return Part(distortion, np.repeat(references, len(levels)), np.tile(levels, len(references)))


def _edits(references: Indices) -> Part:
    return Part(EDIT, references, np.full(len(references), NO_LEVEL))


_RECIPES: Mapping[RecipeName, Callable[[], Recipe]] = MappingProxyType({"paper": _paper, "small": _small})
