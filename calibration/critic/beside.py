"""Does a finer just noticeable difference mean better judgement of quality? One model is one point.

A model's fineness is the geometric mean of its JNDs in multiples of the human ones, over the distortions that
all models compared here have: below 1 it sees more than people do. Correlation over a few models is told with
its exact p-value, and never for fewer than four.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from calibration.critic.agreement import Measured, Numbers, rank_correlation
from calibration.critic.findings import Findings
from calibration.critic.folder import CriticFolder
from calibration.critic.scales import QUALITY
from calibration.directory import DirectoryError
from calibration.profile import JndProfile
from calibration.published_table import COLUMNS, HUMAN_LEVELS

_FEWEST = 4  # models
_MOST_EXACT = 8  # models whose orders are all counted

Source = str  # of a profile: measured, published-prior or default


@dataclass(frozen=True)
class ModelPoint:
    """One model: how fine its eyes are, how well it judges."""

    model: str
    srcc: Measured | None  # of quality by five words
    multiples: Mapping[str, float]  # JND over the human one, by distortion
    beyond: tuple[str, ...]  # of these, known to be larger only
    source: Source
    scores: str  # digest of the human scores


@dataclass(frozen=True)
class Relation:
    """How fineness and judgement go together over models."""

    models: int
    distortions: tuple[str, ...]  # that all have
    correlation: float | None  # Spearman, of fineness (smaller is finer) and SRCC: below 0 finer is better
    p_value: float | None
    reason: str = ""  # why there is none


def own_point(findings: Findings, profile: JndProfile | None) -> ModelPoint:
    """Return the point of the model that was just asked."""
    agreement = findings.agreements.get(QUALITY)
    known = {} if profile is None else _known(profile)
    return ModelPoint(
        model=findings.model,
        srcc=None if agreement is None else agreement.srcc,
        multiples=known,
        beyond=tuple(
            name for name in known if profile is not None and profile.distortions[name].is_beyond_scale
        ),
        source="" if profile is None else profile.source,
        scores=findings.scores.digest,
    )


def read_point(folder: Path) -> ModelPoint:
    """Return the point of a model that was asked before.

    Raises:
        DirectoryError: The folder has no findings of a critic, or they cannot be read.
    """
    path = CriticFolder(folder).findings
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        srcc = (told["agreement"].get(QUALITY) or {}).get("srcc")
        jnd = told["jnd"]
        return ModelPoint(
            model=str(told["model"]),
            srcc=None if srcc is None else Measured(**srcc),
            multiples={str(name): float(each) for name, each in jnd["multiples_of_human"].items()},
            beyond=tuple(jnd["beyond_scale"]),
            source=str(jnd["source"]),
            scores=str(told["scores"]),
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise DirectoryError(f"expected a folder that `critic` wrote, got {folder}: {error}") from error


def shared_distortions(points: Sequence[ModelPoint]) -> tuple[str, ...]:
    """Return the distortions of which every model with a profile has a JND."""
    with_profile = [point for point in points if point.multiples]
    return tuple(
        name for name in COLUMNS if with_profile and all(name in each.multiples for each in with_profile)
    )


def fineness(point: ModelPoint, distortions: Sequence[str]) -> float | None:
    """Return the geometric mean of a model's multiples; None where it lacks one of these distortions."""
    if not distortions or any(name not in point.multiples for name in distortions):
        return None
    return math.exp(sum(math.log(point.multiples[name]) for name in distortions) / len(distortions))


def relate(points: Sequence[ModelPoint]) -> Relation:
    """Say how fineness and judgement go together over these models."""
    shared = shared_distortions(points)
    pairs = [
        (fine, point.srcc.value)
        for point in points
        if (fine := fineness(point, shared)) is not None and point.srcc is not None
    ]
    if len(pairs) < _FEWEST:
        told = f"{len(pairs)} model{'' if len(pairs) == 1 else 's'} with both a JND and an SRCC"
        return Relation(len(pairs), shared, None, None, f"{told}: expected {_FEWEST} or more to tell")
    sizes, agreements = (np.array(each) for each in zip(*pairs, strict=True))
    correlation = rank_correlation(sizes, agreements)
    if correlation is None:
        return Relation(len(pairs), shared, None, None, "all models are alike in one of the two")
    return Relation(len(pairs), shared, correlation, _p_value(sizes, agreements, correlation))


def _p_value(fine: Numbers, judging: Numbers, correlation: float) -> float:
    """Return how often chance orders models at least as clearly, two-sided."""
    if len(fine) > _MOST_EXACT:
        return float(spearmanr(fine, judging).pvalue)
    orders = [rank_correlation(fine, judging[list(order)]) or 0.0 for order in permutations(range(len(fine)))]
    return float(np.mean(np.abs(orders) >= abs(correlation) - 1e-9))


def _known(profile: JndProfile) -> dict[str, float]:
    return {
        name: level / HUMAN_LEVELS[name]
        for name in COLUMNS
        if (level := profile.threshold_of(name)) is not None
    }
