"""Learn thresholds from an observer: ask it about photographs, fit, write the artifact's thresholds part.

    python -m predictor.learning.thresholds.training --observer embedded --images DIR --out ARTIFACT

What was asked can be kept in a file (`--answers`), gone on from and used again, also by the benchmark.
Answers of further observers (`--stranger FILE=PROFILE`, asked by this command without `--out`) teach no
threshold: they tell how much wider intervals must be for a model met by its profile alone, on photographs
that were not fitted.
"""

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from calibration.image import Image
from calibration.known_profiles import resolve_profile
from calibration.observers.select import build_observer
from calibration.profile import JndProfile
from predictor.artifact import Part, write_part
from predictor.learning.dataset import FAMILIES, photo_files
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.thresholds.fitting import (
    Fitted,
    Lessons,
    Matrix,
    conformal_bound,
    fit_family,
    interval_shares,
    residuals,
)
from predictor.learning.thresholds.kept_thresholds import Answers, ask_about_files
from predictor.learning.thresholds.search import Searched
from predictor.one_thread import use_one_thread
from predictor.thresholds.content import Content, read_content
from predictor.thresholds.content_effect import effect_tensors
from predictor.thresholds.delivery import (
    DELIVERIES,
    SCALES,
    Delivery,
    delivery_readings,
    own_strength,
    strength_of,
)
from predictor.thresholds.profile_threshold import least_level, profile_threshold

# What is done at once, as a strength; tried on training photographs. JPEG and WebP halve the colour
# resolution, and the model's own resize blurs as much as losing half a pixel of its input does.
_FIXED_PARTS_SENT: Mapping[Delivery, float] = {"jpeg": 30.0, "webp": 10.0, "rescale": 0.5}
_INTENDED_USE = (
    "The level of every distortion at which a model starts to notice it on a given picture, by the model's "
    "profile and the picture's content; the codec quality and the size at which it may be sent."
)
_LIMITS = (
    "Learned from the observers and photographs named here; drawings, screens and pages are outside them. A "
    "model unknown to training is assumed to be swayed by content as these observers are; its intervals are "
    "widened by what made them hold for the strangers named here, which were trained like the observer. "
    "Content is read at 96 pixels. Quality and size are learned for pictures up to 6 times as large as the "
    "model's input, and taken to allow no more beyond that; a model whose input is unknown is taken to see "
    "every pixel sent. A picture smaller than the model's input is judged as if it were as large. Where "
    "shrinking starts to show at the model's view (rescale) is hardly told by what is read off a picture: "
    "on two photographs of five the loss of a single row and column is noticed."
)


Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Stranger:
    """An observer that teaches nothing but how far its thresholds lie from what its profile promises."""

    answers: Answers
    profile: JndProfile


@dataclass(frozen=True, eq=False)
class Learned:
    """Every fitted effect, and how much wider intervals are for models not met."""

    families: Mapping[str, Fitted]
    deliveries: Mapping[Delivery, Fitted]
    widening: float = 1.0


def learn_thresholds(answers: Answers, profile: JndProfile, strangers: Sequence[Stranger] = ()) -> Learned:
    """Fit every family and delivery.

    Raises:
        ValueError: Fewer than 40 pictures.
    """
    taught = _lessons(answers, profile)
    families = {name: fit_family(taught[name]) for name in FAMILIES}
    deliveries = {
        name: fit_family(lessons, (_FIXED_PARTS_SENT[name],))
        for name, lessons in _delivery_lessons(answers, profile).items()
    }
    return Learned(families, deliveries, widening_for(strangers, families, answers))


def widening_for(strangers: Sequence[Stranger], families: Mapping[str, Fitted], taught: Answers) -> float:
    """Return by how much intervals must grow for models not met, from 1 on; 1 without strangers."""
    scores = [_shares(families, stranger, seen_rows(stranger.answers, taught)) for stranger in strangers]
    return max(1.0, conformal_bound(np.concatenate(scores))) if scores else 1.0


def seen_rows(asked: Answers, taught: Answers) -> Rows:
    """Return where among the pictures taught each picture asked about is; -1 for a fresh one."""
    known = {_hash(picture.tobytes()): row for row, picture in enumerate(taught.pictures)}
    return np.array([known.get(_hash(picture.tobytes()), -1) for picture in asked.pictures], dtype=np.intp)


def thresholds_part(
    learned: Learned, answers: Answers, profile: JndProfile, strangers: Sequence[Stranger] = ()
) -> Part:
    """Prepare for `artifact.write_part`."""
    named = {**learned.families, **{f"sent {name}": one for name, one in learned.deliveries.items()}}
    tensors = {
        f"{name}.{key}": torch.from_numpy(np.asarray(array))
        for name, one in named.items()
        for key, array in effect_tensors(one.effect).items()
    }
    card: dict[str, Any] = {
        "settings": {name: asdict(one.settings) for name, one in learned.families.items()},
        "delivery": {name: asdict(one.settings) for name, one in learned.deliveries.items()},
        "widening": round(learned.widening, 4),
        "figures": {name: one.figures for name, one in named.items()},
        "training": {
            "observers": [_told(answers, profile)],
            "strangers": [
                _told(one.answers, one.profile)
                | {"fresh_pictures": int((seen_rows(one.answers, answers) < 0).sum())}
                for one in strangers
            ],
        },
        "intended_use": _INTENDED_USE,
        "limits": _LIMITS,
    }
    return Part(tensors, card)


