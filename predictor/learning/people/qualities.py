"""Learn at which codec quality people start to notice, from what the metric says of each quality.

    python -m predictor.learning.people.qualities --images DIR --pictures N --out LADDERS.npz

A picture is encoded at a ladder of qualities. People's chance of noticing is logistic in the metric's
score, and between two rungs the score is taken as straight; so two scores are read off: that at which half
notice, and that at which careful people do. The second is what a compressor asks for: effects are learned
of the strength there, moved to the middle by the usual steepness, so that a curve served is right where it
is used.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from calibration.encoders import JPEG, WEBP
from calibration.image import Image, decode
from calibration.observers.human import CAREFUL_SCORE, JND_SCORE, notice_probability
from calibration.observers.ssimulacra2_score import prepare, score
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.learning.dataset import photo_files
from predictor.learning.people.pairs import PairMaker
from predictor.learning.thresholds.fitting import Fitted, Lessons, fit_family
from predictor.learning.thresholds.search import Searched
from predictor.one_thread import use_one_thread
from predictor.thresholds.content_effect import effect_tensors
from predictor.thresholds.delivery import SCALES, Delivery, jpeg_strength, webp_strength
from predictor.thresholds.full_size import FULL_SIZE, full_size_readings

RUNGS: Mapping[Delivery, tuple[int, ...]] = {
    "jpeg": (36, 58, 73, 84, 93),
    "webp": (20, 46, 66, 81, 93),
}
FIXED_PARTS: Mapping[Delivery, float] = {"jpeg": 30.0, "webp": 10.0}  # done at once: chroma is halved
_ENCODERS = {"jpeg": JPEG, "webp": WEBP}
_CODEC_STRENGTHS = {"jpeg": jpeg_strength, "webp": webp_strength}
_SAVED_EVERY = 20
_WHOLE = 0.2  # of the photographs, which take longer than smaller ones

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ladders:
    """N pictures with the metric's score at every rung."""

    readings: npt.NDArray[np.float32]  # (N, READINGS)
    jpeg: Floats  # (N, rungs)
    webp: Floats  # (N, rungs)
    photos: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.photos)

    @classmethod
    def join(cls, parts: Sequence["Ladders"]) -> "Ladders":
        """Put several into one."""
        names = [item.name for item in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        write_arrays(path, {item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Ladders":
        """Read what `save` wrote.

        Raises:
            ValueError: It is not such a file.
        """
        arrays = read_arrays(path, "scores of qualities")
        try:
            return cls(**{item.name: arrays[item.name] for item in fields(cls)})
        except KeyError as error:
            raise ValueError(f"expected scores of qualities in {path}, found no {error}") from error


def climb(picture: Image, photo: str) -> Ladders:
    """Score one picture at every rung."""
    reference = prepare(picture)

    def scores(name: Delivery) -> Floats:
        sent = [decode(_ENCODERS[name].encode(picture, quality)).image for quality in RUNGS[name]]
        return np.array([[score(reference, prepare(one)) for one in sent]])

    return Ladders(full_size_readings(picture)[None], scores("jpeg"), scores("webp"), np.array([photo]))


def gather_ladders(maker: PairMaker, count: int, *, seed: int, keep: Path) -> Ladders:
    """Climb so many pictures; some are kept at a time, and a second run goes on from there."""
    parts: list[Ladders] = [Ladders.load(keep)] if keep.exists() else []
    while (done := sum(map(len, parts))) < count:
        rng = np.random.default_rng((seed, done))
        drawn = [maker.picture(rng) for _ in range(min(_SAVED_EVERY, count - done))]
        parts = [Ladders.join([*parts, *(climb(*one) for one in drawn)])]
        parts[0].save(keep)
        sys.stderr.write(f"climbed {len(parts[0]):,} of {count:,} pictures\n")
    return Ladders.join(parts)


def fit_qualities(
    ladders: Ladders, own: Mapping[Delivery, float], rng: np.random.Generator
) -> dict[Delivery, Fitted]:
    """Fit the effect of content on what a codec may lose.

    Args:
        ladders: What was seen.
        own: People's own strengths, in the mean over pictures, as the default profile has them.
        rng: Draws the rungs from which the steepness is learned.

    Raises:
        ValueError: Fewer than 40 pictures.
    """
    return {
        name: fit_family(
            Lessons(
                ladders.readings.astype(np.float64),
                searched_of(getattr(ladders, name), name, rng),
                own[name],
                SCALES[name].least,
            ),
            (FIXED_PARTS[name],),
        )
        for name in FULL_SIZE
    }


def searched_of(scores: Floats, name: Delivery, rng: np.random.Generator) -> Searched:
    """Read thresholds off the ladders: (N, rungs) -> N."""
    fixed = FIXED_PARTS[name]
    positions = np.log(np.array([_CODEC_STRENGTHS[name](quality) for quality in RUNGS[name]]) + fixed)
    careful = _crossings(scores, positions, CAREFUL_SCORE)
    half = _crossings(scores, positions, JND_SCORE)
    usual_reach = float(np.median(half - careful))  # from careful people to half of all
    strengths = np.exp(careful + usual_reach) - fixed
    rungs = rng.integers(len(positions), size=len(scores))
    drawn = np.log(np.exp(positions[rungs]) - fixed)
    noticed = np.array([notice_probability(one) for one in scores[np.arange(len(scores)), rungs]])
    nowhere = np.zeros(len(scores), dtype=np.bool_)
    return Searched(np.log(np.maximum(strengths, SCALES[name].least)), nowhere, nowhere, drawn, noticed)


def _crossings(scores: Floats, positions: Floats, goal: float) -> Floats:
    """Return where each ladder reaches a score; beyond either end its last stretch is drawn on."""
    found = np.empty(len(scores))
    for row, climbed in enumerate(scores):
        rising = np.maximum.accumulate(climbed)  # a little more quality is now and then a little worse
        at = int(np.clip(np.searchsorted(rising, goal), 1, len(rising) - 1))
        low, high = rising[at - 1], max(rising[at], rising[at - 1] + 1e-3)
        share = float(np.clip((goal - low) / (high - low), -1.0, 2.0))
        found[row] = positions[at - 1] + share * (positions[at] - positions[at - 1])
    return found


def effect_arrays(fitted: Mapping[Delivery, Fitted]) -> dict[str, npt.NDArray[Any]]:
    """Return what the artifact keeps of the fits."""
    return {
        f"sent {name}.{key}": np.asarray(array)
        for name, one in fitted.items()
        for key, array in effect_tensors(one.effect).items()
    }


def main() -> None:
    """Score ladders into a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="file to keep them in, and to go on from")
    options = parser.parse_args()
    use_one_thread()
    maker = PairMaker(photo_files(options.images), {}, whole=_WHOLE)
    gather_ladders(maker, options.pictures, seed=options.seed, keep=options.out)


if __name__ == "__main__":
    main()
