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

from dataclasses import replace

import cv2
import numpy as np

from gateway.detection.evidence_places import places_of_payload
from gateway.detection.protocol import Examined, NotExaminableError
from gateway.detection.scaling_phases import Disagreement, measure_disagreement
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
        grey: Grey = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        strongest = strongest_payload(grey, shown)
        if strongest is None:
            return None
        target, found = strongest
        if payload_score(found) < 1.0:
            return Evidence(
                "scaling", payload_score(found), None, None, "Shrunk, it shows what it shows at full size."
            )
        if _has_few_greys(grey):
            raise NotExaminableError("Of few greys, so dither cannot be told from a payload for shrinking.")
        return replace(_payload(target, found), boxes=places_of_payload(grey, target))


def strongest_payload(grey: Grey, shown: Size) -> tuple[Size, Disagreement] | None:
    """Return the size at which shrinking shows most of what people do not see, and how much.

    Args:
        grey: (H, W).
        shown: As the called model is shown it; known sides are asked about beside it.

    Returns:
        None where no size is small enough for its pixels to be read apart.
    """
    targets = _targets(Size(grey.shape[1], grey.shape[0]), shown)
    found = [
        (target, measure_disagreement(grey, target, everywhere=EVERYWHERE, locally=LOCALLY))
        for target in targets
    ]
    return max(found, key=lambda one: payload_score(one[1]), default=None)


def _payload(target: Size, found: Disagreement) -> Evidence:
    explanation = (
        f"Shrunk to {target.width} × {target.height} without smoothing, it shows what people do not see in "
        f"it: other by {found.greys:.0f} grey levels in {max(found.share, 0.001):.1%} of the picture."
    )
    return Evidence("scaling", payload_score(found), None, None, explanation, is_attack=True)


def payload_score(found: Disagreement) -> float:
    """Return the larger disagreement in units of a payload's least."""
    return max(found.everywhere / EVERYWHERE, found.locally / LOCALLY)


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


def _has_few_greys(grey: Grey) -> bool:
    counts = np.bincount(grey.ravel(), minlength=256)
    return int((counts > _STRAY * grey.size).sum()) <= _FEW_GREYS
