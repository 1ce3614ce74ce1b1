"""What a little of every distortion would do to a picture, in closed form: one change field per kind.

Linear where the distortion is (a watermark, a pan of a fraction of a pixel); at one nominal strength where it
is not (quantisation, clipping). No codec runs and no level is tried; `content` pools the fields.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image
from calibration.opponent import LUMA, OPPONENT
from calibration.stimuli.registry import DISTORTIONS

Floats = npt.NDArray[np.float32]

# The fields each family is judged by.
FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "blur": ("soft", "softer"),
    "brightness": ("lift",),
    "saturation": ("gain",),
    "contrast": ("fade",),
    "jpeg": ("codec", "coarse codec", "soft"),
    "noise": ("grain",),
    "banding": ("tones", "coarse tones"),
    "mask": ("specks",),
    "qr": ("code",),
    "text": ("message",),
    "angle": ("pan",),
    "distance": ("zoom",),
    "webp": ("codec", "coarse codec", "soft"),
    "rescale": ("shrink", "shrink more", "soft"),
    "png8": ("coarse tones", "gain"),
}

# ITU-T T.81, tables K.1 and K.2: quantisation at IJG quality 50.
LUMA_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.float32,
)
_CHROMA_TABLE = np.full((8, 8), 99, dtype=np.float32)
_CHROMA_TABLE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
_FINE, _COARSE = 0.3, 1.2  # share of the tables: IJG qualities 85 and 42

_LIFT, _GAIN, _FADE = 20.0, 0.5, 0.2  # nominal strengths: grey levels, share of chroma, share of contrast
_TONES, _COARSE_TONES = 20.0, 32.0  # grey levels of one tone
_SPECK, _SPECK_SPACING = 4, 16  # pixels


def fields_of(pixels: Floats, opponent: Floats) -> dict[str, Floats]:
    """Return each field's change (S, S, 3) in Y, Cb, Cr, grey levels.

    Args:
        pixels: (S, S, 3) RGB, 0-255; S a multiple of 16.
        opponent: The same in Y, Cb, Cr.
    """
    return {
        **{name: change @ OPPONENT.T for name, change in _rgb_fields(pixels).items()},
        **_detail_fields(opponent),
        **_moved_fields(opponent),
        **_codec_fields(opponent),
    }


def _rgb_fields(pixels: Floats) -> dict[str, Floats]:
    """Light, colour, tones, and what is pasted over."""
    grey = (pixels @ LUMA)[..., None]
    side = len(pixels)
    return {
        "lift": np.minimum(pixels + _LIFT, 255) - pixels,
        "gain": np.clip(pixels + _GAIN * (pixels - grey), 0, 255) - pixels,
        "fade": _FADE * (pixels.mean() - pixels),
        "tones": _tone_error(pixels, _TONES),
        "coarse tones": _tone_error(pixels, _COARSE_TONES),
        "specks": -pixels * _specks(side),
        "code": _blended(pixels, "qr"),
        "message": _blended(pixels, "text"),
    }


def _detail_fields(opponent: Floats) -> dict[str, Floats]:
    """Softening and shrinking; white noise, which only the picture's masking tells apart."""
    return {
        "soft": cv2.GaussianBlur(opponent, (0, 0), 0.6) - opponent,
        "softer": cv2.GaussianBlur(opponent, (0, 0), 1.2) - opponent,
        "shrink": _shrunk(opponent, len(opponent) - 1) - opponent,
        "shrink more": _shrunk(opponent, len(opponent) * 5 // 6) - opponent,
        "grain": _grain(len(opponent)),
    }


def _moved_fields(opponent: Floats) -> dict[str, Floats]:
    """Pan and approach by a fraction of a pixel: gradients times the way each pixel goes."""
    side = len(opponent)
    across, down = np.gradient(opponent, axis=1), np.gradient(opponent, axis=0)
    from_middle = ((np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2))[:, None]
    zoom = across * from_middle + down * from_middle[:, None]
    return {"pan": np.float32(0.3) * across, "zoom": np.asarray(0.5 * zoom, dtype=np.float32)}


def _codec_fields(opponent: Floats) -> dict[str, Floats]:
    """Quantise 8 x 8 blocks as JPEG does, chroma at half the size; one transform serves both strengths."""
    half = len(opponent) // 2
    chroma = cv2.resize(opponent[..., 1:], (half, half), interpolation=cv2.INTER_AREA)
    luma, planes = _coefficients(opponent[..., 0]), [_coefficients(chroma[..., one]) for one in range(2)]
    return {
        name: _restored(luma, planes, strength) - opponent
        for name, strength in (("codec", _FINE), ("coarse codec", _COARSE))
    }


def _restored(luma: Floats, chroma: list[Floats], strength: float) -> Floats:
    small = np.stack([_quantised(plane, _CHROMA_TABLE * strength) for plane in chroma], axis=2)
    fine = _quantised(luma, LUMA_TABLE * strength)
    coarse = cv2.resize(small, (len(fine), len(fine)), interpolation=cv2.INTER_LINEAR)
    return np.dstack([fine, coarse])


def _coefficients(plane: Floats) -> Floats:
    """Return the cosine coefficients of every 8 x 8 block: (S, S) -> (blocks, 64)."""
    count = len(plane) // 8
    blocks = plane.reshape(count, 8, count, 8).transpose(0, 2, 1, 3).reshape(-1, 64)
    return np.asarray(blocks @ _cosines().T)


def _quantised(coefficients: Floats, table: Floats) -> Floats:
    """Round coefficients to multiples of the table's entries and turn them back: (blocks, 64) -> (S, S)."""
    step = table.ravel()
    blocks = (np.round(coefficients / step) * step) @ _cosines()
    count = math.isqrt(len(blocks))
    return np.asarray(blocks.reshape(count, count, 8, 8).transpose(0, 2, 1, 3).reshape(8 * count, 8 * count))


def _tone_error(pixels: Floats, width: float) -> Floats:
    return np.minimum(np.round(pixels / width) * width, 255) - pixels


def _shrunk(opponent: Floats, size: int) -> Floats:
    side = len(opponent)
    small = cv2.resize(opponent, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))