def _lessons(answers: Answers, profile: JndProfile) -> dict[str, Lessons]:
    contents = _contents(answers)
    return {
        name: Lessons(
            np.stack([content.described(name) for content in contents]).astype(np.float64),
            answers.searched[name],
            profile_threshold(profile, name),
            least_level(name),
        )
        for name in FAMILIES
    }


def _delivery_lessons(answers: Answers, profile: JndProfile) -> dict[Delivery, Lessons]:
    contents = _contents(answers)
    return {
        name: Lessons(
            np.stack(
                [
                    delivery_readings(content, name, ratio)
                    for content, ratio in zip(contents, answers.delivered[name].ratios, strict=True)
                ]
            ).astype(np.float64),
            _in_strengths(answers.delivered[name].searched, name),
            own_strength(profile, name),
            SCALES[name].least,
        )
        for name in DELIVERIES
    }


def _contents(answers: Answers) -> list[Content]:
    return [read_content(Image(pixels)) for pixels in answers.pictures]


def _in_strengths(searched: Searched, name: Delivery) -> Searched:
    """Say levels of a codec as strengths; shrinking is searched for in strengths already."""
    if name == "rescale":
        return searched
    found, drawn = (
        np.log([strength_of(name, level) for level in np.exp(levels)])
        for levels in (searched.log_levels, searched.drawn)
    )
    return replace(searched, log_levels=found, drawn=drawn)


def _shares(fitted: Mapping[str, Fitted], stranger: Stranger, rows: Rows) -> Matrix:
    """Return how far a stranger's thresholds lie from their prediction, in half-intervals of the met.

    By pictures that were not fitted; where all were, as predicted by the folds that had not seen them.
    """
    fresh = np.flatnonzero(rows < 0)
    used = fresh if len(fresh) else np.arange(len(rows))
    shares = []
    for name, lessons in _lessons(stranger.answers.of(used), stranger.profile).items():
        one, readings = fitted[name], lessons.readings.astype(np.float32)
        predicted = one.effect.of_each(readings) if len(fresh) else one.held_out[rows]
        off = residuals(predicted, lessons.targets(one.settings.fixed_part), lessons.searched)
        shares.append(interval_shares(off, one.settings))
    return np.concatenate(shares)


def _told(answers: Answers, profile: JndProfile) -> dict[str, Any]:
    found = [answers.searched[name] for name in FAMILIES]
    found += [answers.delivered[name].searched for name in DELIVERIES]
    shown = answers.pictures.tobytes() + b"".join(one.log_levels.tobytes() for one in found)
    return {
        "model": profile.model,
        "pictures": len(answers),
        "thresholds": {name: profile_threshold(profile, name) for name in FAMILIES},
        "censored": {name: int((~one.is_measured).sum()) for name, one in answers.searched.items()},
        "data_sha256": _hash(shown),
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _stranger(text: str) -> Stranger:
    file, separator, profile = text.partition("=")
    if not separator:
        raise ValueError(f"expected FILE=PROFILE for a stranger, got {text!r}")
    return Stranger(Answers.load(Path(file)), resolve_profile(profile))


def main() -> None:
    """Ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observer", default="embedded", help="SPEC as of jnd-calibrate run")
    parser.add_argument("--images", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, help="artifact folder; without it, the observer is only asked")
    parser.add_argument("--first", type=int, help="draw from the first FIRST only, sorted by name")
    parser.add_argument("--limit", type=int, default=600, help="photographs to ask about")
    parser.add_argument("--seed", type=int, default=1, help="which photographs")
    parser.add_argument("--profile", help="of the observer; by default that measured of its name")
    parser.add_argument("--answers", type=Path, help="file to keep the answers in, and to go on from")
    parser.add_argument(
        "--stranger",
        action="append",
        default=[],
        metavar="FILE=PROFILE",
        help="answers of another observer, and its profile: for the width of intervals; repeatable",
    )
    options = parser.parse_args()
    use_one_thread()
    answers, profile = _ask(options)
    if options.out is None:
        return
    strangers = [_stranger(text) for text in options.stranger]
    learned = learn_thresholds(answers, profile, strangers)
    write_part(options.out, "thresholds", thresholds_part(learned, answers, profile, strangers))


def own_profile(observer: str, named: str | None = None) -> JndProfile:
    """Return the profile named, or the one measured of an observer of this name.

    Raises:
        ValueError: None is named, and the observer is not measured: others' thresholds would pass for its.
        ProfileError: The profile named cannot be read.
    """
    profile = resolve_profile(named or observer)
    if named is None and profile.source != "measured":
        raise ValueError(f"expected a measured profile of {observer}, got a {profile.source}: give --profile")
    return profile


def _ask(options: argparse.Namespace) -> tuple[Answers, JndProfile]:
    files = photo_files(options.images)[: options.first]
    chosen = np.random.default_rng(options.seed).permutation(len(files))[: options.limit]
    with closing(build_observer(options.observer)) as observer:
        profile = own_profile(observer.name, options.profile)
        answers = ask_about_files(
            [files[index] for index in chosen],
            ObserverLabeller(observer),
            profile,
            observer=observer.name,
            keep=options.answers,
            progress=_report,
        )
    return answers, profile


def _report(done: int, total: int) -> None:
    sys.stderr.write(f"asked about {done} of {total} photographs\n")


if __name__ == "__main__":
    main()
