"""What came of a run, in plain words."""

from collections.abc import Mapping

from calibration.critic.agreement import Agreement, Measured
from calibration.critic.beside import ModelPoint, Relation, fineness
from calibration.critic.findings import OF_QUALITY, Findings
from calibration.critic.judgements import ReplyCount
from calibration.critic.scales import ATTRIBUTES, GOOD_POOR, ORIGIN, PAIRS, QUALITY

LABELS: Mapping[str, str] = {
    QUALITY: "Quality, five words",
    GOOD_POOR: "Quality, good or poor",
    PAIRS: "Quality, pairs",
    **{name: name.capitalize() for name in ATTRIBUTES},
    ORIGIN: "Generated or photographed",
}
_LOST = 0.05  # share of replies, above which it is told
_EXAMPLES = 4  # replies
_CLEAR = 0.05  # p-value


def summarise(findings: Findings, point: ModelPoint, relation: Relation) -> list[str]:
    """Return the sentences with which a report begins."""
    told = [_how(findings)]
    told += [
        f"{LABELS[name]}: {describe_agreement(findings.agreements[name])}."
        for name in OF_QUALITY
        if name in findings.agreements
    ]
    told += filter(None, [_bias(findings), _origin(findings)])
    told += _lost_replies(findings.replies)
    if not findings.is_whole:
        told.append("The budget was spent before everything was asked; the same command goes on.")
    return [*told, describe_relation(point, relation)]


def describe_agreement(agreement: Agreement) -> str:
    """Say how well one column agrees with people."""
    if agreement.srcc is None:
        return f"nothing can be told, {agreement.reason}"
    return (
        f"SRCC {describe(agreement.srcc)}, PLCC {describe(agreement.plcc)}, "
        f"{describe(agreement.plcc_fitted)} after the logistic, over {agreement.pictures} pictures"
    )


def describe(measured: Measured | None) -> str:
    """Return a measure with its interval."""
    if measured is None:
        return "–"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.3f}"
    return f"{measured.value:.3f} ({measured.low:.3f} to {measured.high:.3f})"


def describe_relation(point: ModelPoint, relation: Relation) -> str:
    """Answer whether a finer JND means better judgement, as far as these models tell."""
    if not point.multiples:
        own = f"No JND of {point.model} is known here: calibrate it, or name a profile."
    else:
        fine = fineness(point, tuple(point.multiples)) or 0.0
        least = "at least " if point.beyond else ""
        own = (
            f"The JND of {point.model} is {least}{fine:.3g} times the human one on average over "
            f"{len(point.multiples)} distortions ({point.source})."
        )
    if relation.correlation is None or relation.p_value is None:
        return f"{own} Whether finer means better is not told: {relation.reason}."
    way = "better" if relation.correlation < 0 else "worse"
    finding = (
        f"those with a finer JND judge quality {way}"
        if relation.p_value < _CLEAR
        else "no relation between JND and judgement stands out from chance"
    )
    return (
        f"{own} Over {relation.models} models, {finding}: rank correlation {relation.correlation:+.2f}, "
        f"p = {relation.p_value:.2g}."
    )


def _how(findings: Findings) -> str:
    asked = f"{findings.model} was asked about {len(findings.pictures)} pictures"
    if not any(count.read for count in findings.replies.values()):
        return f"{asked}."
    way = (
        "its scores are read from the probabilities of its words"
        if findings.answers_by == "log-probabilities"
        else "it tells no probabilities, so its scores are those of drawn answers"
    )
    return f"{asked}; {way}."


def _bias(findings: Findings) -> str:
    if findings.pairs is None or findings.pairs.bias is None:
        return ""
    bias = findings.pairs.bias
    unscaled = (
        ""
        if findings.pairs.is_scaled
        else " It does not order the anchors as people do, so pairs give ranks without a scale."
    )
    return (
        f"Of {bias.pairs} pairs shown in both orders, {bias.agreeing:.0%} favour the same picture both "
        f"times; the picture shown second is called better with {bias.favours_second:.0%} on average (50% "
        f"without a bias).{unscaled}"
    )


def _origin(findings: Findings) -> str:
    origin = findings.origin
    if origin is None:
        return ""
    low, high = origin.interval
    curve = "" if origin.area_under_curve is None else f", AUC {origin.area_under_curve:.3f}"
    return (
        f"Generated or photographed: {origin.right} of {origin.pictures} right "
        f"({low:.0%} to {high:.0%}){curve}."
    )


def _lost_replies(replies: Mapping[str, ReplyCount]) -> list[str]:
    """Say which replies could not be read; one sentence where that is true of all."""
    if replies and not any(count.read for count in replies.values()):
        asked = sum(count.asked for count in replies.values())
        refused = sum(count.refused for count in replies.values())
        examples = list(dict.fromkeys(each for count in replies.values() for each in count.examples))
        said = ", ".join(f"“{example}”" for example in examples[:_EXAMPLES])
        return [
            f"None of its {asked} replies says, or so much as considers, one of the words asked for "
            f"({refused} refused){f': it says {said}' if said else ''}. Nothing can be told of how it judges "
            "quality."
        ]
    return [_lost(name, each) for name, each in replies.items() if _is_worth_telling(each)]


def _is_worth_telling(count: ReplyCount) -> bool:
    return count.asked - count.read > _LOST * count.asked or count.is_given_up


def _lost(name: str, count: ReplyCount) -> str:
    example = f", such as “{count.examples[0].rstrip('.')}”" if count.examples else ""
    ended = "; the question was given up" if count.is_given_up else ""
    return (
        f"{LABELS[name]}: {count.refused + count.unreadable} of {count.asked} replies say none of the words "
        f"({count.refused} refused){example}{ended}."
    )
