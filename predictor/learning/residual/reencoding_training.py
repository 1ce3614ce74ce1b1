"""Train and calibrate the judge of re-encodings: honest deliveries of a picture against small edits of it.

Training only; `training` stores its result beside the residual detector's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier

from calibration.image import Image, fit_within
from calibration.stimuli.registry import DISTORTIONS
from predictor.boosted_trees import BoostedTrees
from predictor.guarantees.conformal import calibrate
from predictor.learning.residual.bank import AttackedPicture, rescaled
from predictor.learning.residual.benign_pictures import palette, recompress, recompress_webp, shrink
from predictor.learning.residual.encodings import Encoding, draw_encoding, draw_webp, store
from predictor.learning.residual.forging import FORGERS, forge
from predictor.learning.residual.pictures import fitted
from predictor.learning.tree_export import export_trees
from predictor.residual.reencoding import (
    Floats,
    Pool,
    ReencodingJudge,
    measure_difference,
    pool_of,
    stratum_of,
)
from predictor.residual.strata import Codec

Pixels = npt.NDArray[np.uint8]
Edit = Callable[[Pixels, np.random.Generator], Pixels]

_SIDE = 320  # pixels: enough to tell a re-encoding from an edit
_POOLS: tuple[Pool, ...] = ("same_size", "resized")
_WEBP_ONCE_MORE = 8  # in so many deliveries
_FEWEST = 400  # deliveries of a stratum that is calibrated by itself
_STIMULI = {"brightness": 12, "saturation": 15, "contrast": 15, "noise": 8, "mask": 6, "qr": 12, "text": 12}


@dataclass(frozen=True, eq=False)
class Pair:
    """An original and a version of it."""

    original: Image
    version: Image
    codec: Codec  # of the version


def train_judge(
    train: Sequence[Pixels], bank: Sequence[AttackedPicture], *, each: int, rng: np.random.Generator
) -> BoostedTrees:
    """Fit on `each` deliveries and edits of every picture."""
    rows, labels = [], []
    for pixels in train:
        seen = pixels[:_SIDE, :_SIDE]
        for _ in range(each):
            for pair, is_edit in ((deliver(seen, rng), 0), (edit(seen, bank, rng), 1)):
                rows.append(measure_difference(pair.original, pair.version, pair.codec))
                labels.append(is_edit)
    model = GradientBoostingClassifier(
        n_estimators=200, max_depth=4, learning_rate=0.07, subsample=0.5, min_samples_leaf=15, random_state=0
    )
    return export_trees(model.fit(np.stack(rows), labels))


def calibrate_judge(
    trees: BoostedTrees, pictures: Sequence[Pixels], *, each: int, rng: np.random.Generator
) -> ReencodingJudge:
    """Calibrate on `each` deliveries of pictures that the trees never saw, by stratum and over all strata."""
    scores: dict[str, list[float]] = {name: [] for name in _POOLS}
    for pixels in pictures:
        seen = pixels[:_SIDE, :_SIDE]
        # WebP comes seldom, and its strata need as many as the others to say how rare a score is.
        for encoding in (*[None] * each, *(draw_webp(rng) for _ in range(each // _WEBP_ONCE_MORE))):
            pair = deliver(seen, rng, encoding)
            row = measure_difference(pair.original, pair.version, pair.codec)
            score = _score(trees.log_odds(row[None]))
            scores[pool_of(pair.original, pair.version)].append(score)
            scores.setdefault(stratum_of(pair.original, pair.version, pair.codec), []).append(score)
    return ReencodingJudge(
        trees, calibrate({name: of for name, of in scores.items() if name in _POOLS or len(of) >= _FEWEST})
    )


def deliver(pixels: Pixels, rng: np.random.Generator, encoding: Encoding | None = None) -> Pair:
    """Re-encode, resize or both, as honest senders do; sometimes the original is only kept shrunk.

    How the version is stored is drawn, unless `encoding` says it.
    """
    original = _received(pixels, rng)
    version = original.pixels
    for treatment, share in (
        (_resized, 0.4),
        (recompress_aligned, 0.3),
        (recompress_webp, 0.1),
        (palette, 0.04),
    ):
        if rng.random() < share:
            version = treatment(version, rng)
    return _pair(original, version, encoding or draw_encoding(rng), rng)


def edit(pixels: Pixels, bank: Sequence[AttackedPicture], rng: np.random.Generator) -> Pair:
    """Put something small in, then deliver the picture, re-encoded or not."""
    original = _received(pixels, rng)
    if rng.random() < 0.35:
        version = _perturb(original.pixels, bank, rng)
    else:
        names = list(EDITS)
        version = EDITS[names[int(rng.integers(0, len(names)))]](original.pixels, rng)
    if rng.random() < 0.2:
        version = _resized(version, rng)
    encoding = draw_encoding(rng) if rng.random() < 0.6 else Encoding(Codec(is_lossless=True))
    return _pair(original, version, encoding, rng)


def recompress_aligned(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Give the picture a JPEG past without moving it."""
    again = recompress(pixels, rng)
    return again if again.shape == pixels.shape else pixels


