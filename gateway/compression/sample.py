"""Look at a large picture by a sample of it: tiles at full size, evenly spaced, put together to one picture.

Which places are looked at is nobody's choice, so that no version is judged elsewhere than another. Tiles lie
where JPEG's own squares do: of a picture that is sent as JPEG the sample can be encoded instead, and it
comes out as the whole would, but for the pixel beside each seam that takes its colour from the neighbour.
Encoded so, the sample's judgement strays no further from SSIMULACRA2's of the whole than the whole's own.
"""

from functools import lru_cache

import numpy as np

from calibration.image import Image

TILES_A_SIDE = 4
TILE, LARGE_TILE = 128, 256  # pixels
_LARGE_PIXELS = 4_000_000
_SQUARE = 16  # pixels: of JPEG with chroma at half resolution


def sample_of(picture: Image) -> Image:
    """Return what stands for a picture: the picture itself, if it is not larger."""
    tile = LARGE_TILE if picture.width * picture.height > _LARGE_PIXELS else TILE
    rows, columns = _looked_at(picture.height, tile), _looked_at(picture.width, tile)
    if len(rows) == len(columns) == 1:
        return picture
    tiles = [[picture.pixels[down, across] for across in columns] for down in rows]
    return Image(np.concatenate([np.concatenate(row, axis=1) for row in tiles], axis=0))


@lru_cache(maxsize=64)
def _looked_at(length: int, tile: int) -> tuple[slice, ...]:
    """Return which rows or columns of so many belong to the sample, the first among them."""
    if length <= tile * TILES_A_SIDE:
        return (slice(0, length),)
    starts = np.linspace(0, (length - tile) // _SQUARE, TILES_A_SIDE).astype(np.intp) * _SQUARE
    return tuple(slice(int(start), int(start) + tile) for start in starts)
