"""Ask people, as far as a metric stands for them, about pairs, and keep what was measured of each.

    python -m predictor.learning.people.lessons --images DIR --pairs N --out LESSONS.npz

Where the metric cannot judge (`pairs.UNJUDGED`), people's threshold of the LMM-JND paper answers instead,
as the default profile has it. Pictures at full size are large: what is kept of a pair is its measures.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image
from calibration.known_profiles import resolve_profile
from calibration.observers.human import FALSE_ALARM, LAPSE, HumanObserver
from calibration.profile import JndProfile
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Pair, photo_files
from predictor.learning.people.pairs import UNJUDGED, PairMaker
from predictor.noticeability.bands import Measures
from predictor.noticeability.quick_bands import measure_candidates, measure_reference
from predictor.one_thread import use_one_thread
from predictor.views import FullSizeViewer

_USUAL_SLOPE = 3.0
_CHUNK = 100

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PeopleLessons:
    """N pairs with people's chances of saying "different"; first axis N everywhere."""

    energies: Floats
    signs: Floats
    content: Floats
    probabilities: Floats
    families: npt.NDArray[np.int64]
    levels: Floats
    photos: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def measures(self) -> Measures:
        """Return what the network reads."""
        return Measures(*map(torch.from_numpy, (self.energies, self.signs, self.content)))

    def take(self, chosen: npt.NDArray[np.bool_]) -> "PeopleLessons":
        """Return the chosen pairs."""
        return PeopleLessons(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})

    @classmethod
    def join(cls, parts: Sequence["PeopleLessons"]) -> "PeopleLessons":
        """Put several into one."""
        names = [item.name for item in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        write_arrays(path, {item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "PeopleLessons":
        """Read what `save` wrote.

        Raises:
            ValueError: It is not such a file.
        """
        arrays = read_arrays(path, "people's lessons")
        try:
            return cls(**{item.name: arrays[item.name] for item in fields(cls)})
        except KeyError as error:
            raise ValueError(f"expected people's lessons in {path}, found no {error}") from error


class People:
    """Whoever answers: the metric, or the paper's thresholds where it cannot judge."""

    def __init__(self, profile: JndProfile) -> None:
        self._observer, self._profile = HumanObserver(), profile

    def chance(self, pair: Pair) -> float:
        """Return P(says "different")."""
        name = None if pair.family == NO_FAMILY else FAMILIES[pair.family]
        if name not in UNJUDGED:
            return self._observer.probability(pair.reference, pair.distorted)
        found = self._profile.distortions[name]
        ratio = pair.level / (found.threshold or 1.0)
        notices = -float(np.expm1(-(ratio ** (found.slope or _USUAL_SLOPE))))
        return FALSE_ALARM + (1.0 - FALSE_ALARM - LAPSE) * notices


def measure_full_size(reference: Image, distorted: Image) -> Measures:
    """Measure one pair as serving does, both views joined."""
    views = FullSizeViewer(reference).views(distorted)
    return Measures.beside(
        [
            measure_candidates([(measure_reference(view.reference.pixels), view.distorted.pixels)])
            for view in views
        ]
    )


def learn_about(pairs: Sequence[Pair], people: People) -> PeopleLessons:
    """Ask about every pair and measure it."""
    measured = [measure_full_size(pair.reference, pair.distorted) for pair in pairs]
    rows: Mapping[str, Any] = {
        name: np.concatenate([getattr(one, name).numpy() for one in measured])
        for name in ("energies", "signs", "content")
    }
    return PeopleLessons(
        **rows,
        probabilities=np.array([people.chance(pair) for pair in pairs], dtype=np.float32),
        families=np.array([pair.family for pair in pairs], dtype=np.int64),
        levels=np.array([pair.level for pair in pairs], dtype=np.float32),
        photos=np.array([pair.photo for pair in pairs]),
    )


def gather(maker: PairMaker, people: People, count: int, *, seed: int, keep: Path) -> PeopleLessons:
    """Make pairs and ask about them; every few hundred are kept, and a second run goes on from there."""
    parts: list[PeopleLessons] = [PeopleLessons.load(keep)] if keep.exists() else []
    while (done := sum(map(len, parts))) < count:
        rng = np.random.default_rng((seed, done))
        made = list(maker.pairs(min(_CHUNK, count - done), rng))
        parts = [PeopleLessons.join([*parts, learn_about(made, people)])]
        parts[0].save(keep)
        sys.stderr.write(f"asked about {len(parts[0]):,} of {count:,} pairs\n")
    return PeopleLessons.join(parts)


def main() -> None:
    """Gather lessons into a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--pairs", type=int, default=8000)
    parser.add_argument("--profile", default="default", help="people's thresholds: levels lie around them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="file to keep them in, and to go on from")
    options = parser.parse_args()
    use_one_thread()
    profile = resolve_profile(options.profile)
    thresholds = {name: profile.threshold_of(name) or 1.0 for name in FAMILIES}
    maker = PairMaker(photo_files(options.images), thresholds)
    gather(maker, People(profile), options.pairs, seed=options.seed, keep=options.out)


if __name__ == "__main__":
    main()
