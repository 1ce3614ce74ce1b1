"""Find text that a later frame of a file has and its first has not, too faint for anybody to see.

A caption that fades in is faint at first and plain at last; here no frame shows it. Only short animations are
looked at: long ones have frames enough to be read in other ways.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image_source import DecodeLimits
from calibration.second_looks import animation
from gateway.detection.glyph_rows import letters_in_rows

MOST_FRAMES = 8

Levels = npt.NDArray[np.float32]

_SIDE = 512  # pixels: letters are legible, whatever the shape
_MOST_PIXELS = 64_000_000
_LETTERS = 16  # in rows: more than a name
_FAINT, _SEEN = 3.0, 32.0  # grey levels: what codecs change, what people see
_NOISE, _SURROUND = 1.0, 8.0  # pixels, sigma
# Previews of made pages of text by three kernels .91 and more, with faint words on top .83 and less; faint
# words alone, on pages and photographs, .33 and less.
_OF_EDGES, _EDGE = 0.88, 0.2  # correlation of local strength; share of the strongest, where there is an edge
_DRAWN, _SAME = 0.9, 0.5  # quantile of the change from which it is drawn; correlation


def faint_letters(data: bytes) -> int | None:
    """Return which frame, from 2, holds text that no frame shows plainly; None where none does."""
    greys = greys_of(data, MOST_FRAMES)
    # A frame that follows a plain one may hold its traces, by the codec or by the palette.
    return None if any(_seen(greys)) else faint_letters_among(greys)


def faint_letters_among(greys: Sequence[Levels]) -> int | None:
    """Do the same for pictures that are stored each by itself: a plain one beside them explains no other.

    Args:
        greys: Decoded, grey, of one size (H, W).
    """
    if len(greys) < 2:
        return None
    first, is_seen = greys[0], _seen(greys)
    plain = [first, *(other for other, seen in zip(greys, is_seen, strict=True) if seen)]
    for number, other in enumerate(greys[1:], 2):
        if is_seen[number - 1]:
            continue
        change = _off_its_edges(first, _change(first, other))
        if np.ptp(change) < _FAINT or letters_of(change) < _LETTERS:
            continue
        if not any(_is_on(shown, change) for shown in plain):
            return number
    return None


def _seen(greys: Sequence[Levels]) -> list[bool]:
    """Tell which pictures differ from the first by what people see."""
    return [float(np.quantile(np.abs(other - greys[0]), 0.999)) > _SEEN for other in greys]


def letters_on(greys: Sequence[Levels], number: int) -> int:
    """Count the letters in rows on one frame, counted from 1; 0 where it could not be decoded."""
    return letters_of(greys[number - 1]) if len(greys) >= number else 0


def greys_of(data: bytes, most: int) -> list[Levels]:
    """Decode up to `most` frames as small grey pictures (512, 512); fewer where one is damaged."""
    shown = animation(data, DecodeLimits(), side=_SIDE, most_pixels=_MOST_PIXELS, most_frames=max(most, 2))
    frames = () if shown is None else shown.frames
    return [cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in frames]


def _change(first: Levels, other: Levels) -> Levels:
    """Return the change that is no part of the first picture: blending in lowers its contrast as well."""
    change = other - first
    centred = first - first.mean()
    gain = float((centred * change).sum() / max(float(np.square(centred).sum()), 1.0))
    return np.asarray(cv2.GaussianBlur(change - gain * centred, (0, 0), _NOISE), dtype=np.float32)


def _off_its_edges(first: Levels, change: Levels) -> Levels:
    """Leave a change alone that is where the first picture has edges: another kernel shrank its preview.

    Where all of it is there, that is; what lies beside them is looked at all the same.
    """
    energies = [_energy(each) for each in (first, change)]
    if min(float(each.std()) for each in energies) == 0.0:
        return change
    if float(np.corrcoef(energies[0].ravel(), energies[1].ravel())[0, 1]) < _OF_EDGES:
        return change
    is_edge = energies[0] > _EDGE * float(np.quantile(energies[0], 0.95))
    left = np.asarray(np.where(is_edge, np.float32(0), change), dtype=np.float32)
    return left if np.ptp(left) >= 2 * _FAINT else np.zeros_like(left)  # the rims of what was taken out


def _energy(levels: Levels) -> Levels:
    detail = levels - cv2.GaussianBlur(levels, (0, 0), _SURROUND)
    return np.asarray(np.sqrt(cv2.GaussianBlur(np.square(detail), (0, 0), 2 * _NOISE)), dtype=np.float32)


def _is_on(shown: Levels, change: Levels) -> bool:
    """Tell whether what changes is drawn on a picture as well.

    On the first its palette or light is another now; where it is plain on a later one it fades in.
    """
    details = [each - cv2.GaussianBlur(each, (0, 0), _SURROUND) for each in (shown, change)]
    where = np.abs(details[1]) > np.quantile(np.abs(details[1]), _DRAWN)
    drawn = [detail[where] for detail in details]
    if min(float(each.std()) for each in drawn) == 0.0:  # a blank picture shows nothing
        return False
    return abs(float(np.corrcoef(*drawn)[0, 1])) > _SAME


def letters_of(levels: Levels) -> int:
    """Count the letters in rows on either side of the middle of a small grey picture (H, W)."""
    low, high = np.quantile(levels, (0.001, 0.999))
    scaled = np.clip((levels - low) * (255 / max(float(high - low), 1e-3)), 0, 255).astype(np.uint8)
    middle, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return max(letters_in_rows(mask) for mask in (scaled > middle, scaled <= middle))
