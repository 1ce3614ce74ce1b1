"""Keep what an observer answered, so that a training cut short goes on where it stopped.

Answers are found again by the pictures they are about: another seed, other photographs or other thresholds
make other pairs, which are asked about anew. Nothing here knows what the answers are for.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from calibration.whole_file import replace_file
from predictor.learning.dataset import Pair
from predictor.learning.sampling import Labeller

_FORMAT = "lmm-jnd-asked"
_PAIRS_AT_ONCE = 64  # what is lost, at most, when the observer fails


class KeptAnswers:
    """The answers of one observer, in one file."""

    def __init__(self, path: Path, observer: str) -> None:
        """Read what is there.

        Raises:
            ValueError: The file holds something else, or another observer's answers.
            OSError: It cannot be read.
        """
        self.path = path
        self._observer = observer
        self._answers = _read(path, observer) if path.exists() else {}

    def __len__(self) -> int:
        return sum(map(len, self._answers.values()))

    def of(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64] | None:
        """Return the answers about exactly these pairs, if they were kept."""
        found = self._answers.get(_digest(pairs))
        return np.array(found) if found is not None and len(found) == len(pairs) else None

    def keep(self, pairs: Sequence[Pair], answers: npt.NDArray[np.float64]) -> None:
        """Store the answers about some pairs, on disk before it returns.

        Raises:
            OSError: The file cannot be written.
        """
        self._answers[_digest(pairs)] = [float(answer) for answer in answers]
        stored = {"format": _FORMAT, "observer": self._observer, "answers": self._answers}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, json.dumps(stored).encode())


class KeepingLabeller:
    """Asks a labeller, a few pairs at a time, about those whose answers are not kept yet."""

    def __init__(self, labeller: Labeller, kept: KeptAnswers) -> None:
        self._labeller = labeller
        self._kept = kept

    def label(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        """Return one probability per pair, kept or asked for now."""
        parts = [
            self._label_few(pairs[start : start + _PAIRS_AT_ONCE])
            for start in range(0, len(pairs), _PAIRS_AT_ONCE)
        ]
        return np.concatenate(parts)

    def _label_few(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
        kept = self._kept.of(pairs)
        if kept is not None:
            return kept
        answers = self._labeller.label(pairs)
        self._kept.keep(pairs, answers)
        return answers


def _digest(pairs: Sequence[Pair]) -> str:
    found = hashlib.sha256()
    for pair in pairs:
        shape = (pair.family, *pair.reference.pixels.shape)
        found.update(repr(shape).encode() + pair.reference.pixels.tobytes() + pair.distorted.pixels.tobytes())
    return found.hexdigest()


def _read(path: Path, observer: str) -> dict[str, list[float]]:
    try:
        stored = json.loads(path.read_bytes())
        answers = {str(key): [float(one) for one in found] for key, found in stored["answers"].items()}
        name, kind = stored["observer"], stored["format"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(
            f"expected kept answers in {path}, got something else ({error}): remove it"
        ) from error
    inside = all(0.0 <= one <= 1.0 for found in answers.values() for one in found)
    if kind != _FORMAT or not inside:
        raise ValueError(f"expected kept answers in {path}, got something else: remove it")
    if name != observer:
        raise ValueError(f"expected answers of {observer} in {path}, got those of {name}")
    return answers
