"""From the trials of one run to a profile: fit each distortion and decide whether its threshold may be used.

A threshold is unmeasurable when the observer says "different" to identical pairs too often, or misses the
strongest level too often (facts: response bias); it is censored when the change was never noticed at all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from calibration.fitting import Counts, PsychometricFit, fit_psychometric
from calibration.observers.protocol import Described
from calibration.profile import JndProfile, Status, Threshold
from calibration.questions import REPLY_CLASSES
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial

MAX_FALSE_ALARM = 0.25
MIN_HIT_AT_MAX = 0.75
_MIN_RISE = 0.25  # P("different") at the strongest level above that on identical pairs: less is never noticed
_MIN_USABLE = 0.5  # share of replies that must be readable


@dataclass(frozen=True)
class Assessment:
    """One distortion: its trials, the function fitted to them, and the verdict."""

    distortion: Distortion
    trials: Sequence[Trial]
    fit: PsychometricFit
    threshold: Threshold


def assess(trials: Sequence[Trial]) -> dict[str, Assessment]:
    """Fit every distortion found in the log, in the registry's order."""
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.stimulus.distortion, []).append(trial)
    return {
        name: _assess_one(DISTORTIONS[name], by_name[name])
        for name in sorted(by_name, key=list(DISTORTIONS).index)
    }


def build_profile(
    observer: Described, assessments: Mapping[str, Assessment], details: Mapping[str, object]
) -> JndProfile:
    """Gather the thresholds of one observer, with the biases of all its replies."""
    trials = [trial for assessment in assessments.values() for trial in assessment.trials]
    catches = [trial.noticed for trial in trials if trial.is_catch and trial.noticed is not None]
    return JndProfile(
        model=observer.name,
        source="measured",
        distortions={name: assessment.threshold for name, assessment in assessments.items()},
        stimulus_side=observer.stimulus_side,
        input_side=observer.input_side,
        false_alarm=round(sum(catches) / len(catches), 4) if catches else None,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        details={**details, "catch_trials": len(catches), "reply_classes": reply_class_shares(trials)},
    )


def reply_class_shares(trials: Sequence[Trial]) -> dict[str, float]:
    """Return the share of each reply class."""
    counts = Counter(trial.reply_class for trial in trials)
    return {name: round(counts[name] / max(len(trials), 1), 4) for name in REPLY_CLASSES}


def _assess_one(distortion: Distortion, trials: Sequence[Trial]) -> Assessment:
    answers = [(trial.stimulus.level, trial.noticed) for trial in trials if trial.noticed is not None]
    fit = fit_psychometric(Counts.of(answers), float(distortion.levels))
    status, reason = _judge(fit, usable=len(answers), asked=len(trials))
    level: float = distortion.levels if status == "censored" else fit.function.threshold
    low, high = fit.interval
    threshold = Threshold(
        status=status,
        threshold=_rounded(level),
        unit_value=_rounded(distortion.unit_value(min(level, distortion.levels))),
        low=_rounded(low),
        high=None if status == "censored" else _rounded(high),
        slope=_rounded(fit.function.slope),
        false_alarm=_rounded(fit.false_alarm),
        hit_at_max=_rounded(fit.hit_at_max),
        n_queries=len(trials),
        reason=reason,
    )
    return Assessment(distortion, trials, fit, threshold)


def _judge(fit: PsychometricFit, *, usable: int, asked: int) -> tuple[Status, str]:
    if usable < _MIN_USABLE * asked:
        return "unmeasurable", f"only {usable} of {asked} replies could be read as yes or no"
    if fit.false_alarm > MAX_FALSE_ALARM:
        return "unmeasurable", (
            f'biased: says "different" to {fit.false_alarm:.0%} of identical pairs '
            f"(at most {MAX_FALSE_ALARM:.0%} allowed)"
        )
    if fit.hit_at_max - fit.false_alarm < _MIN_RISE:
        return "censored", f"not noticed even at the strongest level, {fit.strongest:g}"
    if fit.hit_at_max < MIN_HIT_AT_MAX:
        return "unmeasurable", (
            f"notices only {fit.hit_at_max:.0%} at the strongest level, {fit.strongest:g} "
            f"(at least {MIN_HIT_AT_MAX:.0%} needed)"
        )
    return "measured", ""


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
