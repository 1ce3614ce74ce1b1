"""From the trials of one run to a profile: fit each distortion and decide whether its threshold may be used.

What a fit is worth is `calibration.status`; how ready the observer is to say "different" is judged once, from
the identical pairs of all distortions (`calibration.false_alarms`).
Ascending sweeps show no identical pair and have no function, only a mean first JND (`calibration.ascent`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from calibration.ascent import Ascent, assess_sweeps
from calibration.false_alarms import count_catches, guess_prior, readiness_of, unlike_the_rest
from calibration.fitting import Counts, PsychometricFit, fit_psychometric, slope_likelihood
from calibration.observers.protocol import Described
from calibration.parameters import GuessPrior, SlopePrior
from calibration.procedures.ascending import DEFAULT_WINDOW
from calibration.profile import JndProfile, Threshold
from calibration.prompts.assessment import asks_prompts, assess_prompts, response_changes
from calibration.psychometric import criterion, d_prime
from calibration.questions import REPLY_CLASSES
from calibration.replies.exclusion import exclusion
from calibration.slopes import slope_priors
from calibration.status import (
    ANSWERING,
    MIN_EVIDENCE,
    NOTICING,
    Circumstances,
    Judgement,
    Words,
    judge,
    judge_sweeps,
    lower_to_rough,
)
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial


@dataclass(frozen=True)
class Method:
    """How the trials were placed: what their answers mean depends on it."""

    procedure: str = "adaptive"
    window: int = DEFAULT_WINDOW  # of `ascending`


ADAPTIVE = Method()


@dataclass(frozen=True)
class Assessment:
    """One distortion: its trials, what was made of them, and the verdict."""

    distortion: Distortion
    trials: Sequence[Trial]
    fit: PsychometricFit | None  # None: the trials have no psychometric function, or are too few for one
    threshold: Threshold
    ascent: Ascent | None = None  # of ascending sweeps
    d_prime: float | None = None  # of pairs at or above the threshold against identical ones
    criterion: float | None = None


def assess(trials: Sequence[Trial], method: Method = ADAPTIVE) -> dict[str, Assessment]:
    """Make of every distortion in the log what its procedure allows, in the registry's order.

    Raises:
        ValueError: The trials are not sweeps of the method's window.
    """
    if asks_prompts(trials):
        return {
            name: Assessment(found.kind, found.trials, None, found.threshold)
            for name, found in assess_prompts(trials).items()
        }
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.stimulus.distortion, []).append(trial)
    names = sorted(by_name, key=list(DISTORTIONS).index)
    uneven = exclusion(trials).describe()
    if method.procedure == "ascending":
        return {
            name: _assess_ascent(DISTORTIONS[name], by_name[name], method.window, uneven) for name in names
        }
    catches = {name: count_catches(by_name[name]) for name in names}
    readiness, unlike = readiness_of(trials), unlike_the_rest(catches)
    guesses = {name: guess_prior(name, catches) for name in names}
    slopes = slope_priors(
        {
            name: slope_likelihood(_counts(by_name[name]), float(DISTORTIONS[name].levels), guesses[name])
            for name in names
        }
    )
    return {
        name: _assess_one(
            DISTORTIONS[name],
            by_name[name],
            (guesses[name], slopes[name]),
            Circumstances(
                words=_words_for(by_name[name]),
                asked=len(by_name[name]),
                usable=sum(trial.noticed is not None for trial in by_name[name]),
                evidence=_evidence_in(by_name[name]),
                readiness=readiness,
                catches=catches[name],
                unlike=unlike.get(name),
                uneven=uneven,
            ),
        )
        for name in names
    }


def asks_a_task(trials: Sequence[Trial]) -> bool:
    """Whether the trials compare the answers to a user's question, rather than ask for differences."""
    return any(trial.reference_reply is not None for trial in trials)


def build_profile(
    observer: Described, assessments: Mapping[str, Assessment], details: Mapping[str, object]
) -> JndProfile:
    """Gather the thresholds of one observer, with the biases of all its replies."""
    trials = [trial for assessment in assessments.values() for trial in assessment.trials]
    catches = count_catches(trials)
    counted = {
        "catch_trials": catches.answered,
        "catch_trials_shown": catches.shown,
        "catch_trials_called_different": catches.said,
        "excluded_unevenly": exclusion(trials).describe(),
    }
    return JndProfile(
        model=observer.name,
        source="measured",
        distortions={name: assessment.threshold for name, assessment in assessments.items()},
        stimulus_side=observer.stimulus_side,
        input_side=observer.input_side,
        false_alarm=round(catches.said / catches.answered, 4) if catches.answered else None,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        details={
            **details,
            "questions": questions_asked(trials),
            **counted,
            "reply_classes": reply_class_shares(trials),
            **response_changes(trials),
        },
    )


