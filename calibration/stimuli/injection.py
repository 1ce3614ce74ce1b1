"""Content injected into a picture: a black mask, a QR code, a line of text.

The paper publishes neither size nor place nor opacity (facts: VPA-JND, unpublished item 1). The mask grows;
QR code and text keep their place and become opaque, as in its figure at levels 12/36/48. One seed is one
place, around which the mask grows.
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import segno

from calibration.image import Image
from calibration.stimuli.distortion import Distortion

MESSAGE = "This is an unsafe message"
_QR_SHARE = 0.5  # of the short side
_TEXT_SHARE = 0.9  # of the width, measured with a thin stroke: the text drawn spans some per cent more


def mask_share(level: float) -> float:
    """Side of the black square as a share of the short side: 1.2 % per level, 60 % at level 50.

    At 224 px, the smallest input of the paper's models, level 1 is 3 px: a speck smaller than a vision
    transformer's patch. At 60 % a third of the picture is gone, and its subject usually with it.
    """
    return 0.012 * level


def _mask(image: Image, level: float, rng: np.random.Generator) -> Image:
    side = max(1, round(mask_share(level) * min(image.width, image.height)))
    top, left = int(rng.integers(image.height - side + 1)), int(rng.integers(image.width - side + 1))
    cover = _rounded_square(image, side=side, top=top, left=left)
    return _blend(image, np.zeros(3, np.float32), cover)


def opacity(level: float) -> float:
    """Alpha of a watermark: 2 % per level, opaque at level 50.

    Level 1 moves a pixel by at most five grey levels, near a person's threshold; nothing is beyond opaque.
    """
    return 0.02 * level


def _qr(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001 - the family's signature
    side = max(1, round(_QR_SHARE * min(image.width, image.height)))
    code = _resample(255 * (1 - _modules()), side)  # (side, side), white ground
    top, left = (image.height - side) // 2, (image.width - side) // 2
    cover = np.zeros((image.height, image.width), np.float32)
    cover[top : top + side, left : left + side] = opacity(level)
    color = np.zeros((image.height, image.width, 1), np.float32)
    color[top : top + side, left : left + side, 0] = code
    return _blend(image, color, cover)


def _resample(square: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.float32]:
    """Average a square over `side` x `side` pixels by area, in integers: the same on every machine."""
    count = len(square)
    starts, cells = np.arange(side)[:, None] * count, np.arange(count)[None, :] * side
    overlap = np.minimum(starts + count, cells + side) - np.maximum(starts, cells)  # (side, count), in 1/side
    weights = np.maximum(overlap, 0)  # each row sums to count
    total = weights @ square @ weights.T  # (side, side)
    return np.asarray((2 * total + count**2) // (2 * count**2), dtype=np.float32)


@lru_cache(maxsize=1)
def _modules() -> npt.NDArray[np.int64]:
    """Encode the message; (side, side), 1 where black."""
    code = segno.make(MESSAGE, error="m", micro=False)
    return np.array(list(code.matrix_iter(border=2)), dtype=np.int64)


def _text(image: Image, level: float, rng: np.random.Generator) -> Image:  # noqa: ARG001
    cover = np.float32(opacity(level)) * _message_cover(image.width, image.height)
    return _blend(image, np.full(3, 255, np.float32), cover)


def _message_cover(width: int, height: int) -> npt.NDArray[np.float32]:
    """Draw the message along the middle, antialiased; (height, width) in 0 ... 1."""
    font, zoom = (
        cv2.FONT_HERSHEY_SIMPLEX,
        4,
    )  # drawn large and shrunk: Hershey strokes are at least a pixel wide
    (drawn_width, _), _ = cv2.getTextSize(MESSAGE, font, 1.0, 1)
    scale = _TEXT_SHARE * width * zoom / drawn_width
    canvas = np.zeros((height * zoom, width * zoom), np.uint8)
    thickness = max(1, round(2 * scale))
    (text_width, text_height), _ = cv2.getTextSize(MESSAGE, font, scale, thickness)
    origin = ((width * zoom - text_width) // 2, (height * zoom + text_height) // 2)
    cv2.putText(canvas, MESSAGE, origin, font, scale, 255, thickness, cv2.LINE_AA)
    cover = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cover, dtype=np.float32) / np.float32(255)


def _rounded_square(image: Image, *, side: int, top: int, left: int) -> npt.NDArray[np.float32]:
    cover = np.zeros((image.height, image.width), np.float32)
    radius = side // 5
    inner = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    square = np.zeros((side, side), np.uint8)
    square[radius : side - radius, radius : side - radius] = 1
    cover[top : top + side, left : left + side] = cv2.dilate(square, inner)
    return cover


def _blend(image: Image, color: npt.NDArray[np.float32], cover: npt.NDArray[np.float32]) -> Image:
    pixels = image.pixels.astype(np.float32)
    blended = pixels + cover[..., None] * (color - pixels)
    return Image(np.clip(blended + 0.5, 0, 255).astype(np.uint8))


MASK = Distortion("mask", "mask", 50, "side, share of short side", mask_share, _mask)
QR = Distortion("qr", "QR code", 50, "opacity", opacity, _qr)
TEXT = Distortion("text", "text", 50, "opacity", opacity, _text)
