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
from predictor.dataset import FAMILIES, Answers
from predictor.noticeability.model import NoticeabilityModel

Entry = Mapping[str, Any]  # of a card


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
    shipped, own = _noticeability_of(default_directory()), _noticeability_of(out)
    if own is None:
        return None if shipped is None else Start(shipped, (), _training(shipped.card))
    training = _training(own.card)
    network = training.get("went_on_from")
    if not isinstance(network, dict):
        return Start(own, (), training)
    kept = tuple(entry for entry in _observers(training) if entry.get("model") not in models)
    return Start(_forget(own, models, shipped), kept, network)


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


def _forget(part: Part, models: Collection[str], shipped: Part | None) -> Part:
    """Take from the card what was learned of these models; what ships, if for this network, is back."""
    settings = dict(part.card["settings"])
    known = {name: found for name, found in settings.get("known_models", {}).items() if name not in models}
    if shipped is not None and shipped.card.get("sha256") == part.card.get("sha256"):
        usual = shipped.card["settings"].get("known_models", {})
        known |= {name: usual[name] for name in models if name in usual}
    return replace(part, card={**part.card, "settings": {**settings, "known_models": known}})


def _training(card: Entry) -> Entry:
    found = card.get("training")
    return found if isinstance(found, dict) else {}


def _observers(training: Entry) -> list[Entry]:
    found = training.get("observers")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
