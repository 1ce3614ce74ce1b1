"""From what one distortion's answers gave to the status of its threshold, with the reason in words.

Judges facts that are handed in; fits nothing. What each status means: `calibration.profile.Status`.
"""

from dataclasses import dataclass

from calibration.ascent import Ascent
from calibration.false_alarms import MAX_FALSE_ALARM, CatchCount, Readiness
from calibration.fitting import PsychometricFit
from calibration.procedures.adaptive import MIN_HIT_AT_MAX
from calibration.profile import ALSO, Status, why_rough

_MIN_RISE = 0.1  # P("different") at the strongest level above that on identical pairs: less is never noticed
_FLAT_RISE = 0.25  # the same, for who cries wolf at one distortion
_MIN_USABLE = 0.5  # share of replies that must be readable
# Simulated at slope 1.5: 25 yes-or-no questions leave intervals of factor 2.6, at worst 7 of 36 runs; 8 leave
# 5.7, at worst 34; 4 stated probabilities tell as much. With fewer, or wider, the prior does the talking.
MIN_EVIDENCE = 8  # readable answers to pairs that differ; a stated probability counts twice
_MAX_WIDTH = 12.0  # upper over lower end of the interval
_USUAL_QUERIES = 25


@dataclass(frozen=True)
class Words:
    """What the observer did, in the words of the question it was asked; with blanks to fill in."""

    none_readable: str
    unreadable: str
    biased: str
    may_be_biased: str
    unlike: str
    never: str
    seldom: str
    no_jnd: str
    unknown: str  # where no identical pair was shown
    unanswered: str  # where some were, and none was answered


NOTICING = Words(
    none_readable="none of {asked} replies could be read as yes or no",
    unreadable="only {usable} of {asked} replies could be read as yes or no",
    biased='biased: says "different" to about {rate:.1%} of identical pairs',
    may_be_biased='says "different" to about {rate:.1%} of identical pairs',
    unlike='says "different" to {own} identical pairs here, to {rest} elsewhere',
    never="not noticed even at the strongest level, {level:g}",
    seldom="notices only about {rate:.0%} at the strongest level, {level:g}",
    no_jnd="found no JND up to level {level:g}",
    unknown="no identical pair was shown: false alarms and hits are not known",
    unanswered="{shown} identical pairs were shown and none was answered readably",
)
ANSWERING = Words(
    none_readable="none of {asked} pairs of answers could be compared",
    unreadable="only {usable} of {asked} pairs of answers could be compared",
    biased="unsteady: the answer to about {rate:.1%} of identical pictures changed",
    may_be_biased="the answer to about {rate:.1%} of identical pictures changed",
    unlike="the answer to {own} identical pictures changed here, to {rest} elsewhere",
    never="the answer did not change even at the strongest level, {level:g}",
    seldom="the answer changed only about {rate:.0%} of the time at the strongest level, {level:g}",
    no_jnd="found no changed answer up to level {level:g}",
    unknown="no picture was asked about twice: how often the answer changes by itself is not known",
    unanswered="{shown} pictures were asked about twice and no two answers could be compared",
)


@dataclass(frozen=True)
class Circumstances:
    """What else the verdict on one distortion rests on, beside its fit."""

    words: Words
    asked: int  # pairs shown
    usable: int  # of them answered readably
    evidence: int  # readable answers to pairs that differ; a stated probability counts twice
    readiness: Readiness  # of the whole run
    catches: CatchCount  # of this distortion
    unlike: CatchCount | None  # what identical pairs elsewhere got, where those of this distortion differ
    uneven: str  # how replies were lost unevenly; empty where they were not


@dataclass(frozen=True)
class Judgement:
    """A status and why it is that one."""

    status: Status
    reason: str = ""