def _received(pixels: Pixels, rng: np.random.Generator) -> Image:
    return Image(store(pixels, draw_encoding(rng)))


def _pair(original: Image, version: Pixels, encoding: Encoding, rng: np.random.Generator) -> Pair:
    stored = Image(store(version, encoding))
    kept = fit_within(original, int(rng.choice([192, 256, 320]))) if rng.random() < 0.3 else original
    return Pair(kept, stored, encoding.codec)


def _resized(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    if rng.random() < 0.7:
        return shrink(pixels, rng)
    scale = rng.uniform(1.1, 2.0)
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    kernel = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), dtype=np.uint8)


def _perturb(pixels: Pixels, bank: Sequence[AttackedPicture], rng: np.random.Generator) -> Pixels:
    shape, eps = pixels.shape[:2], float(rng.choice([2, 4, 8, 16]))
    if rng.random() < 0.6 and bank:
        added = fitted(rescaled(bank[int(rng.integers(0, len(bank)))], eps), shape, rng)
    else:
        added = forge(str(rng.choice(list(FORGERS))), shape, eps=eps, rng=rng)
    attacked: Pixels = np.clip(pixels + added, 0, 255).astype(np.uint8)
    return attacked


def _spot(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Tint a soft-edged spot."""
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = rng.uniform(0.1, 0.9, 2) * (height, width)
    reach = rng.uniform(0.04, 0.25) * min(height, width)
    weight = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * reach**2))[..., None]
    tint = rng.uniform(3, 25) * rng.uniform(-1, 1, 3)
    tinted: Pixels = np.clip(np.rint(pixels + weight * tint), 0, 255).astype(np.uint8)
    return tinted


def _patch(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Copy a part of the picture faintly or fully onto another place."""
    height, width = pixels.shape[:2]
    rows, columns = (int(rng.integers(8, max(9, side // 4))) for side in (height, width))
    tops, lefts = rng.integers(0, height - rows, 2), rng.integers(0, width - columns, 2)
    copied = pixels[tops[0] : tops[0] + rows, lefts[0] : lefts[0] + columns].astype(np.float32)
    result = pixels.copy()
    target = result[tops[1] : tops[1] + rows, lefts[1] : lefts[1] + columns]
    share = rng.uniform(0.05, 1.0)
    target[:] = np.rint(target + share * (copied - target)).astype(np.uint8)
    return result


def _stimulus(name: str, highest: int) -> Edit:
    def apply(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        return DISTORTIONS[name].apply(Image(pixels), float(rng.uniform(0.5, highest)), rng).pixels

    return apply


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "spot": _spot,
        "patch": _patch,
        **{name: _stimulus(name, highest) for name, highest in _STIMULI.items()},
    }
)


def _score(values: Floats) -> float:
    return float(values[0])
