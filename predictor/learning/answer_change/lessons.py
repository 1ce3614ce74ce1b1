"""What answer change is learned from: observers' answers to photographs and to delivered versions of them.

Training half. Photographs are split in two: from the first part's crops the surrogates learn what observers
answer, from the second part's versions the heads learn how answers move, so that neither trusts the other
more than on photographs new to both.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from calibration.image import Image, load
from predictor.answer_change.distances import distances
from predictor.answer_change.surrogate import SIDE
from predictor.learning.answer_change.ladder import (
    AnswerObserver,
    Floats,
    Rung,
    Version,
    camera_source,
    compare_answers,
    deliver,
    random_rung,
)
from predictor.learning.array_file import read_arrays, write_arrays
from predictor.views import model_view

Report = Callable[[str, int, int | None], None]  # stage, done, total

VERSIONS = 5  # of each photograph
_CROPS = 8


@dataclass(frozen=True, eq=False)
class AnswerLessons:
    """N versions of photographs, what is known of each, and what O observers answered."""

    photos: npt.NDArray[np.int64]  # (N,) index of the photograph
    originals: npt.NDArray[np.uint8]  # (photographs, SIDE, SIDE, 3): surrogates' views
    versions: npt.NDArray[np.uint8]  # (N, SIDE, SIDE, 3)
    distances: Floats  # (O, N, DISTANCES): at each observer's own input
    has_changed: npt.NDArray[np.bool_]  # (O, N)
    divergence: Floats  # (O, N)
    margin: Floats  # (O, N)
    size_bytes: npt.NDArray[np.int64]  # (N,)
    source_bytes: npt.NDArray[np.int64]  # (N,) of the original

    def digest(self) -> str:
        """Return the SHA-256 of everything learned from."""
        hashed = hashlib.sha256()
        for item in fields(self):
            hashed.update(np.ascontiguousarray(getattr(self, item.name)).tobytes())
        return hashed.hexdigest()


@dataclass(frozen=True, eq=False)
class Crops:
    """Pictures to distil on, and what O observers answered."""

    views: npt.NDArray[np.uint8]  # (N, SIDE, SIDE, 3)
    log_answers: npt.NDArray[np.float16]  # (O, N, classes): all observers know the same classes


_Arrays = TypeVar("_Arrays", AnswerLessons, Crops)


def gather_lessons(
    files: Sequence[Path],
    observers: Sequence[AnswerObserver],
    rng: np.random.Generator,
    report: Report,
    *,
    rungs: Sequence[Rung] = (),
) -> AnswerLessons:
    """Deliver each photograph at several rungs and ask every observer about each version.

    Args:
        files: Photographs.
        observers: At least one.
        rng: Draws the rungs.
        report: Told of progress.
        rungs: Of every photograph; none: `VERSIONS` random ones of each.
    """
    rows: list[dict[str, Any]] = []
    for index, path in enumerate(files):
        source = camera_source(path)
        chosen = list(rungs) or [random_rung(rng) for _ in range(VERSIONS)]
        versions = [deliver(source.image, rung) for rung in chosen]
        rows.append(_row(index, source, versions, observers))
        report("asking about versions", index + 1, len(files))
    return AnswerLessons(
        photos=np.concatenate([row["photos"] for row in rows]),
        originals=np.stack([row["original"] for row in rows]),
        versions=np.concatenate([row["versions"] for row in rows]),
        **{
            name: np.concatenate([row[name] for row in rows], axis=1)
            for name in ("distances", "has_changed", "divergence", "margin")
        },
        size_bytes=np.concatenate([row["size_bytes"] for row in rows]),
        source_bytes=np.concatenate([row["source_bytes"] for row in rows]),
    )


def gather_crops(
    files: Sequence[Path], observers: Sequence[AnswerObserver], rng: np.random.Generator, report: Report
) -> Crops:
    """Ask every observer about whole photographs and random parts of them."""
    views, answers = [], []
    for index, path in enumerate(files):
        crops = _crops(load(path), rng)
        views.append(np.stack([model_view(crop, SIDE).pixels for crop in crops]))
        answers.append(np.stack([observer.log_answers(crops) for observer in observers]))
        report("asking about photographs", index + 1, len(files))
    return Crops(np.concatenate(views), np.concatenate(answers, axis=1).astype(np.float16))


def keep_answers(path: Path, found: _Arrays) -> None:
    """Write as one compressed file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, {item.name: getattr(found, item.name) for item in fields(found)})


def read_answers(path: Path, kind: type[_Arrays]) -> _Arrays:
    """Read what `keep_answers` wrote.

    Raises:
        ValueError: The file holds something else, or is damaged.
    """
    arrays = read_arrays(path, "answers kept")
    try:
        return kind(**{item.name: arrays[item.name] for item in fields(kind)})
    except KeyError as error:
        raise ValueError(f"expected answers kept in {path}, got something else: {error}") from error


def _row(
    index: int, source: Version, versions: Sequence[Version], observers: Sequence[AnswerObserver]
) -> dict[str, Any]:
    pictures = [version.image for version in versions]
    found = []
    for observer in observers:
        view = observer.view(source.image)
        seen = [observer.view(picture) for picture in pictures]
        log_answers = observer.log_answers([source.image, *pictures])
        answers = compare_answers(np.repeat(log_answers[:1], len(pictures), axis=0), log_answers[1:])
        found.append((np.stack([distances(view, one) for one in seen]), answers))
    return {
        "photos": np.full(len(pictures), index),
        "original": model_view(source.image, SIDE).pixels,
        "versions": np.stack([model_view(picture, SIDE).pixels for picture in pictures]),
        "distances": np.stack([one[0] for one in found]),
        "has_changed": np.stack([one[1].has_changed for one in found]),
        "divergence": np.stack([one[1].divergence for one in found]),
        "margin": np.stack([one[1].margin for one in found]),
        "size_bytes": np.array([version.size_bytes for version in versions]),
        "source_bytes": np.full(len(pictures), source.size_bytes),
    }


def _crops(picture: Image, rng: np.random.Generator) -> list[Image]:
    found = [picture]
    for _ in range(_CROPS - 1):
        height, width = (max(1, round(rng.uniform(0.45, 0.95) * side)) for side in picture.pixels.shape[:2])
        top = int(rng.integers(picture.height - height + 1))
        left = int(rng.integers(picture.width - width + 1))
        part = picture.pixels[top : top + height, left : left + width]
        found.append(Image(np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)))
    return found
