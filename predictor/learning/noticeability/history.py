"""What an artifact's noticeability part learned from, and how the next training goes on from it.

A model learned again is learned from what is known without its former trials: the same trials given twice, or
the same calibration grown by some, count once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from predictor.artifact import CARD, Part, default_directory, has_part, read_part
from predictor.learning.dataset import FAMILIES, Answers
from predictor.noticeability.model import NoticeabilityModel

Entry = Mapping[str, Any]  # of a card

_KNOWN = (
    "known_models"  # as the settings of a card have it; beside the training of a network: before going on
)


@dataclass(frozen=True)
class Start:
    """The part a training goes on from."""

    part: Part
    kept: tuple[Entry, ...]  # observers learned since its network was trained, and not to be learned again
    network: Entry  # what the card says of the network's own training


def find_start(out: Path, models: Collection[str]) -> Start | None:
    """Go on from the artifact written before, or from the one that ships; None: there is neither.

    Args:
        out: The artifact to be written.
        models: To be learned now: what `out` learned of them in a former going on is forgotten.

    Raises:
        ArtifactError: One of the two is damaged, foreign or newer.
    """
    part = _noticeability_of(out) or _noticeability_of(default_directory())
    if part is None:
        return None
    training = _training(part.card)
    network = training.get("went_on_from")
    if not isinstance(network, dict):
        return start_from(part)
    kept = tuple(entry for entry in _observers(training) if entry.get("model") not in models)
    return Start(_forget(part, models, network.get(_KNOWN, {})), kept, network)


def start_from(part: Part) -> Start:
    """Go on from a network and what its own training taught of single models, which is noted for later."""
    return Start(part, (), {**_training(part.card), _KNOWN: part.card["settings"].get(_KNOWN, {})})


def describe_lessons(lessons: Sequence[Answers]) -> list[Entry]:
    """Return what the card says of each observer."""
    return [
        {
            "model": lesson.profile.model,
            "pairs": len(lesson.pairs),
            "photographs": len(np.unique(lesson.pairs.photos)),
            "thresholds": {name: lesson.profile.threshold_of(name) for name in FAMILIES},
            "data_sha256": lesson.pairs.digest(),
        }
        for lesson in lessons
    ]


def has_learned(artifact: Path | None, digest: str) -> bool:
    """Tell whether an artifact, or the one that ships, learned from the pairs of this digest.

    Raises:
        ArtifactError: It is damaged, foreign or newer.
    """
    training = _training(read_part(artifact or default_directory(), "noticeability").card)
    while training:
        if any(entry.get("data_sha256") == digest for entry in _observers(training)):
            return True
        earlier = training.get("went_on_from")
        training = earlier if isinstance(earlier, dict) else {}
    return False


def _noticeability_of(directory: Path) -> Part | None:
    if not (directory / CARD).exists() or not has_part(directory, "noticeability"):
        return None
    part = read_part(directory, "noticeability")
    NoticeabilityModel.from_part(part)  # a damaged one is told before anything is asked or learned
    return part


def _forget(part: Part, models: Collection[str], before: Entry) -> Part:
    """Put back what was known of these models before any going on."""
    settings = part.card["settings"]
    known = {name: found for name, found in settings.get(_KNOWN, {}).items() if name not in models}
    known |= {name: before[name] for name in models if name in before}
    return replace(part, card={**part.card, "settings": {**settings, _KNOWN: known}})


def _training(card: Entry) -> Entry:
    found = card.get("training")
    return found if isinstance(found, dict) else {}


def _observers(training: Entry) -> list[Entry]:
    found = training.get("observers")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
