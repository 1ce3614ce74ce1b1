"""What the report says in words: the summary, a sentence per distortion, what the bias checks mean."""

from collections.abc import Mapping, Sequence
from statistics import median

from calibration.assessment import Assessment, asks_a_task
from calibration.profile import JndProfile
from calibration.ratios import wilson_interval
from calibration.report.bias import Biases, Habit
from calibration.report.sweeps import Sweep
from calibration.summary import describe_level, describe_unit
from calibration.trials import Trial

_LEAN = 0.5  # criterion beyond which one answer is preferred; a careful observer reaches about 0.3


def noticed_words(trials: Sequence[Trial]) -> str:
    """Return what a counted trial means, as an axis label."""
    return "answer changed" if asks_a_task(trials) else "says “different”"


def title_of(profile: JndProfile, trials: Sequence[Trial]) -> str:
    """Return the page's question."""
    if asks_a_task(trials):
        return f"How small a change alters the answers of {profile.model}?"
    return f"How small a change does {profile.model} notice?"


def summarise(profile: JndProfile, assessments: Mapping[str, Assessment]) -> list[str]:
    """Say in plain words what was found."""
    sentences = [*_extremes(profile, assessments), *_false_alarms(profile, assessments)]
    never = "never changed an answer" if _asks_a_task(assessments) else "never noticed"
    for status, words in (("censored", never), ("unmeasurable", "could not be measured")):
        labels = [f.distortion.label for f in assessments.values() if f.threshold.status == status]
        if labels:
            sentences.append(f"{words.capitalize()}: {', '.join(labels)}.")
    shown = (
        f"squares of {profile.stimulus_side} px" if profile.stimulus_side else "the pictures' own resolution"
    )
    sentences.append(f"Stimuli were rendered at {shown}; thresholds hold for that size.")
    return sentences


def sentence_of(assessment: Assessment) -> str:
    """Say what one distortion's threshold means."""
    found, distortion = assessment.threshold, assessment.distortion
    if found.status != "measured":
        reason = found.reason or found.status
        return f"{reason[:1].upper()}{reason[1:]}."
    level = f"level {describe_level(found, distortion.levels)} of {distortion.levels}"
    begins = (
        "The answer begins to change" if asks_a_task(assessment.trials) else "The change begins to be noticed"
    )
    return f"{begins} at {level}, that is {describe_unit(found, distortion.unit)}."


def staircase_sentence(sweeps: Sequence[Sweep]) -> str:
    """Say how many JNDs the climbs found and how much of the scale lies in benefit zones."""
    counts = [len(sweep.jnds) for sweep in sweeps]
    unnoticed = sum(zone.end - zone.start for sweep in sweeps for zone in sweep.zones)
    climbed = max(sum(sweep.reached for sweep in sweeps), 1)
    firsts = [sweep.jnds[0] for sweep in sweeps if sweep.jnds]
    first = f"first at level {median(firsts):g} (median of {len(firsts)}), " if firsts else ""
    return (
        f"{len(sweeps)} reference{'s' if len(sweeps) > 1 else ''}: {first}"
        f"{sum(counts) / len(counts):.1f} JNDs on average; "
        f"{unnoticed / climbed:.0%} of the levels climbed lie in benefit zones."
    )


def bias_sentences(biases: Biases, trials: Sequence[Trial]) -> list[str]:
    """Say what the rates mean, and what could not be checked."""
    sentences = []
    alarms = biases.false_alarms
    if alarms is None:
        sentences.append(
            "No identical pair was shown, so a readiness to say yes cannot be told from good eyes here."
        )
    else:
        what = "got another answer" if asks_a_task(trials) else "were called different"
        sentences.append(
            f"{alarms.count} of {alarms.total} identical pairs {what}: {alarms.share:.1%}, "
            f"with 95 % confidence between {alarms.low:.1%} and {alarms.high:.1%}."
        )
    if biases.d_prime is not None and biases.criterion is not None:
        sentences.append(
            f"Against pairs of 1.5 JND or more this is d′ = {biases.d_prime:.2f} "
            f"with criterion c = {biases.criterion:+.2f}: {_leaning(biases.criterion)}."
        )
    return [*sentences, *(_habit_sentence(habit) for habit in biases.habits)]


def _extremes(profile: JndProfile, assessments: Mapping[str, Assessment]) -> list[str]:
    measured = {
        name: (found.threshold.threshold or 0) / found.distortion.levels
        for name, found in assessments.items()
        if found.threshold.status == "measured"
    }
    if not measured:
        return []
    finest, bluntest = min(measured, key=measured.__getitem__), max(measured, key=measured.__getitem__)
    last = "" if finest == bluntest else f" and least to {_at(assessments[bluntest])}"
    subject = f"{profile.model} is"
    if _asks_a_task(assessments):
        subject = f"The answers of {profile.model} are"
    return [f"{subject} most sensitive to {_at(assessments[finest])}{last}."]


def _false_alarms(profile: JndProfile, assessments: Mapping[str, Assessment]) -> list[str]:
    trials = [trial for found in assessments.values() for trial in found.trials]
    shown = sum(trial.is_catch and trial.noticed is not None for trial in trials)
    if profile.false_alarm is None or not shown:
        return []
    low, high = wilson_interval(profile.false_alarm, shown)
    said = f"It called {profile.false_alarm:.1%} of {shown} identical pairs different"
    if asks_a_task(trials):
        said = (
            "Asked twice about the same picture, it answered differently "
            f"{profile.false_alarm:.1%} of {shown} times"
        )
    return [f"{said} (95 % interval {low:.1%} to {high:.1%})."]


def _asks_a_task(assessments: Mapping[str, Assessment]) -> bool:
    return any(asks_a_task(found.trials) for found in assessments.values())


def _at(assessment: Assessment) -> str:
    level = describe_level(assessment.threshold, assessment.distortion.levels)
    return f"{assessment.distortion.label} (level {level} of {assessment.distortion.levels})"


def _leaning(criterion: float) -> str:
    if abs(criterion) < _LEAN:
        return "no lean to either answer"
    return "a lean towards “different”" if criterion < 0 else "a lean towards “identical”"


def _habit_sentence(habit: Habit) -> str:
    what = "The order of the two pictures" if habit.kind == "order" else "The meaning of “yes”"
    shares = f"{habit.first.share:.0%} {habit.first.label}, {habit.second.share:.0%} {habit.second.label}"
    p = "p < .001" if habit.p_value < 0.001 else f"p = {habit.p_value:.2f}"
    verdict = "sways the answers" if habit.is_shown else "shows no effect"
    return f"{what} {verdict}: {shares} ({p}, Fisher's exact test)."
