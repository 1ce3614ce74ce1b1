"""From the trials of a run with perturbed prompts to response change ratios, and a threshold of each kind.

How often the answer to the unperturbed prompt changes by itself is the observer's, whatever is perturbed: the
repeats of all kinds count together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from calibration.profile import Status, Threshold
from calibration.prompts.response_change import Count, Crossing, LevelCount, by_share, crossing
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.prompt_kinds import PROMPT_KINDS, perturbation_of, unit_of
from calibration.trials import Trial

_MOST_BY_ITSELF = 0.25  # as of pictures: above it, no change can be laid to the prompt
_MIN_USABLE = 0.5  # share of the answers that must be comparable
_MIN_ANSWERS = 8  # to perturbed prompts
_USUAL_ANSWERS = 140
_MAX_WIDTH = 3.0  # upper over lower end of the interval
_INEXACT: Status = "rough"  # what an estimate is called that is open towards one side, or wide


@dataclass(frozen=True)
class PromptFinding:
    """One kind of perturbation: its trials, its ratios by level, and what follows."""

    kind: Distortion
    trials: Sequence[Trial]
    levels: Sequence[LevelCount]  # without the unperturbed prompt
    by_itself: Count  # of the whole run
    threshold: Threshold
    crossing: Crossing | None  # None: the answers allow no estimate

    @property
    def unit(self) -> str:
        """What was perturbed, in the plural."""
        return unit_of(self.kind.name)

    @property
    def share(self) -> str:
        """The threshold in words; ≈ where it is not measured, a dash where there is no estimate."""
        found = self.threshold
        if self.crossing is None or found.threshold is None:
            return "–"
        about = "" if found.status == "measured" else "≈ "
        return f"{'> ' if self.crossing.share is None else about}{found.threshold:.3g} %"

    @property
    def interval(self) -> str:
        """Its 95 % interval in words; empty where there is none."""
        low, high = self.threshold.low, self.threshold.high
        if self.crossing is None or low is None:
            return ""
        return f"≥ {low:.3g} %" if high is None else f"{low:.3g}–{high:.3g} %"


def asks_prompts(trials: Sequence[Trial]) -> bool:
    """Whether the trials perturb the prompt, rather than the picture."""
    return any(trial.reference_prompt is not None for trial in trials)


def assess_prompts(trials: Sequence[Trial]) -> dict[str, PromptFinding]:
    """Count changed answers of every kind in the log, and find where half of them change."""
    by_itself = count_changed([trial for trial in trials if trial.is_catch])
    return {
        name: _conclude(kind, own, by_itself)
        for name, kind in PROMPT_KINDS.items()
        if (own := [trial for trial in trials if trial.stimulus.distortion == name])
    }


def count_changed(trials: Sequence[Trial]) -> Count:
    """Count the answers that changed; empty, cut and refused ones are none."""
    answers = [trial.noticed for trial in trials if trial.noticed is not None]
    return Count(sum(answers), len(answers))


def response_changes(trials: Sequence[Trial]) -> Mapping[str, object]:
    """Return what a profile tells of the ratios, by kind and level, in per cent; empty of other trials."""
    if not asks_prompts(trials):
        return {}
    findings = assess_prompts(trials)
    by_itself = next(iter(findings.values())).by_itself
    return {
        "response_change": {
            "unperturbed": _told(by_itself),
            **{
                name: [
                    {"level": found.level, "changed_share": round(found.share, 2), **_told(found.count)}
                    for found in finding.levels
                ]
                for name, finding in findings.items()
            },
        }
    }


def _told(count: Count) -> dict[str, float | int | None]:
    low, high = count.interval or (None, None)
    return {
        "ratio": _percent(count.ratio),
        "low": _percent(low),
        "high": _percent(high),
        "answers": count.answered,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _levels(trials: Sequence[Trial]) -> list[LevelCount]:
    levels = sorted({trial.stimulus.level for trial in trials if not trial.is_catch})
    shown = [[trial for trial in trials if trial.stimulus.level == level] for level in levels]
    return [
        LevelCount(level, mean(_share(trial) for trial in own), count_changed(own))
        for level, own in zip(levels, shown, strict=True)
    ]


def _share(trial: Trial) -> float:
    """Return how much of its prompt a trial changed, per cent: on a short prompt more than was asked for."""
    stimulus = trial.stimulus
    prompt = trial.reference_prompt or trial.prompt
    return perturbation_of(prompt, stimulus.distortion, stimulus.level, stimulus.seed).level


def _conclude(kind: Distortion, trials: Sequence[Trial], by_itself: Count) -> PromptFinding:
    levels = _levels(trials)
    answered = by_share([found for found in levels if found.count.answered])
    forbidden = _why_no_estimate(trials, answered, by_itself)
    found = None if forbidden else crossing(answered, by_itself)
    threshold = Threshold(
        status="unmeasurable",
        threshold=None,
        unit_value=None,
        low=None,
        high=None,
        slope=None,
        false_alarm=_rounded(by_itself.ratio),
        hit_at_max=_rounded(answered[-1].count.ratio) if answered else None,
        n_queries=sum(trial.questions for trial in trials),
        reason=forbidden,
    )
    if found is not None:
        threshold = _estimated(threshold, found, answered)
    return PromptFinding(kind, trials, levels, by_itself, threshold, found)


def _estimated(unknown: Threshold, found: Crossing, levels: Sequence[LevelCount]) -> Threshold:
    """Fill in where half of the answers change, or the largest share tried where they do not."""
    strongest = levels[-1].share
    share = _rounded(strongest if found.share is None else found.share)
    low = _rounded(strongest if found.low is None else found.low)
    status, reason = _judge(found, levels)
    return replace(
        unknown,
        status=status,
        threshold=share,
        unit_value=share,
        low=low,
        high=_rounded(found.high),
        reason=reason,
    )


def _why_no_estimate(trials: Sequence[Trial], levels: Sequence[LevelCount], by_itself: Count) -> str:
    """Return why the answers allow no estimate; empty where they do."""
    usable = sum(trial.noticed is not None for trial in trials)
    if usable < _MIN_USABLE * len(trials):
        return f"only {usable} of {len(trials)} pairs of answers could be compared"
    if by_itself.ratio is None:
        return "no prompt was asked twice as it is: how often the answer changes by itself is not known"
    if by_itself.ratio > _MOST_BY_ITSELF:
        return (
            f"unsteady: {by_itself.ratio:.0%} of the answers to the unperturbed prompt change by themselves "
            f"(at most {_MOST_BY_ITSELF:.0%} allowed)"
        )
    answers = sum(found.count.answered for found in levels)
    if answers < _MIN_ANSWERS:
        plural = "" if answers == 1 else "s"
        return f"only {answers} answer{plural} to perturbed prompts; about {_USUAL_ANSWERS} are needed"
    return ""


def _judge(found: Crossing, levels: Sequence[LevelCount]) -> tuple[Status, str]:
    weakest, strongest = levels[0].share, levels[-1].share
    if found.share is None:
        return "censored", f"half of the answers do not change even where {strongest:.3g} % is perturbed"
    if found.share <= weakest:
        return _INEXACT, (
            f"half of the answers change at the smallest share that was perturbed, {weakest:.3g} %: "
            "the threshold lies there or below"
        )
    about = f"half of the answers change at about {found.share:.3g} %"
    if found.high is None or found.low is None:
        return _INEXACT, f"{about}, but perhaps at more than {strongest:.3g} %, the most that was perturbed"
    if found.high > _MAX_WIDTH * found.low:
        return _INEXACT, (
            f"{about}, give or take: from {found.low:.3g} to {found.high:.3g} %; more questions narrow it"
        )
    return "measured", ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
