"""Make pairs to ask an observer about: photographs, every distortion, levels around the threshold.

Also finds those thresholds for an observer nobody has calibrated, coarsely, by a short pilot.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from calibration.encoders import lossy, reduce_to
from calibration.image import Image, decode, load, resize
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Floats, Pair, PairSet, pair_set
from predictor.views import model_view

PAIRS_PER_CROP = 8
PILOT_LEVELS, PILOT_CROPS = 10, 12
_SHARES = {"single": 0.62, "upstream": 0.15, "delivery": 0.17, "identical": 0.06}
_LARGEST_CROP = 384  # pixels
_SHIFT_TOGETHER, _SHIFT_ALONE = 0.6, 0.5  # spread of made-up models' thresholds, natural logarithm


class Labeller(Protocol):
    """Whoever answers: P(says "different") of each pair."""

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return one probability per pair."""
        ...


def sample_pairs(
    files: Sequence[Path], count: int, *, thresholds: Mapping[str, float], side: int, rng: np.random.Generator
) -> list[Pair]:
    """Make pairs at the model's view from random crops of the photographs.

    Most hold one distortion applied at the view; some a distortion, or rescaling and a codec together,
    applied to a larger picture before the model's own resize; a few are identical.

    Args:
        files: Photographs.
        count: Pairs wanted.
        thresholds: The observer's, in levels: levels are drawn around them.
        side: Of the model's view, pixels.
        rng: Decides everything.
    """
    pairs: list[Pair] = []
    while len(pairs) < count:
        path = files[int(rng.integers(len(files)))]
        crop = random_crop(load(path), rng, least=side)
        for _ in range(min(PAIRS_PER_CROP, count - len(pairs))):
            kind = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
            pairs.append(_make_pair(kind, crop, path.name, thresholds, side=side, rng=rng))
    return pairs


def label_pairs(pairs: Sequence[Pair], labeller: Labeller) -> PairSet:
    """Ask about every pair."""
    shifts = np.zeros((len(pairs), len(FAMILIES)), dtype=np.float32)
    return pair_set(pairs, shifts, np.asarray(labeller.label(pairs), dtype=np.float32))


def made_up_models(pairs: Sequence[Pair], answers: PairSet, rng: np.random.Generator) -> PairSet | None:
    """Turn the observer's answers into those of models with other thresholds.

    A model whose threshold is s times the observer's answers at level s * L as the observer does at L. So the
    same crop is rendered at s * L and keeps its answer: conditioning on a profile is learned without a query.
    """
    shifted: list[Pair] = []
    shifts: list[Floats] = []
    kept: list[float] = []
    for pair, probability in zip(pairs, answers.probabilities, strict=True):
        shift = rng.normal(0, _SHIFT_TOGETHER) + rng.normal(0, _SHIFT_ALONE, len(FAMILIES))
        moved = _shift_pair(pair, float(np.exp(shift[pair.family])), rng)
        if moved is not None:
            shifted.append(moved)
            shifts.append(shift.astype(np.float32))
            kept.append(float(probability))
    if not shifted:
        return None
    return pair_set(shifted, np.stack(shifts), np.array(kept, dtype=np.float32))


def pilot_thresholds(
    files: Sequence[Path],
    labeller: Labeller,
    names: Iterable[str],
    *,
    side: int,
    rng: np.random.Generator,
    crops: int = PILOT_CROPS,
) -> dict[str, float]:
    """Find about where the observer starts to notice each of these distortions, in levels.

    Takes ten levels, log-spaced over the whole range, on the same crops; the threshold is where the mean
    answer crosses one half, the strongest level if it never does.
    """
    pictures = [model_view(random_crop(load(path), rng, least=side), side) for path in files[:crops]]
    found: dict[str, float] = {}
    for name in names:
        family = FAMILIES.index(name)
        levels = np.geomspace(0.1, DISTORTIONS[name].levels, PILOT_LEVELS)
        pairs = [
            Pair(picture, distort_view(picture, name, level, rng), str(index), family, level)
            for level in levels
            for index, picture in enumerate(pictures)
        ]
        means = np.asarray(labeller.label(pairs)).reshape(len(levels), len(pictures)).mean(axis=1)
        found[name] = _crossing(levels, np.maximum.accumulate(means))
    return found


def random_crop(photo: Image, rng: np.random.Generator, *, least: int) -> Image:
    """Cut a square of random size, at least `least` pixels where the photograph allows, perhaps mirrored."""
    short = min(photo.width, photo.height)
    low, high = min(least, short), min(_LARGEST_CROP, short)
    size = round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))
    top, left = int(rng.integers(photo.height - size + 1)), int(rng.integers(photo.width - size + 1))
    square = photo.pixels[top : top + size, left : left + size]
    return Image(np.ascontiguousarray(square[:, ::-1] if rng.random() < 0.5 else square))


def _make_pair(
    kind: str,
    crop: Image,
    photo: str,
    thresholds: Mapping[str, float],
    *,
    side: int,
    rng: np.random.Generator,
) -> Pair:
    seen = model_view(crop, side)
    if kind == "identical":
        return Pair(seen, seen, photo, NO_FAMILY, 0.0)
    if kind == "delivery":
        return Pair(seen, model_view(_deliver(crop, rng), side), photo, NO_FAMILY, 0.0)
    family = int(rng.integers(len(FAMILIES)))
    name = FAMILIES[family]
    octaves = rng.uniform(-2, 2) if kind == "single" else rng.uniform(-1, 3)
    level = float(np.clip(thresholds[name] * 2.0**octaves, 0.02, DISTORTIONS[name].levels))
    if kind == "single":
        return Pair(seen, distort_view(seen, name, level, rng), photo, family, level)
    return Pair(seen, model_view(distort_view(crop, name, level, rng), side), photo, family, 0.0)


def distort_view(picture: Image, name: str, level: float, rng: np.random.Generator) -> Image:
    """Apply one distortion; rescaling leaves a small picture, which the model's own resize brings back."""
    distorted = DISTORTIONS[name].apply(picture, level, rng)
    return resize(distorted, picture.width, picture.height, "bicubic")


def _deliver(crop: Image, rng: np.random.Generator) -> Image:
    """Do what the gateway does: shrink, then encode; at lower qualities, too, so that damage is learned."""
    scale = float(rng.choice([1.0, 0.75, 0.5, 0.35, 0.25]))
    size = max(8, round(crop.width * scale))
    codecs = lossy()
    encoder = codecs[int(rng.integers(len(codecs)))]
    return decode(encoder.encode(reduce_to(crop, size, size), int(rng.integers(10, 98)))).image


def _shift_pair(pair: Pair, factor: float, rng: np.random.Generator) -> Pair | None:
    """Render the pair at `factor` times its level; None where that is impossible or shows nothing."""
    level = pair.level * factor
    if pair.level == 0 or not 0 < level <= DISTORTIONS[FAMILIES[pair.family]].levels:
        return None
    distorted = distort_view(pair.reference, FAMILIES[pair.family], level, rng)
    if np.array_equal(distorted.pixels, pair.reference.pixels):
        return None
    return Pair(pair.reference, distorted, pair.photo, pair.family, level)


def _crossing(levels: npt.NDArray[np.float64], means: npt.NDArray[np.float64]) -> float:
    if means[-1] < 0.5:
        return float(levels[-1])
    index = int(np.argmax(means >= 0.5))
    if index == 0:
        return float(levels[0])
    share = (0.5 - means[index - 1]) / (means[index] - means[index - 1])
    return float(np.exp(np.interp(share, [0, 1], np.log(levels[index - 1 : index + 1]))))
