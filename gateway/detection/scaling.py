"""Evidence from shrinking: a picture that shows a model something else than people see.

Models are shown pictures smaller than they come; a kernel without antialiasing reads few of the pixels, and
what those show can be another picture: Xiao et al. (2019), Quiring et al. (2020), Trail of Bits' anamorpher.
Asked about the sizes at which models of this provider, and models with public code, are shown a picture. It
is a rule: a payload is locked to one phase of one size, and no texture is but one that repeats in its very
step.

Left out: payloads for sizes not listed, and shrinking by less than 2, where too few pixels are skipped to
hide anything; pictures of few greys (dither, halftone, line art), whose patterns may lock as a payload does.
Checks and
ordered dither in the very step of a size may be flagged once JPEG has given them more greys.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.evidence_places import places_of_payload
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.scaling_phases import Disagreement, measure_disagreement
from gateway.detection.scaling_planes import payload_planes
from gateway.detection.scaling_samples import Grey
from gateway.detection.verdict import Evidence
from gateway.providers.rules import ProviderRules
from gateway.providers.sizes import Size

# Inputs of models with public code, and sides that closed APIs shrink to.
KNOWN_SIDES = (224, 256, 299, 336, 384, 448, 512, 560, 672, 768, 896, 1024, 1092, 1120, 1568, 2048)
LEAST_SHRINKING = 1.99  # on both sides: two, but for rounding
LEAST_SIDE = 96  # pixels of what is shown: less leaves too few cells to tell anything by
EVERYWHERE = 6.0  # ratios from which it is a payload; benign photographs, screens and documents have a third
LOCALLY = 10.0
_FEW_GREYS = 16
_FEW_LEVELS = 4  # of each channel
_STRAY = 1e-4  # share of the pixels below which a level does not count


class ScalingDetector:
    """Looks for what only a shrunk picture shows."""

    def __init__(self, rules: ProviderRules) -> None:
        self._rules = rules

    def examine(self, examined: Examined) -> Evidence | None:
        """Compare what shrinking reads of the picture with what it skips, for every size it may be shown at.

        Returns:
            Evidence whose score is the largest disagreement, 1.0 and more a payload's; None where no model
            shrinks the picture by enough.

        Raises:
            NotExaminableError: It has too few greys to part a payload from dither.
        """
        image = examined.decoded.image
        shown = self._rules.seen(examined.provider, examined.model, image.width, image.height)
        strongest = strongest_payload(image.pixels, shown)
        if strongest is None:
            return None
        if strongest.score < 1.0:
            return Evidence(
                "scaling", strongest.score, None, None, "Shrunk, it shows what it shows at full size."
            )
        if _may_be_dither(image.pixels, strongest):
            raise NotExaminableError("Of few greys, so dither cannot be told from a payload for shrinking.")
        boxes = places_of_payload(strongest.plane, strongest.target)
        return replace(_evidence(strongest), boxes=boxes)


@dataclass(frozen=True, eq=False)
class Payload:
    """What shrinking to a size shows of a plane and full size does not."""

    target: Size
    found: Disagreement
    plane: Grey  # light, or a difference of colours
    is_of_light: bool

    @property
    def score(self) -> float:
        """The larger disagreement in units of a payload's least."""
        return max(self.found.everywhere / EVERYWHERE, self.found.locally / LOCALLY)


def strongest_payload(pixels: npt.NDArray[np.uint8], shown: Size) -> Payload | None:
    """Return what shrinking shows most of that people do not see, in light or in colour alone.

    Args:
        pixels: (H, W, 3).
        shown: As the called model is shown it; known sides are asked about beside it.

    Returns:
        None where no size is small enough for its pixels to be read apart.
    """
    targets = _targets(Size(pixels.shape[1], pixels.shape[0]), shown)
    if not targets:
        return None
    found = [
        Payload(
            target,
            measure_disagreement(plane, target, everywhere=EVERYWHERE, locally=LOCALLY),
            plane,
            is_of_light=number == 0,
        )
        for number, plane in enumerate(payload_planes(pixels))
        for target in targets
    ]
    return max(found, key=lambda one: one.score)


def _evidence(payload: Payload) -> Evidence:
    target, found = payload.target, payload.found
    explanation = (
        f"Shrunk to {target.width} × {target.height} without smoothing, it shows what people do not see in "
        f"it: other by {found.greys:.0f} grey levels in {max(found.share, 0.001):.1%} of the picture."
    )
    return Evidence("scaling", payload.score, None, None, explanation, is_attack=True)


def _targets(size: Size, shown: Size) -> list[Size]:
    """List the sizes worth looking at: squeezed into each known side, or either side brought to it."""
    found = {shown}
    for side in KNOWN_SIDES:
        found |= {
            Size(side, side),
            Size(side, size.height * side // size.width),
            Size(size.width * side // size.height, side),
        }
    wide, tall = size.width / LEAST_SHRINKING, size.height / LEAST_SHRINKING
    inside = [one for one in found if LEAST_SIDE <= one.width <= wide and LEAST_SIDE <= one.height <= tall]
    return sorted(inside, key=lambda one: (one.width, one.height))


def _may_be_dither(pixels: npt.NDArray[np.uint8], payload: Payload) -> bool:
    """Tell whether a picture (H, W, 3) has few greys or, for colour alone, few levels a channel."""
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if _levels(grey) <= _FEW_GREYS:
        return True
    return not payload.is_of_light and all(_levels(one) <= _FEW_LEVELS for one in cv2.split(pixels))


def _levels(plane: npt.NDArray[np.generic]) -> int:
    counts = np.bincount(plane.ravel(), minlength=256)
    return int((counts > _STRAY * plane.size).sum())
