"""Ask observers about fresh pairs of photographs: what `train --observer` costs, and what it brings home.

Everything that can be refused is refused before the first question, and what it will cost is said.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.image import ImageError, load
from calibration.known_profiles import profile_of_model
from calibration.observers.protocol import Observer, ObserverError
from calibration.observers.select import build_observer
from calibration.profile import JndProfile, default_profile, load_profile
from predictor.learning.dataset import FAMILIES, Pair, join, photo_files
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.noticeability.kept_answers import KeepingLabeller, KeptAnswers
from predictor.learning.noticeability.training import Lesson
from predictor.learning.sampling import (
    PILOT_CROPS,
    PILOT_LEVELS,
    Labeller,
    label_pairs,
    made_up_models,
    pilot_thresholds,
    sample_pairs,
)
from predictor.views import WHOLE_SIDE

Report = Callable[[str, int, int | None], None]  # stage, done, total
Tell = Callable[[str], None]  # a sentence

_CHUNK = 256
_QUESTIONS = 2  # per pair: both polarities
_NAMED = 5  # unreadable files told by name


@dataclass(frozen=True)
class Asking:
    """Whom to ask, and about what."""

    observers: Sequence[str]  # SPECs
    images: Path
    profiles: Sequence[Path]  # measured; each of an observer asked
    pairs: int  # shared by the observers
    limit: int | None
    seed: int
    keep: Path  # folder: the answers so far


def ask_observers(asking: Asking, report: Report, tell: Tell) -> list[Lesson]:
    """Ask every observer about fresh pairs of the photographs, around its thresholds.

    Raises:
        ValueError: There is no photograph, a SPEC is not understood, two observers share a name, a profile is
            of nobody asked, or what is kept is not what it should be.
        ObserverError: An observer cannot be loaded or gave no answer; what was answered is kept.
    """
    if not asking.observers:
        return []
    files = _readable(photo_files(asking.images)[: asking.limit], tell)
    count = max(1, asking.pairs // len(asking.observers))
    with ExitStack() as opened:
        observers = [opened.enter_context(closing(build_observer(spec))) for spec in asking.observers]
        names = [observer.name for observer in observers]
        if len(set(names)) < len(names):
            raise ValueError(f"expected observers of different names, got {', '.join(names)}")
        known = _known_profiles(names, asking.profiles)
        kept = [
            KeptAnswers(_kept_file(asking, spec), observer.name)
            for spec, observer in zip(asking.observers, observers, strict=True)
        ]
        for observer, kept_of in zip(observers, kept, strict=True):
            pilot = len(_missing(known[observer.name])) * PILOT_LEVELS * min(PILOT_CROPS, len(files))
            tell(_describe_cost(observer.name, pairs=count, pilot=pilot, kept=len(kept_of)))
        return [
            _ask(observer, known[observer.name], kept_of, files, count=count, seed=asking.seed, report=report)
            for observer, kept_of in zip(observers, kept, strict=True)
        ]


def forget_answers(asking: Asking) -> None:
    """Remove the kept answers, and their folder if it holds nothing else."""
    for spec in asking.observers:
        _kept_file(asking, spec).unlink(missing_ok=True)
    with suppress(OSError):
        asking.keep.rmdir()


def _ask(
    observer: Observer,
    known: JndProfile,
    kept: KeptAnswers,
    files: Sequence[Path],
    *,
    count: int,
    seed: int,
    report: Report,
) -> Lesson:
    rng = np.random.default_rng(seed)
    labeller = KeepingLabeller(ObserverLabeller(observer), kept)
    # Where the input is unknown, pairs are made no larger than its view of the whole: there is no tile then.
    side = observer.input_side or WHOLE_SIDE
    report("looking for thresholds", 0, None)
    with _telling_what_is_kept(kept):
        profile = _completed(known, labeller, files, side=side, rng=rng)
        thresholds = {name: profile.threshold_of(name) or 1.0 for name in profile.distortions}
        pairs = sample_pairs(files, count, thresholds=thresholds, side=side, rng=rng)
        answered = []
        for start in range(0, len(pairs), _CHUNK):
            answered.append(label_pairs(pairs[start : start + _CHUNK], labeller))
            report("asking", start, len(pairs))
    return _with_made_up_models(pairs, Lesson(join(answered), profile), rng)


@contextmanager
def _telling_what_is_kept(kept: KeptAnswers) -> Iterator[None]:
    try:
        yield
    except ObserverError as error:
        raise ObserverError(
            f"{error}; answers about {len(kept):,} pairs are kept in {kept.path}: the same command goes on "
            "from there"
        ) from error


def _with_made_up_models(pairs: Sequence[Pair], lesson: Lesson, rng: np.random.Generator) -> Lesson:
    made_up = made_up_models(pairs, lesson.pairs, rng)
    return lesson if made_up is None else replace(lesson, pairs=join([lesson.pairs, made_up]))


def _readable(files: Sequence[Path], tell: Tell) -> list[Path]:
    """Leave out files that are no pictures, and say which."""
    found, skipped = [], []
    for path in files:
        try:
            load(path)
        except (ImageError, OSError):
            skipped.append(path)
        else:
            found.append(path)
    if skipped:
        names = ", ".join(str(path) for path in skipped[:_NAMED]) + (" …" if len(skipped) > _NAMED else "")
        tell(f"left out {len(skipped):,} of {len(files):,} files that cannot be read: {names}")
    if not found:
        raise ValueError(f"expected readable pictures, could read none of {len(files):,} (first: {files[0]})")
    return found


def _known_profiles(names: Sequence[str], given: Sequence[Path]) -> Mapping[str, JndProfile]:
    """Take the profile measured of each observer, or what is known under its name."""
    measured = {}
    for path in given:
        profile = load_profile(path)
        if profile.model not in names:
            raise ValueError(
                f"expected a --profile of an observer asked ({', '.join(names)}), got that of "
                f"{profile.model} in {path}"
            )
        measured[profile.model] = profile
    return {name: measured.get(name) or profile_of_model(name) for name in names}


def _kept_file(asking: Asking, spec: str) -> Path:
    return asking.keep / f"{hashlib.sha256(spec.encode()).hexdigest()[:12]}.json"


def _describe_cost(name: str, *, pairs: int, pilot: int, kept: int) -> str:
    """Return one sentence: how many questions, what for, and how many are answered already."""
    told = f"{_QUESTIONS * (pairs + pilot):,} questions to {name}, {_QUESTIONS} per pair"
    if pilot:
        told += f"; {_QUESTIONS * pilot:,} of them look for thresholds that no profile has"
    return told + (f"; fewer where pairs are the same as the {kept:,} whose answers are kept" if kept else "")


def _missing(known: JndProfile) -> list[str]:
    """List the distortions without a measured threshold."""
    measured = {name for name, found in known.distortions.items() if found.is_estimated}
    return [name for name in FAMILIES if name not in measured]


def _completed(
    known: JndProfile, labeller: Labeller, files: Sequence[Path], *, side: int, rng: np.random.Generator
) -> JndProfile:
    """Fill what a profile lacks by a pilot."""
    measured = {name: found for name, found in known.of_pictures.items() if found.is_estimated}
    pilot = pilot_thresholds(files, labeller, _missing(known), side=side, rng=rng)
    piloted = {
        name: replace(found, status="assumed", threshold=pilot[name], reason="pilot of the training")
        for name, found in default_profile().distortions.items()
        if name in pilot
    }
    return replace(known, distortions=piloted | measured, input_side=side)
