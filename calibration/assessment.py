"""From the trials of one run to a profile: fit each distortion and decide whether its threshold may be used.

A threshold is unmeasurable when the answers are too few to tell, when the observer says "different" to
identical pairs too often, or misses the strongest level too often (facts: response bias); it is censored when
the change was never noticed at all.
Ascending sweeps show no identical pair and have no function, only a mean first JND (`calibration.ascent`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from calibration.ascent import Ascent, assess_sweeps
from calibration.false_alarms import CatchCount, count_catches, guess_prior
from calibration.fitting import Counts, PsychometricFit, fit_psychometric
from calibration.observers.protocol import Described
from calibration.parameters import GuessPrior
from calibration.procedures.adaptive import MIN_HIT_AT_MAX
from calibration.procedures.ascending import DEFAULT_WINDOW
from calibration.profile import JndProfile, Status, Threshold
from calibration.psychometric import criterion, d_prime
from calibration.questions import REPLY_CLASSES
from calibration.replies.exclusion import exclusion
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.registry import DISTORTIONS
from calibration.trials import Trial

MAX_FALSE_ALARM = 0.25
_MIN_RISE = 0.25  # P("different") at the strongest level above that on identical pairs: less is never noticed
_MIN_USABLE = 0.5  # share of replies that must be readable
# Simulated at slope 1.5: 25 yes-or-no questions leave intervals of factor 2.6, at worst 7 of 36 runs; 8 leave
# 5.7, at worst 34; 4 stated probabilities tell as much. With fewer, or wider, the prior does the talking.
_MIN_EVIDENCE = 8  # readable answers to pairs that differ; a stated probability counts twice
_MAX_WIDTH = 12.0  # upper over lower end of the interval
_USUAL_QUERIES = 25


@dataclass(frozen=True)
class Method:
    """How the trials were placed: what their answers mean depends on it."""

    procedure: str = "adaptive"
    window: int = DEFAULT_WINDOW  # of `ascending`


ADAPTIVE = Method()


@dataclass(frozen=True)
class _Words:
    """What the observer did, in the words of the question it was asked; with blanks to fill in."""

    unreadable: str
    biased: str
    never: str
    seldom: str
    no_jnd: str
    unknown: str  # where no identical pair was shown


_NOTICING = _Words(
    unreadable="only {usable} of {asked} replies could be read as yes or no",
    biased='biased: says "different" to {rate:.0%} of identical pairs',
    never="not noticed even at the strongest level, {level:g}",
    seldom="notices only {rate:.0%} at the strongest level, {level:g}",
    no_jnd="found no JND up to level {level:g}",
    unknown="no identical pair was shown: false alarms and hits are not known",
)
_ANSWERING = _Words(
    unreadable="only {usable} of {asked} pairs of answers could be compared",
    biased="unsteady: the answer to {rate:.0%} of identical pictures changed",
    never="the answer did not change even at the strongest level, {level:g}",
    seldom="the answer changed only {rate:.0%} of the time at the strongest level, {level:g}",
    no_jnd="found no changed answer up to level {level:g}",
    unknown="no picture was asked about twice: how often the answer changes by itself is not known",
)


@dataclass(frozen=True)
class Assessment:
    """One distortion: its trials, what was made of them, and the verdict."""

    distortion: Distortion
    trials: Sequence[Trial]
    fit: PsychometricFit | None  # None: the trials have no psychometric function
    threshold: Threshold
    ascent: Ascent | None = None  # of ascending sweeps
    d_prime: float | None = None  # of pairs at or above the threshold against identical ones
    criterion: float | None = None


def assess(trials: Sequence[Trial], method: Method = ADAPTIVE) -> dict[str, Assessment]:
    """Make of every distortion in the log what its procedure allows, in the registry's order.

    Raises:
        ValueError: The trials are not sweeps of the method's window.
    """
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.stimulus.distortion, []).append(trial)
    names = sorted(by_name, key=list(DISTORTIONS).index)
    if method.procedure == "ascending":
        sweeps = {name: _assess_ascent(DISTORTIONS[name], by_name[name], method.window) for name in names}
        return _without_uneven(sweeps, trials)
    catches = {name: count_catches(by_name[name]) for name in names}
    identical_pairs = sum(count.shown for count in catches.values())
    assessments = {
        name: _assess_one(
            DISTORTIONS[name],
            by_name[name],
            guess_prior(name, catches),
            catches[name],
            identical_pairs=identical_pairs,
        )
        for name in names
    }
    return _without_uneven(assessments, trials)


def asks_a_task(trials: Sequence[Trial]) -> bool:
    """Whether the trials compare the answers to a user's question, rather than ask for differences."""
    return any(trial.reference_reply is not None for trial in trials)


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


def _without_uneven(assessments: dict[str, Assessment], trials: Sequence[Trial]) -> dict[str, Assessment]:
    """Take "measured" from thresholds of a run that lost more of one answer than of the other."""
    uneven = exclusion(trials).describe()
    if not uneven:
        return assessments
    return {
        name: replace(each, threshold=replace(each.threshold, status="unmeasurable", reason=uneven))
        if each.threshold.status == "measured" and any(trial.noticed is None for trial in each.trials)
        else each
        for name, each in assessments.items()
    }


