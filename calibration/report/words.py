"""What the report says in words: the summary, a sentence per distortion, what the bias checks mean."""

from collections.abc import Mapping, Sequence
from statistics import median

from calibration.assessment import Assessment, asks_a_task
from calibration.false_alarms import MAX_FALSE_ALARM, CatchCount, readiness_of
from calibration.profile import JndProfile
from calibration.ratios import wilson_interval
from calibration.replies.exclusion import exclusion
from calibration.report.bias import Biases, Habit
from calibration.report.sweeps import Sweep
from calibration.summary import describe_catches, describe_level, describe_unit
from calibration.trials import Trial

# Of a question about differences; those of a task stand where they are used.
_NOTICING = {"blunt": "Noticed too seldom even at the strongest level", "censored": "Never noticed"}
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
    trials = [trial for found in assessments.values() for trial in found.trials]
    unfinished = (
        [f"This is what was answered so far: {profile.details['unfinished']}."]
        if "unfinished" in profile.details
        else []
    )
    sentences = [*unfinished, *_extremes(profile, assessments), *_false_alarms(trials), *_lost(trials)]
    if uneven := exclusion(trials).describe():
        sentences.append(f"{uneven[:1].upper()}{uneven[1:]}, so none of this run is called measured.")
    is_task = asks_a_task(trials)
    for status, words in (
        ("rough", "Known roughly"),
        ("blunt", "The answer changes too seldom even at the strongest level"),
        ("censored", "Never changed an answer"),
        ("unmeasurable", "Could not be measured"),
    ):
        labels = [_named(found) for found in assessments.values() if found.threshold.status == status]
        if labels:
            told = words if is_task else _NOTICING.get(status, words)
            sentences.append(f"{told}: {', '.join(labels)}.")
    shown = (
        f"squares of {profile.stimulus_side} px" if profile.stimulus_side else "the pictures' own resolution"
    )
    sentences.append(f"Stimuli were rendered at {shown}; thresholds hold for that size.")
    if profile.details.get("side_by_side"):
        sentences.append("Both pictures were shown side by side in one: thresholds hold for that, too.")
    return sentences


def sentence_of(assessment: Assessment) -> str:
    """Say what one distortion's threshold means."""
    found, distortion = assessment.threshold, assessment.distortion
    reason = f"{found.reason[:1].upper()}{found.reason[1:]}." if found.reason else ""
    if not found.is_estimated:
        return reason or f"{found.status.capitalize()}."
    about = "about " if found.status == "rough" else ""
    level = f"{about}level {_bare_level(assessment)} of {distortion.levels}"
    begins = (
        "The answer begins to change" if asks_a_task(assessment.trials) else "The change begins to be noticed"
    )
    unit = describe_unit(found, distortion)
    meaning = "" if unit == "–" else f", that is {unit}"
    return f"{begins} at {level}{meaning}. {reason}".rstrip()


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
    is_task = asks_a_task(trials)
    sentences = [_alarm_sentence(biases, is_task=is_task)]
    if biases.hits is None:
        sentences.append("No pair far above a threshold was answered readably, so hits are not known.")
    elif biases.d_prime is not None and biases.criterion is not None:
        sentences.append(
            f"Against {biases.hits.count} of {biases.hits.total} pairs at {biases.hits.label} "
            f"this is d′ = {biases.d_prime:.2f} with criterion c = {biases.criterion:+.2f}: "
            f"{_leaning(biases.criterion, is_task=is_task)}."
        )
    return [*sentences, *(_habit_sentence(habit) for habit in biases.habits)]


def _alarm_sentence(biases: Biases, *, is_task: bool) -> str:
    alarms = biases.false_alarms
    if alarms is not None:
        what = "got another answer" if is_task else "were called different"
        unread = biases.catches_shown - alarms.total
        more = f"; {unread} more could not be read" if unread else ""
        return (
            f"{alarms.count} of {alarms.total} identical pairs {what}: {alarms.share:.1%}, "
            f"with 95 % confidence between {alarms.low:.1%} and {alarms.high:.1%}{more}."
        )
    told = describe_catches(0, 0, biases.catches_shown, is_task=is_task)
    unknown = "so how often an answer changes by itself is not known here" if is_task else _UNKNOWN_READINESS
    return f"{told[:1].upper()}{told[1:]}, {unknown}."


_UNKNOWN_READINESS = "so a readiness to say “different” cannot be told from good eyes here"


