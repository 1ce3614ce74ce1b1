"""Tell where in a picture the noise is like an added perturbation: every part judged by itself.

The detector looks at the flattest tiles alone; here tiles cover the whole picture, coarsely. What they say is
for people to look at: no promise is calibrated for single tiles, and busy ones hide more.
"""

import numpy as np
import numpy.typing as npt

from calibration.image import Image
from predictor.residual.detector import ResidualDetector, describe, score_tiles
from predictor.residual.features import TILE_SIDE, TileMeasures, measure_tiles
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]

_MOST = 8  # tiles a side: about 0.1 s
_BLOCK = 8  # pixels: tiles start on the lattice of JPEG


def suspicion_map(detector: ResidualDetector, image: Image, codec: Codec) -> Floats:
    """Return log-odds of a perturbation over the picture, (rows, columns) of tiles that may overlap.

    A picture shorter or narrower than a tile has no parts: (1, 1), zero.
    """
    if min(image.width, image.height) < TILE_SIDE:
        return np.zeros((1, 1), dtype=np.float32)
    tops, lefts = _starts(image.height), _starts(image.width)
    rows = [row for top in tops for row in _rows(detector, image, codec, [(top, left) for left in lefts])]
    found: Floats = detector.trees.log_odds(np.stack(rows)).astype(np.float32)
    return found.reshape(len(tops), len(lefts))


def _rows(
    detector: ResidualDetector, image: Image, codec: Codec, corners: list[tuple[int, int]]
) -> list[Floats]:
    """Describe a few tiles, each by itself: all at once they would not fit into the processor's cache."""
    tiles = np.stack([image.pixels[top : top + TILE_SIDE, left : left + TILE_SIDE] for top, left in corners])
    measured = measure_tiles(tiles).chosen(detector.measures)
    scores = score_tiles(detector.network, tiles, codec)
    return [
        describe(TileMeasures(measured.names, measured.values[one : one + 1]), scores[one : one + 1], codec)
        for one in range(len(tiles))
    ]


def _starts(length: int) -> list[int]:
    """Spread tiles evenly from one border to the other, at most half a tile apart where there are enough."""
    room = length - TILE_SIDE
    count = min(_MOST, -(-2 * room // TILE_SIDE) + 1)
    return sorted({round(place) // _BLOCK * _BLOCK for place in np.linspace(0, room, count)})
