"""Tell a picture with something spread over it from another take, copy or retouch of the same picture.

What separates them is whose the difference is. A query of an attack is a known picture *plus* noise, stripes
or patches that owe the picture nothing: in any band of frequencies the difference is uncorrelated with the
known picture, and as strong on calm ground as on busy ground. Two takes of one scene share the noise of both,
and whatever moved is as strong before as after: half of the difference is the known picture's. Codecs and
resizing take away what was there, sharpening strengthens it, and all of them work where the picture is busy.
Whether people see the difference is not asked, nor whether one such picture means anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels, row_of
from calibration.image import Image, Kernel, resize
from gateway.detection.alignment import overlay
from gateway.detection.protocol import Examined
from gateway.detection.stored_again import SAMPLINGS, stored_as_jpeg
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

# Fitted on crops of four development photographs (attacks, cameras, copies), each limit about half-way.
_MOST_SHARED = (
    0.22  # attacks -.06 to .2; takes .48, .25 and more where the first was compressed more; copies .4
)
# Where neither codec nor kernel is in the way: attacks .14 and less; a camera's takes of which the first was
# compressed .15 and more in one of the two bands.
_MOST_SHARED_LOSSLESS = 0.14
_MOST_NEGATIVE = -0.35  # sharpened: -1.4 and less
_LEAST_EVEN = 0.45  # attacks .5 to 1.1, copies .5 and less, moved takes .27 and less
_LEAST_EVEN_RESAMPLED = (0.58, 0.7)  # finer: attacks .6 and more, copies .55 and less; coarser: .83 and .6
_LEAST_SPREAD = 0.25  # of the area; carets, words and hovered rows are less
_LEAST_LEVELS = 0.15  # grey levels rms: a flip of every fiftieth pixel
_LEAST_LEVELS_RESAMPLED = 1.0  # what nine kernels leave where the picture is calm is less, where as even
_SHARPNESS = (0.6, 1.5)  # one kernel's over another's; at 0 all of a take's noise would pass for added
_MOST_LEVELS = 60.0  # 95th percentile: what replaces the picture is no query near it
_SURE = 2.0  # standard errors
_BLOCK = 16  # pixels
_BANDS = ((0.0, 1.5), (1.0, 3.0))  # standard deviations of blur: finer, coarser; 0: none
_KERNELS: tuple[Kernel, ...] = ("area", "bicubic", "lanczos", "bilinear")
_LEAST_BLOCKS = 24
_ASKED = 4  # pairs that are remembered


@dataclass(frozen=True)
class AddedNoise:
    """How a difference is spread, and whose it is, in the band that tells most."""

    levels: float  # grey levels rms on calm ground
    shared: float  # 0: added to the known picture; .5: both have their own; 1 and more: taken from it
    evenness: float  # strength on calm ground over that on busy ground, in power
    spread: float  # share of the area that differs, 0..1
    is_added: bool  # spread over the picture, and none of its own
    is_own: bool = False  # certainly the known picture's in part


NoiseMeasure = Callable[[Image, Image, Codec], AddedNoise | None]  # as `added_noise` measures it


def remembering_measure(_examined: Examined) -> NoiseMeasure:
    """Return an `added_noise` that measures a pair once, for all who ask while an image is examined."""
    return lru_cache(maxsize=_ASKED)(added_noise)


def added_noise(original: Image, version: Image, codec: Codec) -> AddedNoise | None:
    """Measure what a version has beyond the known picture, re-encoded and laid over it.

    Args:
        original: The known picture, as remembered.
        version: The newcomer, at the size at which pictures are remembered, or smaller.
        codec: The newcomer's.

    Returns:
        None where the two have too little in common, or nothing differs.
    """
    is_resampled = (original.width, original.height) != (version.width, version.height)
    most_shared = _MOST_SHARED_LOSSLESS if codec.is_lossless and not is_resampled else _MOST_SHARED
    in_place = _measured(
        *_same_size(original, version, codec), is_resampled=is_resampled, most_shared=most_shared
    )
    if in_place is None or in_place.is_added or in_place.spread < _LEAST_SPREAD:
        return in_place
    if in_place.evenness >= _LEAST_EVEN:  # nothing has moved: edges would differ most
        return in_place
    if codec.jpeg_quality is not None and not is_resampled:  # a film: its codec adds noise of its own
        return in_place
    laid = overlay(original, version)
    if laid is None or not (laid.is_exact or codec.is_lossless):
        return in_place
    stored = _encoded(laid.pixels, version.pixels, codec)
    aligned = _measured(
        stored, version.pixels, laid.covered, is_resampled=not laid.is_exact, most_shared=_MOST_SHARED
    )
    return aligned if aligned is not None and aligned.is_added else in_place


def _same_size(original: Image, version: Image, codec: Codec) -> tuple[Pixels, Pixels]:
    """Shrink the larger to the smaller by the kernel that fits best; encode the original as the version."""
    if (original.width, original.height) == (version.width, version.height):
        return _encoded(original.pixels, version.pixels, codec), version.pixels
    small, large = sorted((original, version), key=lambda image: image.width * image.height)
    fitted = [resize(large, small.width, small.height, kernel).pixels for kernel in _KERNELS]
    fitted += [_sampled(large, small, kernel) for kernel in (cv2.INTER_LINEAR, cv2.INTER_CUBIC)]
    best = min(fitted, key=lambda pixels: cv2.norm(pixels, small.pixels, cv2.NORM_L1))
    if small is original:
        return original.pixels, best
    return _encoded(best, version.pixels, codec), version.pixels


def _sampled(large: Image, small: Image, kernel: int) -> Pixels:
    """Resize as much code for networks does: without a filter against aliasing."""
    resized = cv2.resize(large.pixels, (small.width, small.height), interpolation=kernel)
    return np.asarray(resized, dtype=np.uint8)


def _encoded(pixels: Pixels, version: Pixels, codec: Codec) -> Pixels:
    """Store the known picture as the version was: what its codec takes away, nobody added."""
    if codec.jpeg_quality is None:
        return pixels
    stored = [pixels, *(stored_as_jpeg(pixels, codec.jpeg_quality, factor) for factor in SAMPLINGS)]
    return min(stored, key=lambda each: cv2.norm(each, version, cv2.NORM_L2SQR))


def _measured(
    first: Pixels,
    second: Pixels,
    covered: Mask | None = None,
    *,
    is_resampled: bool,
    most_shared: float,
) -> AddedNoise | None:
    if not cv2.absdiff(first, second).any():
        return None
    after = second.astype(np.float32)
    before = _toned(first.astype(np.float32), after)
    size = tuple(max(1, length // _BLOCK) for length in first.shape[:2])
    whole = np.ones(size, dtype=np.bool_)
    if covered is not None:
        whole = _block_means(covered.astype(np.float32)) >= 1.0
    largest = _block_means(furthest_of_channels(after - before))[whole]
    finer, coarser = (
        _in_band(_blocks(before, after, band, whole, is_resampled=is_resampled), largest, most_shared)
        for band in _BANDS
    )
    # What only the finest grain says, a codec may have taken from the known picture; the rest of it tells.
    if finer.is_own or coarser.is_own:
        return replace(finer, is_added=False)
    return coarser if coarser.is_added and not finer.is_added else finer


@dataclass(frozen=True, eq=False)
class _Blocks:
    """What lies in one band, block by block (blocks,), in squared grey levels."""

    changed: Floats
    shared: Floats  # of the change with the known picture
    activity: Floats  # of the calmer version
    least: float  # that counts as a change
    least_even: float


def _blocks(
    before: Floats, after: Floats, band: tuple[float, float], whole: Mask, *, is_resampled: bool
) -> _Blocks:
    first, second = (_band(picture, *band) for picture in (before, after))
    own, other, both = (_power(*pair)[whole] for pair in ((first, first), (second, second), (first, second)))
    activity = np.minimum(own, other)
    gain = np.float32(1.0)
    if is_resampled and activity.size:  # kernels are unlike in sharpness; busy ground tells how
        busy = activity >= np.percentile(activity, 75)
        gain = np.float32(np.clip(both[busy].sum() / max(float(own[busy].sum()), 1e-6), *_SHARPNESS))
    changed = other - 2 * gain * both + gain * gain * own
    if is_resampled:
        least, least_even = _LEAST_LEVELS_RESAMPLED, _LEAST_EVEN_RESAMPLED[band == _BANDS[1]]
    else:
        least, least_even = _LEAST_LEVELS, _LEAST_EVEN
    return _Blocks(changed, both - gain * own, activity, least=3 * least**2, least_even=least_even)


def _in_band(blocks: _Blocks, largest: Floats, most_shared: float) -> AddedNoise:
    changed = blocks.changed
    differs = np.zeros(changed.shape, dtype=np.bool_)
    if changed.size:
        differs = changed > max(blocks.least, 0.05 * float(np.percentile(changed, 90)))
    spread = float(differs.mean()) if changed.size else 0.0
    if int(differs.sum()) < _LEAST_BLOCKS:
        return AddedNoise(0.0, 0.5, 0.0, spread, is_added=False)
    changed, shared, activity = changed[differs], blocks.shared[differs], blocks.activity[differs]
    calm = activity <= np.median(activity)
    total = float(changed[calm].sum())
    part, error = -float(shared[calm].sum()) / total, float(np.sqrt(np.square(shared[calm]).sum())) / total
    evenness = float(np.median(changed[calm]) / changed[~calm].mean()) if (~calm).any() else 1.0
    is_added = (
        spread >= _LEAST_SPREAD
        and evenness >= blocks.least_even
        and part <= most_shared
        and part + _SURE * error <= _MOST_SHARED
        and part - _SURE * error >= _MOST_NEGATIVE
        and float(np.percentile(largest[differs], 95)) <= _MOST_LEVELS
    )
    is_own = spread >= _LEAST_SPREAD and part - error > most_shared
    levels = float(total / calm.sum() / 3) ** 0.5
    return AddedNoise(levels, part, evenness, spread, is_added, is_own)


def _power(first: Floats, second: Floats) -> Floats:
    """Mean product in each block, summed over channels (rows, columns)."""
    return np.asarray(_block_means(first * second).sum(axis=2), dtype=np.float32)


def _block_means(plane: Floats) -> Floats:
    """Average whole blocks; what is left at the right and the bottom is not looked at."""
    rows, columns = (max(1, length // _BLOCK) for length in plane.shape[:2])
    kept = plane[: rows * _BLOCK, : columns * _BLOCK]
    return np.asarray(cv2.resize(kept, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _band(picture: Floats, finest: float, coarsest: float) -> Floats:
    fine = picture if finest == 0.0 else cv2.GaussianBlur(picture, (0, 0), finest)
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), coarsest), dtype=np.float32)


def _toned(before: Floats, after: Floats) -> Floats:
    """Bring light and contrast of each channel to the version's: a straight line over blurred pixels."""
    rough, other = (cv2.blur(picture, (9, 9)).reshape(-1, 3)[::7] for picture in (before, after))
    lines = [_line(rough[:, channel], other[:, channel]) for channel in range(3)]
    gain, offset = (np.array(each, dtype=np.float32) for each in zip(*lines, strict=True))
    width = before.shape[1]
    return before * row_of(gain, width) + row_of(offset, width)


def _line(before: Floats, after: Floats) -> tuple[float, float]:
    kept = (before > _CLIPPED) & (before < 255 - _CLIPPED)
    if kept.sum() < _FEW:
        return 1.0, 0.0
    before, after = before[kept], after[kept]
    variance = float(before.var())
    gain = float(np.cov(before, after)[0, 1]) / variance if variance > _FLAT else 1.0
    if not 1 / _MOST_GAIN < gain < _MOST_GAIN:
        gain = 1.0
    return gain, float(after.mean() - gain * before.mean())


_CLIPPED = 10.0  # grey levels from black and white
_FEW = 50  # pixels
_FLAT = 25.0  # grey levels squared
_MOST_GAIN = 2.0