def _extremes(profile: JndProfile, assessments: Mapping[str, Assessment]) -> list[str]:
    """Name what is noticed soonest, and what is noticed last: never, hardly, or from the highest level on."""
    estimated = {
        name: (found.threshold.threshold or 0) / found.distortion.levels
        for name, found in assessments.items()
        if found.threshold.is_estimated
    }
    beyond = [found for found in assessments.values() if found.threshold.is_beyond_scale]
    is_task = _asks_a_task(assessments)
    subject = f"The answers of {profile.model} are" if is_task else f"{profile.model} is"
    if not estimated and not beyond:
        return []
    if not estimated:
        return [f"{subject} insensitive to {_list_beyond(beyond)}."]
    finest, last = min(estimated, key=estimated.__getitem__), max(estimated, key=estimated.__getitem__)
    most = f"{subject} most sensitive to {_at(assessments[finest])}"
    if beyond:
        return [f"{most} and least to {_list_beyond(beyond)}."]
    return [f"{most}." if finest == last else f"{most} and least to {_at(assessments[last])}."]


def _list_beyond(found: Sequence[Assessment]) -> str:
    """List what was never noticed, before what was noticed but seldom."""
    ordered = sorted(found, key=lambda one: one.threshold.hit_at_max or 0.0)
    return ", ".join(one.distortion.label for one in ordered)


def _false_alarms(trials: Sequence[Trial]) -> list[str]:
    """Say what identical pairs got, and whether that forbids any threshold."""
    readiness, is_task = readiness_of(trials), asks_a_task(trials)
    catches = readiness.catches
    sentences = [f"{_counted(catches, is_task=is_task)}."]
    if not catches.answered:
        return sentences
    limit = f"{MAX_FALSE_ALARM:.0%} allowed"
    if readiness.is_too_high:
        sentences.append(f"That is more than the {limit}: no threshold of this run may be used.")
    elif readiness.may_be_too_high:
        sentences.append(
            f"The true rate may exceed the {limit}: no threshold of this run is called measured."
        )
    return sentences


def _counted(catches: CatchCount, *, is_task: bool) -> str:
    share = ""
    if catches.answered:
        rate = catches.said / catches.answered
        low, high = wilson_interval(rate, catches.answered)
        share = f" ({rate:.1%}, 95 % interval {low:.1%} to {high:.1%})"
    told = describe_catches(catches.said, catches.answered, catches.shown, is_task=is_task, share=share)
    unknown = "how often an answer changes by itself is" if is_task else "false alarms are"
    return f"{told[:1].upper()}{told[1:]}" + ("" if catches.answered else f": {unknown} not known")


def _named(found: Assessment) -> str:
    """Name a distortion; a blunt one with how often its strongest level is noticed."""
    rate = found.threshold.hit_at_max
    if found.threshold.status != "blunt" or rate is None:
        return found.distortion.label
    return f"{found.distortion.label} (about {rate:.0%} of the time)"


def _lost(trials: Sequence[Trial]) -> list[str]:
    """Say how many replies were left out."""
    lost = sum(trial.noticed is None for trial in trials)
    what = (
        "pairs of answers could not be compared"
        if asks_a_task(trials)
        else "pairs got no reply that could be read as yes or no"
    )
    return [f"{lost} of {len(trials)} {what}, and were left out."] if lost else []


def _asks_a_task(assessments: Mapping[str, Assessment]) -> bool:
    return any(asks_a_task(found.trials) for found in assessments.values())


def _at(assessment: Assessment) -> str:
    about = "about " if assessment.threshold.status == "rough" else ""
    level = f"{about}level {_bare_level(assessment)}"
    return f"{assessment.distortion.label} ({level} of {assessment.distortion.levels})"


def _bare_level(assessment: Assessment) -> str:
    return describe_level(assessment.threshold, assessment.distortion.levels).removeprefix("≈ ")


def _leaning(criterion: float, *, is_task: bool) -> str:
    if abs(criterion) < _LEAN:
        return "no lean either way" if is_task else "no lean to either answer"
    if is_task:
        return "answers change readily" if criterion < 0 else "answers change reluctantly"
    return "a lean towards “different”" if criterion < 0 else "a lean towards “identical”"


def _habit_sentence(habit: Habit) -> str:
    what = "The order of the two pictures" if habit.kind == "order" else "The meaning of “yes”"
    shares = f"{habit.first.share:.0%} {habit.first.label}, {habit.second.share:.0%} {habit.second.label}"
    p = "p < .001" if habit.p_value < 0.001 else f"p = {habit.p_value:.2f}"
    verdict = "sways the answers" if habit.is_shown else "shows no effect"
    return f"{what} {verdict}: {shares} ({p}, Fisher's exact test)."
