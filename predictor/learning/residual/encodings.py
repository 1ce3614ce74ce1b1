"""Store pictures as their makers do: PNG, JPEG of many qualities, tables and colour samplings, WebP.

Training and calibration of the residual detector only.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, save_pillow, to_pillow
from calibration.image_source import estimate_quality
from predictor.residual.strata import Codec
from predictor.thresholds.content_fields import LUMA_TABLE

Pixels = npt.NDArray[np.uint8]
Table = tuple[int, ...]  # 64 quantisation steps, row by row

QUALITIES = (65, 75, 80, 85, 90, 92, 95, 97)
SAMPLINGS = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)
_SAMPLING_SHARES = (0.65, 0.1, 0.25)
_MAKERS_SHARE = 0.2  # of JPEG pictures: with tables of a camera maker's own


@dataclass(frozen=True)
class Encoding:
    """How a picture leaves its maker."""

    codec: Codec
    webp_quality: int | None = None
    sampling: int = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    tables: tuple[Table, Table] | None = None  # luma, chroma: a camera maker's own


def draw_encoding(rng: np.random.Generator) -> Encoding:
    """Choose how the picture is stored: lossless or JPEG, and a little WebP."""
    kind = rng.random()
    if kind < 0.44:
        return Encoding(Codec(is_lossless=True))
    if kind < 0.89:
        return draw_jpeg(rng)
    return draw_webp(rng)


def draw_webp(rng: np.random.Generator) -> Encoding:
    """Choose a quality."""
    return Encoding(Codec(is_lossless=False), webp_quality=int(rng.integers(60, 97)))


def draw_jpeg(rng: np.random.Generator) -> Encoding:
    """Choose a quality and a colour sampling, now and then a camera maker's tables."""
    quality = int(rng.choice(QUALITIES))
    sampling = draw_sampling(rng)
    if rng.random() >= _MAKERS_SHARE:
        return Encoding(Codec(is_lossless=False, jpeg_quality=quality), sampling=sampling)
    tables = _draw_tables(quality, rng)
    return Encoding(
        Codec(is_lossless=False, jpeg_quality=estimate_quality(tables[0])), None, sampling, tables
    )


def draw_sampling(rng: np.random.Generator) -> int:
    """Choose 4:2:0, 4:2:2 or 4:4:4, as cv2 numbers them."""
    return int(rng.choice(SAMPLINGS, p=_SAMPLING_SHARES))


def store(pixels: Pixels, encoding: Encoding) -> Pixels:
    """Return what a reader of the stored picture sees."""
    if encoding.codec.is_lossless:
        return pixels
    if encoding.tables is not None:
        return _with_tables(pixels, encoding.tables, SAMPLINGS.index(encoding.sampling))
    if encoding.codec.jpeg_quality is None:
        return webp(pixels, encoding.webp_quality or 80)
    return jpeg(pixels, encoding.codec.jpeg_quality, sampling=encoding.sampling)


def jpeg(pixels: Pixels, quality: int, *, sampling: int = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420) -> Pixels:
    """Return what is left after JPEG; `sampling` as cv2 numbers it."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return _round_trip(".jpg", pixels, options)


def webp(pixels: Pixels, quality: int) -> Pixels:
    """Return what is left after WebP."""
    return _round_trip(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])


def _draw_tables(quality: int, rng: np.random.Generator) -> tuple[Table, Table]:
    """Bend libjpeg's table: makers spare high frequencies more or less, and round to their own grids."""
    scale = (200 - 2 * quality) / 100.0
    frequency = np.add.outer(np.arange(8), np.arange(8)) / 14.0
    bend = np.exp(rng.uniform(-1.2, 0.8) * frequency + rng.normal(0.0, 0.06, (8, 8)))
    luma = np.clip(np.rint(LUMA_TABLE * scale * bend), 1, 255)
    coarser = np.clip(np.rint(luma * rng.uniform(0.9, 2.0)), 1, 255)
    return tuple(luma.astype(int).ravel().tolist()), tuple(coarser.astype(int).ravel().tolist())


def _with_tables(pixels: Pixels, tables: tuple[Table, Table], subsampling: int) -> Pixels:
    picture = to_pillow([Image(np.ascontiguousarray(pixels))])[0]
    # Pillow numbers samplings 0: 4:4:4, 1: 4:2:2, 2: 4:2:0.
    data = save_pillow(picture, "JPEG", qtables=list(tables), subsampling=2 - subsampling)
    decoded = np.asarray(cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1])


def _round_trip(suffix: str, pixels: Pixels, options: list[int]) -> Pixels:
    _, data = cv2.imencode(suffix, pixels[..., ::-1], options)
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(decoded[..., ::-1])
