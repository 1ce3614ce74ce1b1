"""Between which levels a threshold can be told at all: below the least, nothing changes any more."""

from collections.abc import Mapping

from calibration.stimuli.registry import DISTORTIONS

# Codecs round their quality, palettes their colours, sizes their pixels: less is the same as these. A size of
# 96 pixels loses its first at level .29; below, nothing is done at all.
_LEAST_LEVELS: Mapping[str, float] = {"jpeg": 1.0, "webp": 0.25, "rescale": 0.3, "png8": 0.05}
_LEAST_LEVEL = 0.02


def least_level(name: str) -> float:
    """Return the level below which a distortion does no less."""
    return _LEAST_LEVELS.get(name, _LEAST_LEVEL)


def strongest_level(name: str) -> float:
    """Return the end of the distortion's scale."""
    return float(DISTORTIONS[name].levels)