def _blended(pixels: Floats, family: str) -> Floats:
    cover, color = _watermark(family, len(pixels))
    return color - cover * pixels


@lru_cache(maxsize=8)
def _cosines() -> Floats:
    """Return the orthonormal DCT-II of 8 x 8 samples, (64, 64)."""
    frequency, sample = np.arange(8)[:, None], np.arange(8)[None, :]
    basis = np.sqrt(0.25) * np.cos(np.pi * (2 * sample + 1) * frequency / 16)
    basis[0] /= np.sqrt(2)
    return np.asarray(np.kron(basis, basis), dtype=np.float32)


@lru_cache(maxsize=8)
def _specks(side: int) -> Floats:
    places = np.arange(side) % _SPECK_SPACING < _SPECK
    return np.asarray((places[:, None] & places[None, :])[..., None], dtype=np.float32)


@lru_cache(maxsize=8)
def _grain(side: int) -> Floats:
    noise = 5.0 * np.random.default_rng(0).standard_normal((side, side, 3), dtype=np.float32)
    return np.asarray(noise @ OPPONENT.T)


@lru_cache(maxsize=8)
def _watermark(family: str, side: int) -> tuple[Floats, Floats]:
    """Return opacity and colour times opacity (side, side, 3) of the strongest level.

    A blend is linear: what it makes of black and of white tells what it makes of any picture.
    """
    distortion = DISTORTIONS[family]
    on_black, on_white = (
        distortion.apply(
            Image(np.full((side, side, 3), value, np.uint8)), distortion.levels, np.random.default_rng(0)
        ).pixels.astype(np.float32)
        for value in (0, 255)
    )
    return np.asarray(1 - (on_white - on_black) / 255, dtype=np.float32), on_black
