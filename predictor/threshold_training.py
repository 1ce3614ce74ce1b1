"""Learn thresholds from an observer: ask it about photographs, fit, write the artifact's thresholds part.

`python -m predictor.threshold_training --observer embedded --images DIR --out ARTIFACT`. What was asked can
be kept in a file (`--answers`) and used again, also by the benchmark. Fitting is `threshold_fitting`'s
matter, the search for one picture's threshold `threshold_search`'s.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image, load
from calibration.observers.select import build_observer
from calibration.profile import JndProfile
from predictor.artifact import Part, write_part
from predictor.content import read_content
from predictor.dataset import FAMILIES, photo_files
from predictor.features import WHOLE_SIDE, model_view
from predictor.labelling import ObserverLabeller
from predictor.noticeability import link_of
from predictor.predict import resolve_profile
from predictor.sampling import Labeller
from predictor.threshold_fitting import Fitted, fit_family
from predictor.threshold_search import Searched, search_thresholds
from predictor.thresholds import profile_threshold

_CHUNK = 16
_INTENDED_USE = (
    "The level of every distortion at which a model starts to notice it on a given picture, by the model's "
    "profile and the picture's content; codec quality and scale for compression at the size the model sees."
)
_LIMITS = (
    "Learned from the observers and photographs named here; drawings, screens and pages are outside them. A "
    "model unknown to training is assumed to be swayed by content as these observers are; the interval then "
    "adds the doubt of its profile, but not of this assumption. Content is read at 96 pixels."
)

Progress = Callable[[int, int], None]  # pictures done, in all


@dataclass(frozen=True, eq=False)
class Answers:
    """The thresholds one observer showed on N pictures."""

    pictures: npt.NDArray[np.uint8]  # (N, S, S, 3) at the model's view
    searched: Mapping[str, Searched]  # by family

    def save(self, path: Path) -> None:
        """Write as one compressed file."""
        arrays = {
            f"{name}.{key}": values
            for name, searched in self.searched.items()
            for key, values in asdict(searched).items()
        }
        np.savez_compressed(path, pictures=self.pictures, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Answers":
        """Read what `save` wrote."""
        keys = tuple(Searched.__dataclass_fields__)
        with np.load(path, allow_pickle=False) as stored:
            searched = {name: Searched(**{key: stored[f"{name}.{key}"] for key in keys}) for name in FAMILIES}
            return cls(stored["pictures"], searched)


def ask_thresholds(
    photos: Sequence[Image],
    labeller: Labeller,
    profile: JndProfile,
    progress: Progress = lambda _done, _total: None,
) -> Answers:
    """Find the observer's threshold of every distortion on every photograph, shrunk to the model's view.

    Raises:
        ValueError: There is no photograph.
    """
    if not photos:
        raise ValueError("expected at least one photograph to ask about, got none")
    pictures = [model_view(photo, profile.input_side or WHOLE_SIDE) for photo in photos]
    link = link_of(profile, 1.0)
    chunks: dict[str, list[Searched]] = {name: [] for name in FAMILIES}
    for start in range(0, len(pictures), _CHUNK):
        for name in FAMILIES:
            chunks[name].append(
                search_thresholds(
                    pictures[start : start + _CHUNK],
                    name,
                    labeller,
                    guess=profile_threshold(profile, name),
                    halfway=(link.floor + link.ceiling) / 2,
                    first_seed=start,
                )
            )
        progress(min(start + _CHUNK, len(pictures)), len(pictures))
    return Answers(
        np.stack([picture.pixels for picture in pictures]),
        {name: Searched.join(found) for name, found in chunks.items()},
    )


def learn_thresholds(answers: Answers, profile: JndProfile) -> dict[str, Fitted]:
    """Fit every family.

    Raises:
        ValueError: Fewer than 40 pictures.
    """
    contents = [read_content(Image(pixels)) for pixels in answers.pictures]
    return {
        name: fit_family(
            np.stack([content.described(name) for content in contents]).astype(np.float64),
            answers.searched[name],
            profile_threshold(profile, name),
        )
        for name in FAMILIES
    }


def thresholds_part(fitted: Mapping[str, Fitted], answers: Answers, profile: JndProfile) -> Part:
    """Prepare for `artifact.write_part`."""
    tensors: dict[str, torch.Tensor] = {}
    for name, one in fitted.items():
        for key in ("least", "most", "center", "spread", "weights"):
            tensors[f"{name}.{key}"] = torch.from_numpy(getattr(one.effect, key))
        tensors[f"{name}.bias"] = torch.tensor(one.effect.bias, dtype=torch.float64)
    return Part(tensors, _card(fitted, answers, profile))


def _card(fitted: Mapping[str, Fitted], answers: Answers, profile: JndProfile) -> dict[str, Any]:
    shown = answers.pictures.tobytes() + b"".join(
        answers.searched[name].log_levels.tobytes() for name in FAMILIES
    )
    observer = {
        "model": profile.model,
        "pictures": len(answers.pictures),
        "thresholds": {name: profile_threshold(profile, name) for name in FAMILIES},
        "censored": {name: int((~one.is_measured).sum()) for name, one in answers.searched.items()},
        "data_sha256": hashlib.sha256(shown).hexdigest(),
    }
    return {
        "settings": {name: asdict(one.settings) for name, one in fitted.items()},
        "figures": {
            name: {
                "median_error": round(one.median_error, 4),
                "without_content": round(one.median_error_without_content, 4),
                "penalty": one.penalty,
            }
            for name, one in fitted.items()
        },
        "training": {"observers": [observer]},
        "intended_use": _INTENDED_USE,
        "limits": _LIMITS,
    }


def main() -> None:
    """Ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observer", default="embedded", help="SPEC as of jnd-calibrate run")
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="artifact folder")
    parser.add_argument("--limit", type=int, default=400, help="photographs to ask about")
    parser.add_argument("--seed", type=int, default=1, help="which photographs")
    parser.add_argument("--profile", help="of the observer; by default that of its name")
    parser.add_argument("--answers", type=Path, help="file to keep the answers in, or to take them from")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with closing(build_observer(options.observer)) as observer:
        profile = resolve_profile(options.profile or observer.name)
        if options.answers is not None and options.answers.exists():
            answers = Answers.load(options.answers)
        else:
            files = photo_files(options.images)
            chosen = np.random.default_rng(options.seed).permutation(len(files))[: options.limit]
            photos = [load(files[index]) for index in chosen]
            answers = ask_thresholds(photos, ObserverLabeller(observer), profile, _report)
            if options.answers is not None:
                answers.save(options.answers)
    write_part(
        options.out, "thresholds", thresholds_part(learn_thresholds(answers, profile), answers, profile)
    )


def _report(done: int, total: int) -> None:
    sys.stderr.write(f"asked about {done} of {total} photographs\n")


if __name__ == "__main__":
    main()