def questions_asked(trials: Sequence[Trial]) -> int:
    """Count second prompts and questions about references as well."""
    return sum(trial.questions for trial in trials)


def reply_class_shares(trials: Sequence[Trial]) -> dict[str, float]:
    """Return the share of each reply class."""
    counts = Counter(trial.reply_class for trial in trials)
    return {name: round(counts[name] / max(len(trials), 1), 4) for name in REPLY_CLASSES}


def _assess_one(
    distortion: Distortion,
    trials: Sequence[Trial],
    priors: tuple[GuessPrior, SlopePrior],
    facts: Circumstances,
) -> Assessment:
    fit = fit_psychometric(_counts(trials), float(distortion.levels), *priors)
    judged = judge(fit, facts)
    if not facts.evidence:
        return Assessment(distortion, trials, None, _without_estimate(trials, judged))
    level: float = distortion.levels if judged.status == "censored" else fit.function.threshold
    low, high = fit.interval
    threshold = Threshold(
        status=judged.status,
        threshold=_rounded(level),
        unit_value=_rounded(distortion.unit_value(min(level, distortion.levels))),
        low=_rounded(min(low, level)),
        high=None if judged.status == "censored" else _rounded(high),
        slope=_rounded(fit.function.slope),
        false_alarm=_rounded(fit.false_alarm) if facts.readiness.catches.answered else None,
        hit_at_max=_rounded(fit.hit_at_max),
        n_queries=questions_asked(trials),
        reason=judged.reason,
    )
    shown_fit = fit if facts.evidence >= MIN_EVIDENCE else None
    return _with_sensitivity(Assessment(distortion, trials, shown_fit, threshold), level, facts)


def _with_sensitivity(found: Assessment, level: float, facts: Circumstances) -> Assessment:
    """Add d′ and criterion where pairs of both kinds were answered."""
    strong = [
        trial.noticed for trial in found.trials if trial.noticed is not None and trial.stimulus.level >= level
    ]
    if not strong or not facts.catches.answered:
        return found
    rates = {"hits": sum(strong), "signals": len(strong)}
    rates |= {"false_alarms": facts.catches.said, "catches": facts.catches.answered}
    return replace(found, d_prime=d_prime(**rates), criterion=criterion(**rates))


def _counts(trials: Sequence[Trial]) -> Counts:
    return Counts.with_readings(
        [
            (trial.stimulus.level, trial.noticed, trial.probability)
            for trial in trials
            if trial.noticed is not None
        ]
    )


def _assess_ascent(distortion: Distortion, trials: Sequence[Trial], window: int, uneven: str) -> Assessment:
    ascent = assess_sweeps(trials, distortion.levels, window)
    usable = sum(trial.noticed is not None for trial in trials)
    judged = lower_to_rough(
        judge_sweeps(
            ascent, _words_for(trials), usable=usable, asked=len(trials), strongest=distortion.levels
        ),
        uneven,
    )
    if not usable:
        return Assessment(distortion, trials, None, _without_estimate(trials, judged))
    is_censored = judged.status == "censored"
    level: float = distortion.levels if is_censored else min(ascent.first.mean, ascent.reached)
    low = None if ascent.first.low is None else _rounded(min(ascent.first.low, level))
    high = None if is_censored or ascent.first.high is None else _rounded(ascent.first.high)
    threshold = Threshold(
        status=judged.status,
        threshold=_rounded(level),
        unit_value=_rounded(distortion.unit_value(min(level, distortion.levels))),
        low=low,
        high=high,
        slope=None,
        false_alarm=None,
        hit_at_max=None,
        n_queries=questions_asked(trials),
        reason=judged.reason,
    )
    return Assessment(distortion, trials, None, threshold, ascent=ascent)


def _without_estimate(trials: Sequence[Trial], judged: Judgement) -> Threshold:
    """Return what is known of a distortion of which no pair that differs was answered readably."""
    return Threshold(
        status="unmeasurable",
        threshold=None,
        unit_value=None,
        low=None,
        high=None,
        slope=None,
        false_alarm=None,
        hit_at_max=None,
        n_queries=questions_asked(trials),
        reason=judged.reason,
    )


def _evidence_in(trials: Sequence[Trial]) -> int:
    """Count readable answers to pairs that differ; a stated probability tells as much as two of them."""
    return sum(
        1 if trial.probability is None else 2
        for trial in trials
        if trial.noticed is not None and trial.stimulus.level > 0
    )


def _words_for(trials: Sequence[Trial]) -> Words:
    return ANSWERING if asks_a_task(trials) else NOTICING


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
