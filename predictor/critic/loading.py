"""Load the judge of quality that an artifact holds: the one place that knows which judges there are."""

from collections.abc import Callable, Mapping
from pathlib import Path

from predictor.artifact import ArtifactError, PartKind, default_directory, has_part
from predictor.critic.critic import Critic
from predictor.critic.specialist import load_specialist

# By the part of the artifact that it is made of; the better one first.
_JUDGES: Mapping[PartKind, Callable[[Path], Critic]] = {"critic": load_specialist}


def find_critic(artifact: Path | None = None) -> Critic | None:
    """Return the best judge of an artifact, or of the one that ships; None where it has none.

    Raises:
        ArtifactError: It is missing, damaged, foreign or newer.
    """
    directory = artifact or default_directory()
    load = next((load for part, load in _JUDGES.items() if has_part(directory, part)), None)
    return None if load is None else load(directory)


def load_critic(artifact: Path | None = None) -> Critic:
    """Return the best judge of an artifact, or of the one that ships.

    Raises:
        ArtifactError: It has none, or is missing, damaged, foreign or newer.
    """
    critic = find_critic(artifact)
    if critic is None:
        raise ArtifactError("expected an artifact with a judge of quality, this one has none")
    return critic
