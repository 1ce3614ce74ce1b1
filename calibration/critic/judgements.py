"""From the answers of a log to what was judged of every picture, and how the replies came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calibration.critic.answers import CriticAnswer
from calibration.critic.estimates import (
    Estimate,
    Masses,
    expected_value,
    good_over_poor,
    masses_of,
    masses_of_counts,
    smoothed_masses,
)
from calibration.critic.plan import AnswersBy
from calibration.critic.preferences import (
    PlaceBias,
    Preference,
    most_probable_qualities,
    on_scale_of,
    place_bias,
    prefer,
)
from calibration.critic.scales import GOOD_POOR, PAIRS, SCALES, Scale

_EXAMPLES = 3
_EXAMPLE_CHARACTERS = 120

Judged = Mapping[str, Estimate]  # by picture


@dataclass(frozen=True)
class ReplyCount:
    """What became of the replies to one question."""

    asked: int
    read: int
    refused: int
    unreadable: int
    shares: Mapping[str, float]  # of each word among the words, on average
    examples: tuple[str, ...]  # replies that say none of the words
    is_given_up: bool = False


@dataclass(frozen=True)
class PairJudgement:
    """What came of the pairs."""

    qualities: Mapping[str, float]  # anchors included
    bias: PlaceBias | None
    is_scaled: bool  # qualities are on the scale of the human scores
    preferences: Sequence[Preference]


def counted(answers: Iterable[CriticAnswer], answers_by: AnswersBy) -> list[CriticAnswer]:
    """Return the answers that count: the likeliest ones, or the drawn ones."""
    return [answer for answer in answers if (answer.sample == 0) == (answers_by == "log-probabilities")]


def judge(answers: Sequence[CriticAnswer], scale: Scale, answers_by: AnswersBy) -> dict[str, Estimate]:
    """Return what was judged of every picture on one scale of single pictures."""
    return {
        pictures[0]: _estimate(group, scale, answers_by)
        for pictures, group in _by_pictures(answers, scale).items()
    }


def judge_pairs(
    answers: Sequence[CriticAnswer], known: Mapping[str, float], answers_by: AnswersBy
) -> PairJudgement | None:
    """Return the most probable quality of every picture of a pair shown in both orders; None without any.

    Args:
        answers: Those that count.
        known: Human scores of the anchors.
        answers_by: How the observer tells.
    """
    scale = SCALES[PAIRS]
    second_is_better = {
        pictures: _second_is_better(group, scale, answers_by)
        for pictures, group in _by_pictures(answers, scale).items()
    }
    both = sorted(pair for pair in second_is_better if pair < pair[::-1] and pair[::-1] in second_is_better)
    if not both:
        return None
    preferences = [
        prefer(*pair, shown_first=second_is_better[pair], shown_second=second_is_better[pair[::-1]])
        for pair in both
    ]
    qualities = most_probable_qualities(preferences)
    scaled = on_scale_of(qualities, known)
    bias = place_bias([(second_is_better[pair], second_is_better[pair[::-1]]) for pair in both])
    return PairJudgement(qualities if scaled is None else scaled, bias, scaled is not None, preferences)


def count_replies(
    answers: Sequence[CriticAnswer], given_up: Iterable[str], answers_by: AnswersBy
) -> dict[str, ReplyCount]:
    """Return what became of the replies, by question in the order of the scales."""
    return {
        name: _count(group, scale, answers_by, is_given_up=name in given_up)
        for name, scale in SCALES.items()
        if (group := [answer for answer in answers if answer.scale == name])
    }


def _count(
    answers: Sequence[CriticAnswer], scale: Scale, answers_by: AnswersBy, *, is_given_up: bool
) -> ReplyCount:
    outcomes = [answer.outcome for answer in answers]
    lost = dict.fromkeys(_shown(answer.reply) for answer in answers if answer.outcome != "read")
    masses = [_masses([answer], scale, answers_by) for answer in answers if answer.outcome == "read"]
    totals = [sum(map(each.of, scale.words)) for each in masses]
    shares = {
        word: sum(each.of(word) / total for each, total in zip(masses, totals, strict=True)) / len(masses)
        for word in scale.words
        if masses
    }
    return ReplyCount(
        asked=len(answers),
        read=outcomes.count("read"),
        refused=outcomes.count("refused"),
        unreadable=outcomes.count("unreadable"),
        shares=shares,
        examples=tuple(lost)[:_EXAMPLES],
        is_given_up=is_given_up,
    )


def _by_pictures(answers: Sequence[CriticAnswer], scale: Scale) -> dict[tuple[str, ...], list[CriticAnswer]]:
    groups: dict[tuple[str, ...], list[CriticAnswer]] = {}
    for answer in answers:
        if answer.scale == scale.name and answer.outcome == "read":
            groups.setdefault(answer.pictures, []).append(answer)
    return groups


def _estimate(group: Sequence[CriticAnswer], scale: Scale, answers_by: AnswersBy) -> Estimate:
    if scale.name != GOOD_POOR:
        return expected_value(_masses(group, scale, answers_by), scale.values)
    if answers_by == "samples" or not group[0].alternatives:  # a frequency of zero has no logarithm
        return good_over_poor(smoothed_masses(_words(group), scale.words))
    return good_over_poor(_masses(group, scale, answers_by))


def _masses(group: Sequence[CriticAnswer], scale: Scale, answers_by: AnswersBy) -> Masses:
    if answers_by == "log-probabilities" and group[0].alternatives:
        return masses_of(group[0].alternatives, scale.words)
    return masses_of_counts(_words(group))


def _second_is_better(group: Sequence[CriticAnswer], scale: Scale, answers_by: AnswersBy) -> float:
    score = expected_value(_masses(group, scale, answers_by), scale.values).score
    if answers_by == "samples":  # a few answers alike are not certain
        return (score * len(group) + 0.5) / (len(group) + 1)
    return score


def _words(group: Sequence[CriticAnswer]) -> list[str]:
    return [answer.word for answer in group if answer.word is not None]


def _shown(reply: str) -> str:
    text = " ".join(reply.split())
    return text if len(text) <= _EXAMPLE_CHARACTERS else text[: _EXAMPLE_CHARACTERS - 1] + "…"
