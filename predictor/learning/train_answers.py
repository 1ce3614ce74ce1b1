"""Carry out `jnd-predictor train-answers`: ask classifiers about photographs, learn, write the part."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from predictor.answer_change.change import AnswerModel, part_tensors, settings
from predictor.answer_change.surrogate import Surrogate
from predictor.artifact import Part, complete, write_part
from predictor.learning.answer_change.ladder import LADDER, AnswerObserver, Floats, read_classifier
from predictor.learning.answer_change.lessons import (
    AnswerLessons,
    Crops,
    Report,
    gather_crops,
    gather_lessons,
    keep_answers,
    read_answers,
)
from predictor.learning.answer_change.policy import limits_for
from predictor.learning.answer_change.training import (
    SurrogateRecipe,
    distil,
    fit_heads,
    group_answers,
    group_classes,
    lesson_features,
)
from predictor.learning.dataset import photo_files

_Kept = TypeVar("_Kept", Crops, AnswerLessons)

_CROP_SHARE, _LESSON_SHARE = 0.45, 0.4  # of the photographs; the rest calibrates the promises
_INTENDED_USE = (
    "P(a model's answer changes) and the divergence of its answer distribution when a picture is sent in a "
    "compressed version; to choose how far to compress."
)
_LIMITS = (
    "Learned from small image classifiers asked what a photograph shows. No observer reads text, counts or "
    "compares: for documents, screens and charts the predictions mean nothing. Promised rates hold for the "
    "observers and kind of photographs of their calibration; no large multimodal model was among them."
)


@dataclass(frozen=True)
class AnswerTrainingRequest:
    """What the command line asks for."""

    classifiers: Path  # NAME.pt2 (torch.export, RGB in 0 ... 1 -> logits) beside NAME.json
    images: Path
    out: Path
    leave_out: Sequence[str] = ()  # names of classifiers
    first: int | None = None  # only the first photographs, sorted by path, are drawn from
    limit: int = 560  # photographs drawn
    keep: Path | None = None  # folder for what the classifiers answered: a second run need not ask again
    epochs: int = SurrogateRecipe().epochs
    seed: int = 0


def run_answer_training(request: AnswerTrainingRequest, report: Report) -> Mapping[str, Any]:
    """Ask, train, write the part, and return its figures.

    Raises:
        ValueError: There are no classifiers or photographs, or no answer changed.
        OSError: A file cannot be read or written.
    """
    observers = read_classifiers(request.classifiers, request.leave_out)
    shares = split_files(request)
    keep = None if request.keep is None else request.keep / _key(request, shares)
    crops = _kept(
        keep, "crops", Crops, request.seed, lambda rng: gather_crops(shares[0], observers, rng, report)
    )
    surrogates = train_surrogates(crops, request.epochs, request.seed, report)
    lessons = _kept(
        keep,
        "lessons",
        AnswerLessons,
        request.seed,
        lambda rng: gather_lessons(shares[1], observers, rng, report),
    )
    promised = _kept(
        keep,
        "promised",
        AnswerLessons,
        request.seed,
        lambda rng: gather_lessons(shares[2], observers, rng, report, rungs=LADDER),
    )
    heads = fit_heads(foreign_features(lessons, surrogates), lessons)
    figures = {
        "photographs": [len(share) for share in shares],
        "versions": len(lessons.photos),
        "answers_changed": lessons.has_changed.mean(axis=1).round(4).tolist(),
    }
    card = {
        "settings": settings(surrogates),
        "figures": figures,
        "training": _training_card(request, observers, lessons),
        "risk_limits": limits_for(promised, foreign_features(promised, surrogates), heads),
        "intended_use": _INTENDED_USE,
        "limits": _LIMITS,
    }
    part = Part(part_tensors(surrogates, heads), card)
    AnswerModel.from_part(part)
    write_part(request.out, "answer_change", part)
    complete(request.out)
    return figures


def _training_card(
    request: AnswerTrainingRequest, observers: Sequence[AnswerObserver], lessons: AnswerLessons
) -> dict[str, Any]:
    return {
        "observers": [observer.name for observer in observers],
        "left_out": list(request.leave_out),
        "lessons_sha256": lessons.digest(),
        "seed": request.seed,
    }


def split_files(request: AnswerTrainingRequest) -> list[list[Path]]:
    """Draw photographs and split them: for surrogates, for heads, for promises.

    Raises:
        ValueError: There are too few.
    """
    files = photo_files(request.images)[: request.first]
    order = np.random.default_rng(request.seed).permutation(len(files))[: request.limit]
    first, second = (round(share * len(order)) for share in (_CROP_SHARE, _CROP_SHARE + _LESSON_SHARE))
    if not 0 < first < second < len(order):
        raise ValueError(f"expected at least 4 photographs, got {len(order)}")
    return [[files[index] for index in part] for part in np.split(order, [first, second])]


def read_classifiers(folder: Path, leave_out: Sequence[str]) -> list[AnswerObserver]:
    """Read every classifier of a folder but those left out.

    Raises:
        ValueError: Fewer than two are left: one could not be judged by another's surrogate. Or one to leave
            out is not there, or a classifier or its card is not readable.
        OSError: A file cannot be read.
    """
    paths = sorted(folder.glob("*.pt2"))
    unknown = sorted(set(leave_out) - {path.stem for path in paths})
    if unknown:
        there = ", ".join(path.stem for path in paths) or "none"
        raise ValueError(f"expected a classifier of {folder}, got {unknown[0]!r}; there are {there}")
    chosen = [path for path in paths if path.stem not in leave_out]
    if len(chosen) < 2:
        raise ValueError(f"expected at least two classifiers (NAME.pt2, NAME.json) in {folder} to learn from")
    return [_read_with_card(path) for path in chosen]


def _read_with_card(path: Path) -> AnswerObserver:
    card = path.with_suffix(".json")
    try:
        told = json.loads(card.read_text(encoding="utf-8"))
        side, background = int(told["input_size"]), int(told["label_offset"])
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"expected numbers input_size and label_offset in {card}, got {error!r}") from error
    return read_classifier(path, input_side=side, background=background)


def train_surrogates(crops: Crops, epochs: int, seed: int, report: Report) -> list[Surrogate]:
    """Distil every observer into a surrogate of its own."""
    found = []
    for index, log_answers in enumerate(crops.log_answers):
        targets = group_answers(log_answers, group_classes(log_answers, seed))
        recipe = SurrogateRecipe(epochs=epochs, seed=seed + index)
        found.append(distil(crops.views, targets, recipe, report))
    return found


def foreign_features(lessons: AnswerLessons, surrogates: Sequence[Surrogate]) -> list[Floats]:
    """Return features by observer, each seen through the surrogates of the others."""
    return [
        lesson_features(lessons, [one for index, one in enumerate(surrogates) if index != observer], observer)
        for observer in range(len(surrogates))
    ]


def _key(request: AnswerTrainingRequest, shares: Sequence[Sequence[Path]]) -> str:
    """Name what is asked: these classifiers about these photographs, by their contents."""
    asked = [path for path in sorted(request.classifiers.glob("*.pt2")) if path.stem not in request.leave_out]
    hashed = hashlib.sha256(json.dumps([request.seed, *map(len, shares)]).encode())
    cards = [path.with_suffix(".json") for path in asked]
    for path in (*asked, *cards, *(file for share in shares for file in share)):
        hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()[:12]


def _kept(
    keep: Path | None, name: str, kind: type[_Kept], seed: int, gather: Callable[[np.random.Generator], _Kept]
) -> _Kept:
    """Ask, or read what an earlier run was told of the same: asking is most of the time."""
    path = None if keep is None else keep / f"{name}.npz"
    if path is not None and path.exists():
        return read_answers(path, kind)
    found = gather(np.random.default_rng([seed, len(name)]))
    if path is not None:
        keep_answers(path, found)
    return found
