"""Does more damage ever look like less to the predictor, and does a pair mean the same in either order?

Photographs nobody trained on: Kodak 13-16 and the last eight of BIQ2021 in ../shared/data, and five of
scikit-image (these alone where ../shared is missing). Every registered distortion at six levels up to the
strongest, for a model measured, one published and one nobody knows. A step shrinks where the more damaged
version gets a smaller jnd_ratio, by more than rounding (beside it: of those, where the pixels do differ
more; and how many pairs have the largest ratio, which cannot shrink); the order matters where jnd_ratio of
(a, b) and (b, a) differ.

The last line is JSON. Takes about two minutes on one core.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage import data

from calibration.image import Image, fit_within, load, resize
from calibration.known_profiles import resolve_profile
from calibration.profile import JndProfile
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import photo_files
from predictor.noticeability.model import LARGEST_RATIO
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

SHARED = Path(__file__).parents[3] / "shared" / "data" / "photos"
MODELS = ("embedded", "gpt-4o", "unknown")
SHARES = (0.06, 0.12, 0.25, 0.5, 0.75, 1.0)  # of the strongest level
HELD_OUT_KODAK = ("13", "14", "15", "16")
LONGEST_SIDE = 512  # pixels, of what is shown
ROUNDING, MUCH = 1e-6, 0.05  # of jnd_ratio
LEAST = 1e-6  # of jnd_ratio: less is nothing


@dataclass(frozen=True)
class Sweep:
    """One picture under one distortion, from least to most damage."""

    distortion: str
    picture: Image
    damaged: Sequence[Image]


@dataclass(frozen=True)
class Ratios:
    """What a model is predicted to see of one sweep, in either order."""

    distortion: str
    forwards: np.ndarray
    backwards: np.ndarray
    grows: np.ndarray  # per step: whether the pixels differ more than before

    @property
    def steps(self) -> np.ndarray:
        """Return how much each step grows, in shares of the one before; 0 from nothing to nothing."""
        before = np.maximum(self.forwards[:-1], LEAST)
        return np.diff(self.forwards) / before

    @property
    def asymmetry(self) -> np.ndarray:
        """Return |ln| of the ratio between both orders."""
        forwards, backwards = (np.maximum(one, LEAST) for one in (self.forwards, self.backwards))
        return np.abs(np.log(forwards / backwards))


def photographs() -> list[Image]:
    """Load photographs nobody trained on, none larger than `LONGEST_SIDE`."""
    grey = np.repeat(data.camera()[..., None], 3, axis=2)
    colours = (data.astronaut(), data.chelsea(), data.coffee(), data.rocket())
    bundled = [Image(np.ascontiguousarray(pixels)) for pixels in (*colours, grey)]
    if not SHARED.is_dir():
        print(f"{SHARED} is missing: {len(bundled)} photographs only", file=sys.stderr)
        return [fit_within(picture, LONGEST_SIDE) for picture in bundled]
    kodak = [path for path in photo_files(SHARED / "kodak") if any(n in path.stem for n in HELD_OUT_KODAK)]
    files = [*kodak, *photo_files(SHARED / "biq2021")[-8:]]
    return [fit_within(picture, LONGEST_SIDE) for picture in (*bundled, *map(load, files))]


def sweeps(pictures: Sequence[Image]) -> list[Sweep]:
    """Damage every picture by every distortion, the same places and noise at every level."""
    return [
        Sweep(
            name,
            picture,
            [
                distortion.apply(picture, share * distortion.levels, np.random.default_rng(number))
                for share in SHARES
            ],
        )
        for number, picture in enumerate(pictures)
        for name, distortion in DISTORTIONS.items()
    ]


def ask(predictor: Predictor, profile: JndProfile, sweep: Sweep) -> Ratios:
    """Predict both orders of every pair."""
    forwards = [predictor.compare(sweep.picture, damaged, profile) for damaged in sweep.damaged]
    backwards = [predictor.compare(damaged, sweep.picture, profile) for damaged in sweep.damaged]
    both = (np.array([one.jnd_ratio for one in found]) for found in (forwards, backwards))
    return Ratios(sweep.distortion, *both, _grows(sweep))


def _grows(sweep: Sweep) -> np.ndarray:
    """Tell per step whether the pixels differ more: some damage, as of sampling grids, comes and goes."""
    original = sweep.picture.pixels.astype(np.float64)
    errors = [
        np.square(resize(one, sweep.picture.width, sweep.picture.height).pixels - original).mean()
        for one in sweep.damaged
    ]
    return np.diff(errors) > 0


def judge(found: Sequence[Ratios]) -> dict[str, object]:
    """Count steps that shrink, and measure how far the orders lie apart."""
    steps = np.concatenate([one.steps for one in found])
    asymmetry = np.concatenate([one.asymmetry for one in found])
    grows = np.concatenate([one.grows for one in found])
    ratios = np.concatenate([one.forwards for one in found])
    shrinking = Counter(one.distortion for one in found for step in one.steps if step < -ROUNDING)
    return {
        "steps": len(steps),
        "shrink": int((steps < -ROUNDING).sum()),
        "shrink_by_more_than_5_percent": int((steps < -MUCH).sum()),
        "shrink_though_pixels_differ_more": int((grows & (steps < -ROUNDING)).sum()),
        "at_the_largest_ratio": round(float((ratios >= LARGEST_RATIO - ROUNDING).mean()), 4),
        "worst_step": round(float(steps.min()), 4),
        "by_distortion": dict(shrinking.most_common()),
        "order_asymmetry_median": round(float(np.median(asymmetry)), 4),
        "order_asymmetry_largest": round(float(asymmetry.max()), 4),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifact", type=Path)
    options = parser.parse_args()
    use_one_thread()
    predictor, shown = Predictor.load(options.artifact), sweeps(photographs())
    figures = {
        model: judge([ask(predictor, resolve_profile(model), sweep) for sweep in shown]) for model in MODELS
    }
    print(json.dumps({"benchmark": "monotonicity", "artifact": predictor.version, **figures}))


if __name__ == "__main__":
    main()
