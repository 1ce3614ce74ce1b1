"""Tell a difference that codecs and resizing make between two versions of a picture from an edit.

The first version is taken for the original. The difference that the likeliest re-encoding of the original
explains is set aside; what is left is measured, weighed by boosted trees and calibrated on honest re-
encodings. Whether the difference matters to a model is not asked here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from calibration.image import Image, Kernel, quantize_palette, resize
from calibration.opponent import LUMA
from predictor.artifact import ArtifactError
from predictor.boosted_trees import BoostedTrees
from predictor.guarantees.conformal import ConformalCalibration
from predictor.residual.strata import Codec

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Pool = Literal["same_size", "resized"]
Resize = Callable[[Image, int, int, Kernel], Image]  # to a width and a height

PREFIX = "reencoding."
# That honest re-encodings score as high no more often than the p-value says, as if each were of a picture of
# its own: those of one picture are alike, so the bound is a little sharper than that.
CONFIDENCE = 0.8
_BLOCK = 8
_KERNELS: tuple[Kernel, ...] = ("area", "bicubic", "lanczos", "bilinear")
_LOSSLESS_GUESSES = (30, 40, 50, 60, 75, 85, 92)
_PALETTE_SIZES = (64, 128, 256)
_WEBP_GUESSES = (50, 75, 90)


@dataclass(frozen=True)
class ReencodingFinding:
    """How far a difference goes beyond re-encoding."""

    score: float  # log-odds of an edit as learned
    p_value: float  # of "only re-encoded", at `CONFIDENCE`
    unexplained: float  # grey levels, root mean square
    stratum: str  # whose calibration gave the p-value


class ReencodingJudge:
    """The calibrated judge; build it with `from_tensors`."""

    def __init__(self, trees: BoostedTrees, calibration: ConformalCalibration) -> None:
        self.trees = trees
        self._calibration = calibration

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "ReencodingJudge":
        """Build from the arrays under `PREFIX`.

        Raises:
            ArtifactError: Arrays are missing or of another shape.
        """
        arrays = {
            name.removeprefix(PREFIX): value.numpy()
            for name, value in tensors.items()
            if name.startswith(PREFIX)
        }
        strata = {
            name.removeprefix("calibration."): value
            for name, value in arrays.items()
            if name.startswith("calibration.")
        }
        try:
            return cls(BoostedTrees.from_tensors(arrays), ConformalCalibration(strata))
        except (KeyError, ValueError, IndexError) as error:
            raise ArtifactError(f"the re-encoding arrays do not fit this program: {error}") from error

    def to_tensors(self) -> dict[str, Tensor]:
        """Return every array under the names `from_tensors` reads."""
        arrays: dict[str, npt.NDArray[np.generic]] = dict(self.trees.to_tensors())
        arrays |= {f"calibration.{name}": scores for name, scores in self._calibration.scores.items()}
        return {PREFIX + name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}

    def _calibrated(self, original: Image, version: Image, codec: Codec) -> str:
        """Name the calibration for this pair: of its stratum, or of its pool where that has too few."""
        stratum = stratum_of(original, version, codec)
        return stratum if stratum in self._calibration.scores else pool_of(original, version)

    def calibration_sizes(self) -> dict[str, int]:
        """Return how many honest re-encodings calibrate each stratum."""
        return {name: int(scores.size) for name, scores in self._calibration.scores.items()}

    def judge(
        self, original: Image, version: Image, codec: Codec, resized: Resize = resize
    ) -> ReencodingFinding:
        """Judge a version of the picture; `codec` is the version's. Equal pixels get a p-value of 1.

        `resized` may be a `resize` that remembers, for whoever asks about one version again and again.
        """
        stratum = self._calibrated(original, version, codec)
        measured = measure_difference(original, version, codec, resized)
        if measured[0] == 0.0:
            return ReencodingFinding(-np.inf, 1.0, 0.0, stratum)
        score = float(self.trees.log_odds(measured[None])[0])
        p_value = self._calibration.assured_p_value(score, stratum, CONFIDENCE)
        return ReencodingFinding(score, p_value, float(measured[1]), stratum)


def pool_of(original: Image, version: Image) -> Pool:
    """Name all pairs like this one, whatever the version came in."""
    same = (original.width, original.height) == (version.width, version.height)
    return "same_size" if same else "resized"


def stratum_of(original: Image, version: Image, codec: Codec) -> str:
    """Name the pairs like this one whose versions came in such a file.

    Coarse codecs leave far more unexplained than fine ones and none: under one threshold they would hide
    edits in a screenshot or a fine JPEG, and raise nearly all false alarms themselves.
    """
    return f"{pool_of(original, version)} {codec.container}"


def measure_difference(original: Image, version: Image, codec: Codec, resized: Resize = resize) -> Floats:
    """Measure what re-encoding does not explain -> (measures,); the first two are rms before and after."""
    first, second, scale = _aligned(original, version, resized)
    difference = second.astype(np.float32) - first
    explained = _likeliest(first, second, codec, is_resized=scale != 1.0)
    left = _without_sharpness(second.astype(np.float32) - explained, explained)
    before, after = _rms(difference), _rms(left)
    values = [before, after, float(np.log((after + 0.05) / (before + 0.05)))]
    values += _spatial(left @ LUMA, explained @ LUMA)
    values += [_rms(left[..., channel] - left[..., 1]) / (after + 0.1) for channel in (0, 2)]
    values += [float(np.percentile(np.abs(left), 99.9)), float(np.log(scale)), *codec.inputs]
    return np.array(values, dtype=np.float32)


def _aligned(original: Image, version: Image, resized: Resize) -> tuple[Pixels, Pixels, float]:
    """Shrink the larger of the two to the size of the smaller, by the kernel that fits best."""
    scale = (version.width * version.height / (original.width * original.height)) ** 0.5
    if (original.width, original.height) == (version.width, version.height):
        return original.pixels, version.pixels, 1.0
    small, large = (original, version) if scale > 1.0 else (version, original)
    fitted = [resized(large, small.width, small.height, kernel).pixels for kernel in _KERNELS]
    best = min(fitted, key=lambda pixels: _rms(pixels.astype(np.float32) - small.pixels))
    return (original.pixels, best, scale) if scale > 1.0 else (best, version.pixels, scale)


def _likeliest(first: Pixels, second: Pixels, codec: Codec, *, is_resized: bool) -> Floats:
    """Re-encode the original in the likely ways; return the one nearest to the version."""
    candidates = [first.astype(np.float32)]
    turned = cv2.cvtColor(first, cv2.COLOR_RGB2BGR)
    for suffix, options in _guesses(codec, is_resized=is_resized):
        _, data = cv2.imencode(suffix, turned, options)
        decoded = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        candidates.append(decoded.astype(np.float32))
    if codec.is_lossless and not is_resized and _has_palette(second):
        reduced = (quantize_palette(Image(first), size) for size in _PALETTE_SIZES)
        candidates += [picture.pixels.astype(np.float32) for picture in reduced]
    return min(candidates, key=lambda candidate: _rms(second - candidate))


def _has_palette(pixels: Pixels) -> bool:
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    return int(np.unique(packed).size) <= max(_PALETTE_SIZES)


def _guesses(codec: Codec, *, is_resized: bool) -> list[tuple[str, list[int]]]:
    if codec.jpeg_quality is not None:
        return [_jpeg(codec.jpeg_quality, sampling) for sampling in ("420", "444")]
    webp = [(".webp", [cv2.IMWRITE_WEBP_QUALITY, quality]) for quality in _WEBP_GUESSES]
    if not codec.is_lossless:
        return webp
    return [] if is_resized else [_jpeg(quality, "420") for quality in _LOSSLESS_GUESSES] + webp[1:2]


def _jpeg(quality: int, sampling: str) -> tuple[str, list[int]]:
    factor = {
        "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    }[sampling]
    return ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]


def _without_sharpness(left: Floats, explained: Floats) -> Floats:
    """Take out what a little more or less sharpness, as resizing kernels differ, would cause."""
    detail = explained - cv2.blur(explained, (3, 3))
    energy = float((detail * detail).sum())
    if energy == 0.0:
        return left
    amount = np.float32(np.clip(float((left * detail).sum()) / energy, -1.0, 1.0))
    remaining: Floats = left - amount * detail
    return remaining


def _spatial(left: Floats, picture: Floats) -> list[float]:
    """Where the rest lies: codecs err where the picture is busy, in no direction, evenly."""
    side = min(_BLOCK, *left.shape)
    squares, means = _block_means(left * left, side), _block_means(left, side)
    activity = _block_means(np.abs(cv2.Laplacian(picture, cv2.CV_32F)), side)
    flat = activity <= np.percentile(activity, 25)
    wide = cv2.blur(squares.reshape(_grid(left, side)), (4, 4)).ravel()
    levels, busy = np.log(squares + 0.01), np.log(activity + 0.1)
    overall = float(squares.mean()) ** 0.5
    return [
        float(squares[flat].mean()) ** 0.5,
        float(np.abs(means).mean()),
        float(np.abs(means[flat]).mean()),
        float((means * means).mean()) ** 0.5 / (overall + 0.1),
        float(np.log((wide.max() + 0.05) / (np.median(wide) + 0.05))),
        float(np.log((np.percentile(squares, 99) + 0.05) / (np.median(squares) + 0.05))),
        _correlation(levels, busy),
        float((left[:, 1:] * left[:, :-1]).sum() / ((left * left).sum() + 1.0)) if left.shape[1] > 1 else 0.0,
        float(np.log(float(activity.mean()) + 0.1)),
        float(np.mean(levels)),
        float(left.mean()),
    ]


def _block_means(plane: Floats, side: int) -> Floats:
    rows, columns = _grid(plane, side)
    whole = plane[: rows * side, : columns * side]
    means: Floats = whole.reshape(rows, side, columns, side).mean(axis=(1, 3)).ravel()
    return means


def _grid(plane: Floats, side: int) -> tuple[int, int]:
    return plane.shape[0] // side, plane.shape[1] // side


def _correlation(first: Floats, second: Floats) -> float:
    spread = float(first.std() * second.std())
    return float(((first - first.mean()) * (second - second.mean())).mean()) / (spread + 1e-3)


def _rms(values: npt.NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