def _assess_one(
    distortion: Distortion,
    trials: Sequence[Trial],
    prior: GuessPrior,
    catches: CatchCount,
    *,
    identical_pairs: int,  # of the whole run
) -> Assessment:
    answers = [
        (trial.stimulus.level, trial.noticed, trial.probability)
        for trial in trials
        if trial.noticed is not None
    ]
    fit = fit_psychometric(Counts.with_readings(answers), float(distortion.levels), prior)
    evidence = sum(1 if stated is None else 2 for at, _, stated in answers if at > 0)
    words = _words_for(trials)
    status, reason = _judge(fit, words, usable=len(answers), asked=len(trials))
    if status != "unmeasurable" and (missing := _missing(fit, evidence=evidence, pairs=identical_pairs)):
        status, reason = "unmeasurable", missing
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
    strong = [
        trial.noticed for trial in trials if trial.noticed is not None and trial.stimulus.level >= level
    ]
    if not strong or not catches.shown:
        return Assessment(distortion, trials, fit, threshold)
    rates = {"hits": sum(strong), "signals": len(strong)}
    rates |= {"false_alarms": catches.said, "catches": catches.shown}
    return Assessment(
        distortion, trials, fit, threshold, d_prime=d_prime(**rates), criterion=criterion(**rates)
    )


def _assess_ascent(distortion: Distortion, trials: Sequence[Trial], window: int) -> Assessment:
    ascent = assess_sweeps(trials, distortion.levels, window)
    usable = sum(trial.noticed is not None for trial in trials)
    words = _words_for(trials)
    status, reason = _judge_ascent(
        ascent, words, usable=usable, asked=len(trials), strongest=distortion.levels
    )
    is_censored = status == "censored"
    level: float = distortion.levels if is_censored else min(ascent.first.mean, ascent.reached)
    low = None if ascent.first.low is None else _rounded(min(ascent.first.low, level))
    high = None if is_censored or ascent.first.high is None else _rounded(ascent.first.high)
    threshold = Threshold(
        status=status,
        threshold=_rounded(level),
        unit_value=_rounded(distortion.unit_value(min(level, distortion.levels))),
        low=low,
        high=high,
        slope=None,
        false_alarm=None,
        hit_at_max=None,
        n_queries=len(trials),
        reason=reason,
    )
    return Assessment(distortion, trials, None, threshold, ascent=ascent)


def _words_for(trials: Sequence[Trial]) -> _Words:
    return _ANSWERING if asks_a_task(trials) else _NOTICING


def _judge_ascent(
    ascent: Ascent, words: _Words, *, usable: int, asked: int, strongest: int
) -> tuple[Status, str]:
    if usable < _MIN_USABLE * asked:
        return "unmeasurable", words.unreadable.format(usable=usable, asked=asked)
    sweeps = len(ascent.jnds)
    known_up_to = ascent.reached if ascent.stopped else strongest
    if ascent.first.is_censored or ascent.first.mean > known_up_to:
        if ascent.stopped:
            return "unmeasurable", (
                f"{len(ascent.stopped)} of {sweeps} sweeps stopped at level {max(ascent.stopped):g} "
                "before anything was found"
            )
        beyond = "" if ascent.first.is_censored else "; the mean lies beyond"
        return (
            "censored",
            f"{ascent.n_censored} of {sweeps} sweeps {words.no_jnd.format(level=strongest)}{beyond}",
        )
    return "measured", words.unknown


def _judge(fit: PsychometricFit, words: _Words, *, usable: int, asked: int) -> tuple[Status, str]:
    if usable < _MIN_USABLE * asked:
        return "unmeasurable", words.unreadable.format(usable=usable, asked=asked)
    if fit.false_alarm > MAX_FALSE_ALARM:
        return "unmeasurable", (
            f"{words.biased.format(rate=fit.false_alarm)} (at most {MAX_FALSE_ALARM:.0%} allowed)"
        )
    if fit.hit_at_max - fit.false_alarm < _MIN_RISE:
        return "censored", words.never.format(level=fit.strongest)
    if fit.hit_at_max < MIN_HIT_AT_MAX:
        return "unmeasurable", (
            f"{words.seldom.format(rate=fit.hit_at_max, level=fit.strongest)} "
            f"(at least {MIN_HIT_AT_MAX:.0%} needed)"
        )
    low, high = fit.interval
    if high > _MAX_WIDTH * low:
        return (
            "unmeasurable",
            f"the answers leave any level from {low:.2g} to {high:.2g} open; more are needed",
        )
    return "measured", ""


def _missing(fit: PsychometricFit, *, evidence: int, pairs: int) -> str:
    """Return what a threshold of this fit would lack; empty where it lacks nothing."""
    if evidence < _MIN_EVIDENCE:
        plural = "" if fit.n_trials == 1 else "s"
        return f"only {fit.n_trials} question{plural} answered; about {_USUAL_QUERIES} are needed"
    if not pairs:
        return "no identical pair was answered: what happens without a change is not known"
    return ""


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