def judge(fit: PsychometricFit, facts: Circumstances) -> Judgement:
    """Judge a fitted function."""
    refused = _why_unusable(facts) or _why_unlike(fit, facts)
    if refused:
        return Judgement("unmeasurable", refused)
    if fit.hit_at_max - fit.false_alarm < _MIN_RISE:
        return Judgement("censored", _all_of(facts.words.never.format(level=fit.strongest), facts.uneven))
    if fit.hit_at_max < MIN_HIT_AT_MAX:
        seldom = facts.words.seldom.format(rate=fit.hit_at_max, level=fit.strongest)
        seldom = f"{seldom} (at least {MIN_HIT_AT_MAX:.0%} needed)"
        # Hits that may be false alarms are no sign of a blunt eye: who always answers "no" has them, too.
        doubt = _readiness_doubt(facts)
        return Judgement("unmeasurable" if doubt else "blunt", _all_of(seldom, doubt, facts.uneven))
    low, high = fit.interval
    if high > _MAX_WIDTH * low:
        return Judgement(
            "unmeasurable", f"the answers leave any level from {low:.3g} to {high:.3g} open; more are needed"
        )
    lack = _all_of(
        why_rough(low, high, strongest=fit.strongest),
        facts.uneven,
        _readiness_doubt(facts),
        _unlike_words(facts),
    )
    return Judgement("rough", lack) if lack else Judgement("measured")


def judge_sweeps(ascent: Ascent, words: Words, *, usable: int, asked: int, strongest: int) -> Judgement:
    """Judge the first JNDs of ascending sweeps."""
    if usable < _MIN_USABLE * asked:
        return Judgement("unmeasurable", _unreadable(words, usable=usable, asked=asked))
    sweeps = len(ascent.jnds)
    known_up_to = ascent.reached if ascent.stopped else strongest
    if ascent.first.is_censored or ascent.first.mean > known_up_to:
        if ascent.stopped:
            return Judgement(
                "unmeasurable",
                f"{len(ascent.stopped)} of {sweeps} sweeps stopped at level {max(ascent.stopped):g} "
                "before anything was found",
            )
        beyond = "" if ascent.first.is_censored else "; the mean lies beyond"
        found = f"{ascent.n_censored} of {sweeps} sweeps {words.no_jnd.format(level=strongest)}"
        return Judgement("censored", f"{found}{beyond}")
    lack = why_rough(ascent.first.low, ascent.first.high, strongest=strongest)
    return Judgement("rough" if lack else "measured", _all_of(lack, words.unknown))


def lower_to_rough(judged: Judgement, why: str) -> Judgement:
    """Return what is left of a verdict when something else speaks against it."""
    if not why:
        return judged
    status: Status = "rough" if judged.status == "measured" else judged.status
    return Judgement(status, _all_of(why, judged.reason))


def _why_unusable(facts: Circumstances) -> str:
    words, readiness = facts.words, facts.readiness
    if facts.usable < _MIN_USABLE * facts.asked:
        return _unreadable(words, usable=facts.usable, asked=facts.asked)
    if readiness.catches.answered and readiness.is_too_high:
        return f"{words.biased.format(rate=readiness.estimate)} ({_counted(readiness)})"
    if facts.evidence < MIN_EVIDENCE:
        plural = "" if facts.usable == 1 else "s"
        return f"only {facts.usable} question{plural} answered; about {_USUAL_QUERIES} are needed"
    if not readiness.catches.shown:
        return words.unknown
    if not readiness.catches.answered:
        return words.unanswered.format(shown=readiness.catches.shown)
    return ""


def _why_unlike(fit: PsychometricFit, facts: Circumstances) -> str:
    """Refuse a distortion whose identical pairs, and no other's, get what its strongest level gets."""
    is_flat = fit.hit_at_max - fit.false_alarm < _FLAT_RISE
    return _unlike_words(facts) if is_flat and fit.false_alarm > MAX_FALSE_ALARM else ""


def _unlike_words(facts: Circumstances) -> str:
    if facts.unlike is None:
        return ""
    own, rest = (f"{one.said} of {one.answered}" for one in (facts.catches, facts.unlike))
    return facts.words.unlike.format(own=own, rest=rest)


def _readiness_doubt(facts: Circumstances) -> str:
    readiness = facts.readiness
    if not readiness.may_be_too_high:
        return ""
    return f"{facts.words.may_be_biased.format(rate=readiness.estimate)} ({_counted(readiness)})"


def _counted(readiness: Readiness) -> str:
    catches = readiness.catches
    counted = f"{catches.said} of {catches.answered}"
    if readiness.is_stated:
        counted = f"by the probabilities stated of {catches.answered}"
    doubt = "" if readiness.is_too_high else ", too close or too few to be sure"
    return f"{counted}, at most {MAX_FALSE_ALARM:.0%} allowed{doubt}"


def _unreadable(words: Words, *, usable: int, asked: int) -> str:
    return (words.unreadable if usable else words.none_readable).format(usable=usable, asked=asked)


def _all_of(*reasons: str) -> str:
    return ALSO.join(reason for reason in reasons if reason)
