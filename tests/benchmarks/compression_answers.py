"""What classifiers answer to a picture and to versions of it, and how often an answer changes.

Each observer sees the whole picture and nine crops of it at the picture's own resolution, so that fine detail
has someone to notice it. An answer is confident where its first class leads the second by more than a fifth.
Answers to one picture hang together: the bound counts pictures, and one with any changed answer is changed.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
from compression_pictures import DATA
from scipy.stats import beta

from calibration.image import Image
from predictor.learning.answer_change.ladder import AnswerObserver, read_classifier

CONFIDENT = 0.2
NEVER_USED = "squeezenet_v1.0_dc"  # nothing learned from its answers; `lean` was settled in their sight
BOUND = 0.95  # one-sided
_POSITIONS = (0.0, 0.5, 1.0)  # of the crops, in shares of the room there is
_HARDLY_ANY = 2  # pixels of a side
_KEPT = 64  # pictures whose answers are remembered


@dataclass(frozen=True, eq=False)
class Answers:
    """Of every observer to one picture: ln of its distribution over classes, (views, classes)."""

    by_observer: Mapping[str, np.ndarray]


@dataclass
class Panel:
    """The observers, and what they see of a picture: the whole first, then crops."""

    observers: Mapping[str, AnswerObserver]
    boxes_across: tuple[float, ...] = _POSITIONS
    _known: dict[tuple[str, tuple[int, int]], Answers] = field(default_factory=dict)

    def answers(self, image: Image, frame: tuple[int, int]) -> Answers:
        """Ask all of them; crops are cut where they lie in a picture of `frame` pixels (width, height)."""
        key = (sha256(image.pixels.tobytes()).hexdigest(), frame)
        if key not in self._known:
            if len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            found = {name: one.log_answers(self._views(image, frame, one.side))
                     for name, one in self.observers.items()}  # fmt: skip
            self._known[key] = Answers(found)
        return self._known[key]

    def _views(self, image: Image, frame: tuple[int, int], side: int) -> list[Image]:
        """Cut crops of the observer's own input size; a reduced version shows the same part of the scene."""
        width, height = frame
        views = [image]
        for down in self.boxes_across:
            for across in self.boxes_across:
                left, top = round(across * max(0, width - side)), round(down * max(0, height - side))
                box = (left, top, min(width, left + side), min(height, top + side))
                views.append(_cut(image, box, frame))
        return views


def read_panel(*, positions: tuple[float, ...] = _POSITIONS) -> Panel:
    """Read the three classifiers of the data."""
    observers = {}
    for path in sorted((DATA / "models").glob("*.pt2")):
        card = json.loads(path.with_suffix(".json").read_text())
        observers[path.stem] = read_classifier(
            path, input_side=card["input_size"], background=card["label_offset"]
        )
    return Panel(observers, positions)


def _cut(image: Image, box: tuple[int, int, int, int], frame: tuple[int, int]) -> Image:
    left, right = _span(box[0], box[2], frame[0], image.width)
    top, bottom = _span(box[1], box[3], frame[1], image.height)
    return Image(np.ascontiguousarray(image.pixels[top:bottom, left:right]))


def _span(start: int, end: int, frame: int, side: int) -> tuple[int, int]:
    """Carry a span from a frame to another side; where hardly any pixel is lost, none is resampled."""
    length = end - start
    if abs(frame - side) <= _HARDLY_ANY and length <= side:
        first = min(start, side - length)
        return first, first + length
    scale = side / frame
    return round(start * scale), max(round(start * scale) + 1, round(end * scale))


@dataclass(frozen=True, eq=False)
class Comparison:
    """One observer, one picture: (views,) each."""

    has_changed: np.ndarray
    is_confident: np.ndarray
    divergence: np.ndarray  # KL(original || version), nats


def compare(original: Answers, version: Answers) -> dict[str, Comparison]:
    """Hold the answers to a version against those to its original."""
    found = {}
    for name, before in original.by_observer.items():
        after = version.by_observer[name]
        chances = np.exp(before)
        first_two = np.sort(chances, axis=1)[:, -2:]
        found[name] = Comparison(
            before.argmax(axis=1) != after.argmax(axis=1),
            first_two[:, 1] - first_two[:, 0] > CONFIDENT,
            (chances * (before - after)).sum(axis=1),
        )
    return found


@dataclass
class Tally:
    """One row: a set of pictures, delivered one way."""

    saved: list[float] = field(default_factory=list)
    tokens_saved: list[float] = field(default_factory=list)
    compared: list[Mapping[str, Comparison]] = field(default_factory=list)

    def add(self, *, saved: float, tokens_saved: float, compared: Mapping[str, Comparison]) -> None:
        self.saved.append(saved)
        self.tokens_saved.append(tokens_saved)
        self.compared.append(compared)

    def divergence(self) -> float:
        """Mean over pictures, views and observers."""
        return float(np.mean([one.divergence.mean() for each in self.compared for one in each.values()]))

    def row(self) -> dict[str, object]:
        """Sum up as it is printed."""
        changes = {name: self.changes(name) for name in self.compared[0]} if self.compared else {}
        worst = max(changes, key=lambda name: changes[name]["rate"], default=None)
        raw = [one.has_changed.mean() for each in self.compared for one in each.values()]
        return {
            "pictures": len(self.saved),
            "saved": _mean(self.saved),
            "tokens_saved": _mean(self.tokens_saved),
            "confident_changed_worst": None if worst is None else {"observer": worst} | changes[worst],
            "confident_changed_never_used": changes.get(NEVER_USED),
            "raw_changed": _mean(raw),
            "mean_kl": None if not self.compared else round(self.divergence(), 5),
        }

    def changes(self, observer: str) -> dict[str, float]:
        """Count one observer's confident answers that changed, and the pictures they lie in."""
        each = [one[observer] for one in self.compared]
        answers = sum(int(one.is_confident.sum()) for one in each)
        changed = sum(int((one.is_confident & one.has_changed).sum()) for one in each)
        asked = [one for one in each if one.is_confident.any()]
        hit = sum(bool((one.is_confident & one.has_changed).any()) for one in asked)
        return {
            "answers": answers,
            "changed": changed,
            "rate": round(changed / answers, 5) if answers else float("nan"),
            "pictures": len(asked),
            "pictures_changed": hit,
            "upper_by_picture": round(upper_bound(hit, len(asked)), 4),
        }


def upper_bound(changed: int, total: int) -> float:
    """Return the one-sided 95 % bound of Clopper and Pearson."""
    return 1.0 if changed >= total else float(beta.ppf(BOUND, changed + 1, total - changed))


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if len(values) else None
