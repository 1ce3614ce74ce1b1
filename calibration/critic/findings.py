"""What came of a run: judgements beside human scores, how surely they agree, how the replies came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.critic.agreement import Agreement, agree, area_under_curve
from calibration.critic.answers import CriticAnswer
from calibration.critic.estimates import Estimate
from calibration.critic.judgements import (
    Judged,
    PairJudgement,
    ReplyCount,
    count_replies,
    counted,
    judge,
    judge_pairs,
)
from calibration.critic.plan import AnswersBy
from calibration.critic.scales import ATTRIBUTES, GOOD_POOR, ORIGIN, PAIRS, QUALITY, SCALES
from calibration.critic.scores_file import HumanScores
from calibration.ratios import wilson_interval

COLUMNS = (QUALITY, GOOD_POOR, PAIRS, *ATTRIBUTES, ORIGIN)
OF_QUALITY = (QUALITY, GOOD_POOR, PAIRS)  # compared with the mean opinion score

_NO_SCORES = HumanScores({}, {}, {}, "")
_EVEN = 0.5


@dataclass(frozen=True)
class OriginFinding:
    """How well generated pictures are told from photographs."""

    pictures: int
    right: int
    interval: tuple[float, float]  # of the share that is right, 95 %
    area_under_curve: float | None


@dataclass(frozen=True)
class Findings:
    """All that is told of one critic."""

    model: str
    answers_by: AnswersBy
    pictures: tuple[str, ...]
    anchors: tuple[str, ...]
    judged: Mapping[str, Judged]  # by column
    agreements: Mapping[str, Agreement]  # by column, where people said something about it
    replies: Mapping[str, ReplyCount]  # by question
    pairs: PairJudgement | None
    origin: OriginFinding | None
    scores: HumanScores
    is_whole: bool  # all that was to be asked was asked


def find(
    answers: Sequence[CriticAnswer],
    *,
    model: str,
    answers_by: AnswersBy,
    pictures: Sequence[str],
    anchors: Sequence[str],
    scores: HumanScores | None,
    given_up: frozenset[str] = frozenset(),
    is_whole: bool = True,
) -> Findings:
    """Make findings of the answers of a log."""
    scores, there = scores or _NO_SCORES, set(pictures)
    kept = [each for each in counted(answers, answers_by) if there.issuperset(each.pictures)]
    known = {name: scores.mos[name] for name in anchors if name in scores.mos}
    pairs = judge_pairs(kept, known, answers_by)
    judged: dict[str, Judged] = {
        name: judge(kept, SCALES[name], answers_by) for name in COLUMNS if name != PAIRS
    }
    if pairs is not None:
        judged[PAIRS] = {name: Estimate(each, each, each) for name, each in pairs.qualities.items()}
    judged = {name: judged[name] for name in COLUMNS if judged.get(name)}
    return Findings(
        model=model,
        answers_by=answers_by,
        pictures=tuple(pictures),
        anchors=tuple(anchors),
        judged=judged,
        agreements=_agreements(judged, scores, anchors),
        replies=count_replies(kept, given_up, answers_by),
        pairs=pairs,
        origin=_origin(judged.get(ORIGIN, {}), scores.generated),
        scores=scores,
        is_whole=is_whole,
    )


def compared_with(column: str, scores: HumanScores) -> Mapping[str, float]:
    """Return the human scores that a column is compared with; empty where people said nothing about it."""
    return scores.mos if column in OF_QUALITY else scores.attributes.get(column, {})


def beside_people(
    column: str, judged: Judged, scores: HumanScores, anchors: Sequence[str]
) -> list[tuple[str, float, float]]:
    """Return picture, judgement and human score; of pairs without the anchors, whose scores were known."""
    people = compared_with(column, scores)
    left_out = set(anchors) if column == PAIRS else set()
    return [
        (name, estimate.score, people[name])
        for name, estimate in sorted(judged.items())
        if name in people and name not in left_out
    ]


def _agreements(
    judged: Mapping[str, Judged], scores: HumanScores, anchors: Sequence[str]
) -> dict[str, Agreement]:
    found = {}
    for column, values in judged.items():
        rows = beside_people(column, values, scores, anchors)
        if rows:
            ours, theirs = (np.array(each) for each in list(zip(*rows, strict=True))[1:])
            found[column] = agree(ours, theirs, np.random.default_rng(0))
    return found


def _origin(judged: Judged, generated: Mapping[str, bool]) -> OriginFinding | None:
    names = sorted(set(judged) & set(generated))
    if not names:
        return None
    said = np.array([judged[name].score for name in names])
    labels = np.array([generated[name] for name in names])
    right = int(np.sum((said > _EVEN) == labels))
    return OriginFinding(
        len(names), right, wilson_interval(right / len(names), len(names)), area_under_curve(said, labels)
    )
