"""Ask of photographs at many qualities what the network says people notice, and what their teacher says.

    python -m predictor.learning.people.judged --images DIR --pictures N --out JUDGED.npz

From pictures nobody learned from: of its lessons a network knows more than it will of anything sent. What
comes in is a photograph a little smaller than it was and saved as a JPEG, as the web has it; what may be sent
is that at each quality. Between two qualities asked both are taken as straight in log odds.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from calibration.encoders import JPEG, WEBP_THOROUGH
from calibration.image import Image, decode, encode_jpeg, load, resize
from calibration.observers.human import notice_probability
from calibration.observers.ssimulacra2_score import prepare, score
from calibration.profile import default_profile
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.learning.dataset import photo_files
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor
from predictor.thresholds.delivery import Delivery

QUALITIES = (30, 45, 60, 70, 78, 85, 90, 94)
_ENCODERS = {"jpeg": JPEG, "webp": WEBP_THOROUGH}
CODECS: tuple[Delivery, ...] = ("jpeg", "webp")
SCALES, CAME_AT = (0.8, 0.95), (92, 98)  # how small a photograph comes, and at which quality
_SAVED_EVERY = 5
_LEAST = 1e-4  # chances at either end are no odds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """N pictures at K qualities, ascending; chances of being noticed beyond false alarms, (N, K) each."""

    photos: npt.NDArray[np.str_]  # (N,)
    jpeg: Floats  # as the network judges them
    jpeg_people: Floats  # as their teacher does
    webp: Floats
    webp_people: Floats

    def __len__(self) -> int:
        return len(self.photos)

    def of(self, codec: Delivery) -> tuple[Floats, Floats]:
        """Return what was judged and what people would say, at every quality from the first to the last."""
        return _between(getattr(self, codec)), _between(getattr(self, f"{codec}_people"))

    @classmethod
    def join(cls, parts: list["Judged"]) -> "Judged":
        """Put several into one."""
        names = [item.name for item in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        write_arrays(path, {item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Judged":
        """Read what `save` wrote.

        Raises:
            ValueError: It is not such a file.
        """
        arrays = read_arrays(path, "judged qualities")
        try:
            return cls(**{item.name: arrays[item.name] for item in fields(cls)})
        except KeyError as error:
            raise ValueError(f"expected judged qualities in {path}, found no {error}") from error


def judge(picture: Image, photo: str, predictor: Predictor) -> Judged:
    """Ask both about one picture at every quality."""
    reference, comparison = prepare(picture), predictor.against(picture, default_profile())
    rows: Mapping[str, Any] = {}
    for codec in CODECS:
        sent = [decode(_ENCODERS[codec].encode(picture, quality)).image for quality in QUALITIES]
        people = [notice_probability(score(reference, prepare(one))) for one in sent]
        rows = {
            **rows,
            codec: np.array([[comparison.excess(one) for one in sent]]),
            f"{codec}_people": np.array([people]),
        }
    return Judged(photos=np.array([photo]), **rows)


def gather(files: list[Path], predictor: Predictor, *, seed: int, keep: Path) -> Judged:
    """Ask about every file; some are kept at a time, and a second run goes on from there."""
    parts = [Judged.load(keep)] if keep.exists() else []
    for index in range(len(parts[0]) if parts else 0, len(files)):
        path = files[index]
        picture = as_it_comes(load(path), np.random.default_rng((seed, index)))
        parts = [*parts, judge(picture, path.name, predictor)]
        if (index + 1) % _SAVED_EVERY == 0 or index + 1 == len(files):
            parts = [Judged.join(parts)]
            parts[0].save(keep)
            sys.stderr.write(f"judged {len(parts[0]):,} of {len(files):,} pictures\n")
    return Judged.join(parts)


def as_it_comes(photo: Image, rng: np.random.Generator) -> Image:
    """Shrink a photograph a little, which hides how it was stored before, and save it as a good JPEG.

    Limits depend on this. Of 200 pictures reduced to .6 to .95 by `reduce_to` and saved at 88 to 98 the
    network was more careful, by .3 in log odds; limits found there were broken on the benchmark's own.
    """
    scale = rng.uniform(*SCALES)
    smaller = resize(photo, round(scale * photo.width), round(scale * photo.height), "area")
    return decode(encode_jpeg(smaller, int(rng.integers(CAME_AT[0], CAME_AT[1] + 1)))).image


def _between(chances: Floats) -> Floats:
    """Fill in the qualities that were not asked: (N, K) to (N, all)."""
    every = np.arange(QUALITIES[0], QUALITIES[-1] + 1)
    odds = logit(np.clip(chances, _LEAST, 1.0 - _LEAST))
    return np.array([expit(np.interp(every, QUALITIES, row)) for row in odds])


def main() -> None:
    """Ask, into a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--pictures", type=int, default=200, help="the last so many of them, by name")
    parser.add_argument("--artifact", type=Path, help="artifact folder (default: the one that ships)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="file to keep them in, and to go on from")
    options = parser.parse_args()
    use_one_thread()
    files = photo_files(options.images)[-options.pictures :]
    gather(files, Predictor.load(options.artifact), seed=options.seed, keep=options.out)


if __name__ == "__main__":
    main()
