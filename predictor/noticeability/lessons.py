"""Carry out `jnd-predictor train`: gather lessons from trials and from an observer, train, write the part."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from calibration.observers.select import build_observer
from calibration.profile import JndProfile, default_profile, load_profile
from predictor.answers.refit import answered_a_task, learn_from_answers
from predictor.artifact import Part, complete, default_directory, has_part, read_part, write_part
from predictor.dataset import FAMILIES, Pair, join, photo_files
from predictor.features import WHOLE_SIDE
from predictor.noticeability.labelling import ObserverLabeller
from predictor.noticeability.recorded import recorded_pairs
from predictor.noticeability.sampling import (
    Labeller,
    label_pairs,
    made_up_models,
    pilot_thresholds,
    sample_pairs,
)
from predictor.noticeability.settling import FEWEST_PAIRS
from predictor.noticeability.training import FEW_PAIRS, Lesson, Recipe, go_on, train
from predictor.predict import resolve_profile

Report = Callable[[str, int, int | None], None]  # stage, done, total

_CHUNK = 256
_INTENDED_USE = (
    "P(a model notices the difference between a reference and its changed version), by its profile; "
    "to compress images and to judge edits."
)
_LIMITS = (
    "Learned from the observers and photographs named here. For other models it relies on their thresholds "
    "alone; text, faces and other content that matters more than its pixels is not known to it. Models whose "
    "input is unknown are judged at 192 pixels and on one native-size tile."
)


@dataclass(frozen=True)
class TrainingRequest:
    """What the command line asks for."""

    images: Path
    out: Path
    calibrations: Sequence[Path] = ()
    observers: Sequence[str] = ()
    profiles: Sequence[Path] = ()  # measured; those named like an observer are taken for it
    pairs: int = 10_000
    limit: int | None = None
    epochs: int | None = None
    seed: int = 0


def run_training(
    request: TrainingRequest, report: Report, *, clock: Callable[[], float] = time.monotonic
) -> Mapping[str, Any]:
    """Train, write the part, and return its figures; `seconds` is how long all took, asking included.

    Calibrations on a task question say when answers change, not what is noticed: they go to that part.

    Raises:
        ValueError: There is nothing to learn from, or it is not readable.
        ObserverError: The observer gave no answer.
        OSError: A file cannot be read or written.
    """
    started = clock()
    tasks = [folder for folder in request.calibrations if answered_a_task(folder)]
    answered = learn_from_answers(tasks, request.images, request.out) if tasks else {}
    lessons = []
    for done, folder in enumerate(folder for folder in request.calibrations if folder not in tasks):
        report("reading trials", done, len(request.calibrations))
        lessons.append(Lesson(*recorded_pairs(folder, request.images)))
    lessons += [ask_observer(spec, request, report) for spec in request.observers]
    if not lessons:
        complete(request.out)
        return {"answer_change": answered}
    start = _start(lessons, request)
    if start is None:
        recipe = Recipe(epochs=request.epochs or Recipe().epochs, seed=request.seed)
        trained = train(lessons, recipe, progress=lambda done, total: report("training", done, total))
    else:
        trained = go_on(lessons, start)
        if not trained.figures["models_learned"]:
            raise ValueError(
                f"expected at least {FEWEST_PAIRS} counted trials of a model, got "
                f"{max(len(lesson.pairs) for lesson in lessons)}: nothing was learned"
            )
    figures = {**trained.figures, "seconds": round(clock() - started, 1)}
    trained = replace(trained, figures=figures)
    write_part(request.out, "noticeability", trained.to_part(_card(lessons, request, start)))
    complete(request.out)
    return {**figures, "answer_change": answered} if answered else figures


def ask_observer(spec: str, request: TrainingRequest, report: Report) -> Lesson:
    """Ask an observer about fresh pairs of the photographs, around its thresholds.

    Several observers share the pairs asked for.

    Raises:
        ValueError: There is no photograph, or the SPEC is not understood.
        ObserverError: The observer cannot be loaded or gave no answer.
    """
    files = photo_files(request.images)[: request.limit]
    rng = np.random.default_rng(request.seed)
    count = max(1, request.pairs // max(1, len(request.observers)))
    with closing(build_observer(spec)) as observer:
        labeller = ObserverLabeller(observer)
        side = observer.input_side or WHOLE_SIDE
        report("looking for thresholds", 0, None)
        known = _known_profile(observer.name, request.profiles)
        profile = _completed(known, labeller, files, side=side, rng=rng)
        thresholds = {name: profile.threshold_of(name) or 1.0 for name in profile.distortions}
        pairs = sample_pairs(files, count, thresholds=thresholds, side=side, rng=rng)
        answered = []
        for start in range(0, len(pairs), _CHUNK):
            answered.append(label_pairs(pairs[start : start + _CHUNK], labeller))
            report("asking", start, len(pairs))
    return _with_made_up_models(pairs, Lesson(join(answered), profile), rng)


def _with_made_up_models(pairs: Sequence[Pair], lesson: Lesson, rng: np.random.Generator) -> Lesson:
    made_up = made_up_models(pairs, lesson.pairs, rng)
    return lesson if made_up is None else replace(lesson, pairs=join([lesson.pairs, made_up]))


def _known_profile(name: str, given: Sequence[Path]) -> JndProfile:
    """Take the profile measured of this observer, or what is known under its name."""
    measured = [load_profile(path) for path in given]
    return next((profile for profile in measured if profile.model == name), resolve_profile(name))


def _completed(
    known: JndProfile, labeller: Labeller, files: Sequence[Path], *, side: int, rng: np.random.Generator
) -> JndProfile:
    """Fill what a profile lacks by a pilot."""
    measured = {name: found for name, found in known.distortions.items() if found.status == "measured"}
    missing = [name for name in FAMILIES if name not in measured]
    pilot = pilot_thresholds(files, labeller, missing, side=side, rng=rng)
    piloted = {
        name: replace(found, status="censored", threshold=pilot[name], reason="pilot of the training")
        for name, found in default_profile().distortions.items()
        if name in pilot
    }
    return replace(known, distortions=piloted | measured, input_side=side)


def _start(lessons: Sequence[Lesson], request: TrainingRequest) -> Part | None:
    """Go on from the artifact that ships, unless an observer was asked about pairs enough to start anew."""
    shipped = default_directory()
    pairs = sum(len(lesson.pairs) for lesson in lessons)
    if (request.observers and pairs >= FEW_PAIRS) or not (shipped / "card.json").exists():
        return None
    return read_part(shipped, "noticeability") if has_part(shipped, "noticeability") else None


def _card(lessons: Sequence[Lesson], request: TrainingRequest, start: Part | None) -> Mapping[str, Any]:
    observers = [
        {
            "model": lesson.profile.model,
            "pairs": len(lesson.pairs),
            "photographs": len(np.unique(lesson.pairs.photos)),
            "thresholds": {name: lesson.profile.threshold_of(name) for name in FAMILIES},
            "data_sha256": hashlib.sha256(
                lesson.pairs.distorted.tobytes() + lesson.pairs.probabilities.tobytes()
            ).hexdigest(),
        }
        for lesson in lessons
    ]
    return {
        "training": {
            "observers": observers,
            "seed": request.seed,
            "went_on_from": None if start is None else start.card.get("training"),
        },
        "intended_use": _INTENDED_USE,
        "limits": _LIMITS,
    }
