"""Carry out `jnd-predictor train`: gather lessons from trials and from observers, learn, write the parts.

What can be refused is refused before an observer is asked, and nothing is written before all is learned.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from predictor.artifact import CARD, Part, PartKind, complete, has_part, write_part
from predictor.learning.answer_change.refit import LearnedAnswers, answered_a_task, learn_from_answers
from predictor.learning.dataset import Answers
from predictor.learning.noticeability.asking import Asking, Report, Tell, ask_observers, forget_answers
from predictor.learning.noticeability.history import Start, describe_lessons, find_start, start_from
from predictor.learning.noticeability.recorded import RecordedLesson, read_recorded
from predictor.learning.noticeability.settling import FEWEST_PAIRS
from predictor.learning.noticeability.together import put_together
from predictor.learning.noticeability.training import FEW_PAIRS, Lesson, Recipe, Trained, go_on, train
from predictor.learning.shown_pictures import describe_left_out

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
    profiles: Sequence[Path] = ()  # measured, of observers asked
    pairs: int = 10_000
    limit: int | None = None
    epochs: int | None = None
    seed: int = 0
    keep: Path | None = None  # folder of answers; None: beside `out` until the artifact is written

    @property
    def starts_anew(self) -> bool:
        """Whether pairs enough are asked about to train a new network."""
        return bool(self.observers) and self.pairs >= FEW_PAIRS


@dataclass(frozen=True)
class _Learned:
    """A noticeability part before it is written."""

    trained: Trained
    training: Mapping[str, Any]  # what the card says of it

    def to_part(self) -> Part:
        described = {"training": self.training, "intended_use": _INTENDED_USE, "limits": _LIMITS}
        return self.trained.to_part(described)


def run_training(
    request: TrainingRequest, report: Report, tell: Tell, *, clock: Callable[[], float] = time.monotonic
) -> Mapping[str, Any]:
    """Train, write the parts, and return the figures; `seconds` is how long all took, asking included.

    Calibrations on a task question say when answers change, not what is noticed: they go to that part.

    Args:
        request: What to learn from.
        report: Told how far each stage is.
        tell: Told, in sentences, what was left out and what will be asked.
        clock: Seconds.

    Raises:
        ValueError: There is nothing to learn from, or it is not readable.
        ObserverError: The observer gave no answer.
        OSError: A file cannot be read or written.
    """
    started = clock()
    _check(request)
    folders = _distinct(request.calibrations, tell)
    tasks = [folder for folder in folders if answered_a_task(folder)]
    recorded = _read_all([folder for folder in folders if folder not in tasks], request.images, report, tell)
    answers = learn_from_answers(tasks, request.images, request.out, tell) if tasks else None
    asking = _asking(request)
    asked = ask_observers(asking, report, tell)
    learned = _learn(recorded, asked, request, report, tell) if recorded or asked else None
    if learned is not None:
        figures = {**learned.trained.figures, "seconds": round(clock() - started, 1)}
        learned = replace(learned, trained=replace(learned.trained, figures=figures))
    _write(request.out, learned, answers)
    if request.keep is None:
        forget_answers(asking)
    told = {} if learned is None else dict(learned.trained.figures)
    return told if answers is None else {**told, "answer_change": answers.figures}


def _check(request: TrainingRequest) -> None:
    """Refuse, before anything is paid for, what would fail afterwards.

    Raises:
        ArtifactError: The artifact that is there, or that ships, is damaged, foreign or newer.
        ValueError: There is none to go on from, or too few pairs to learn from.
        OSError: A folder to write is a file, or cannot be written.
    """
    if (request.out / CARD).exists():
        has_part(request.out, "noticeability")
    if not request.starts_anew and find_start(request.out, ()) is None:
        raise ValueError("expected an artifact to go on from: this installation ships none")
    for folder in (request.out, *([_asking(request).keep] if request.observers else ())):
        _check_folder(folder)
    each = request.pairs // max(1, len(request.observers))
    if request.observers and each < FEWEST_PAIRS:
        raise ValueError(f"expected at least {FEWEST_PAIRS} pairs for each observer, got {each}")


def _check_folder(folder: Path) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise NotADirectoryError(f"expected a folder, got the file {existing}")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {existing}: {error.strerror}") from error


def _distinct(folders: Sequence[Path], tell: Tell) -> list[Path]:
    """Drop folders given before, under whatever name."""
    found: dict[Path, Path] = {}
    for folder in folders:
        found.setdefault(folder.resolve(), folder)
    if len(found) < len(folders):
        tell(f"calibration folders given more than once count once: {len(folders) - len(found)} left out")
    return list(found.values())


def _read_all(folders: Sequence[Path], images: Path, report: Report, tell: Tell) -> list[RecordedLesson]:
    lessons = []
    for done, folder in enumerate(folders):
        report("reading trials", done, len(folders))
        lessons.append(read_recorded(folder, images))
        tell_left_out(lessons[-1], folder, tell)
    return lessons


def tell_left_out(lesson: RecordedLesson, folder: Path, tell: Tell) -> None:
    """Say how many trials of a calibration are left out, and why; nothing where none is."""
    told = describe_left_out(lesson.left_out)
    if told is not None:
        tell(f"{folder}: {told}")


def _asking(request: TrainingRequest) -> Asking:
    return Asking(
        observers=tuple(dict.fromkeys(request.observers)),
        images=request.images,
        profiles=request.profiles,
        pairs=request.pairs,
        limit=request.limit,
        seed=request.seed,
        keep=request.keep or Path(f"{request.out.resolve()}.asked"),
    )


def _learn(
    recorded: Sequence[RecordedLesson],
    asked: Sequence[Lesson],
    request: TrainingRequest,
    report: Report,
    tell: Tell,
) -> _Learned:
    """Train a network from pairs asked about, or go on; trials only teach how sure to be of their model."""
    lessons: list[Answers] = [*recorded, *asked]
    models = {lesson.profile.model for lesson in lessons}
    start = None if request.starts_anew else find_start(request.out, models)
    if start is not None:
        return _go_on(lessons, start, request, tell)
    anew = _train_anew(asked, request, report)
    if not recorded:
        return anew
    return _go_on(recorded, start_from(anew.to_part()), request, tell)


def _train_anew(asked: Sequence[Lesson], request: TrainingRequest, report: Report) -> _Learned:
    recipe = Recipe(epochs=request.epochs or Recipe().epochs, seed=request.seed)
    trained = train(asked, recipe, progress=lambda done, total: report("training", done, total))
    observers = describe_lessons(asked)
    return _Learned(trained, {"observers": observers, "seed": request.seed, "went_on_from": None})


def _go_on(lessons: Sequence[Answers], start: Start, request: TrainingRequest, tell: Tell) -> _Learned:
    by_model = put_together(lessons)
    trained = go_on(by_model, start.part)
    learned = trained.figures["models_learned"]
    if not learned:
        raise ValueError(
            f"expected at least {FEWEST_PAIRS} counted trials of a model, got "
            f"{max(map(_counted, by_model))}: nothing was learned"
        )
    for lesson in by_model:
        if lesson.profile.model not in learned:
            wanted = f"expected at least {FEWEST_PAIRS} counted trials, got {_counted(lesson)}"
            tell(f"nothing was learned of {lesson.profile.model}: {wanted}")
    observers = [*start.kept, *describe_lessons([one for one in lessons if one.profile.model in learned])]
    return _Learned(
        replace(trained, figures=_fitted(trained.figures)),
        {"observers": observers, "seed": request.seed, "went_on_from": start.network},
    )


def _counted(lesson: Answers) -> int:
    """Count what the model answered itself."""
    return int((lesson.pairs.shifts == 0).all(axis=1).sum())


def _fitted(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name figures of going on for what they are: taken on the very pairs that were fitted."""
    return {
        "fitted_pairs": figures["calibration_pairs"],
        "fitted_log_loss": figures["calibration_log_loss"],
        "fitted_auc": figures["calibration_auc"],
        "models_learned": figures["models_learned"],
    }


def _write(out: Path, learned: _Learned | None, answers: LearnedAnswers | None) -> None:
    parts: dict[PartKind, Part] = {}
    if learned is not None:
        parts["noticeability"] = learned.to_part()
    if answers is not None:
        parts["answer_change"] = answers.part
    for kind, part in parts.items():
        write_part(out, kind, part)
    complete(out)
