"""Compare what two models, or two versions of one, notice: by how much they differ, and how surely.

Works on profiles alone, so that a folder, a mailed file and a published name compare alike; the arithmetic is
`calibration.ratios`. Corrected over distortions by Holm's method. That two runs may have shown the
same pictures is not used. Where their sizes differ, only what means the same at both is judged
(`calibration.stimulus_side`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.table import Table

from calibration.holm import holm
from calibration.known_profiles import find_profile
from calibration.profile import JndProfile, Threshold
from calibration.ratios import (
    UNKNOWN,
    Ratio,
    difference_of_shares,
    geometric_mean,
    has_interval,
    is_known,
    ratio_of,
    rounded,
    times,
)
from calibration.stimuli.registry import DISTORTIONS
from calibration.stimulus_side import Comparable, comparable, describe_side

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Contrast(Ratio):
    """One distortion."""

    p_adjusted: float | None  # Holm, over the distortions tested
    verdict: str  # in words
    basis: str  # what is compared: levels, shares of the side, or nothing
    reason: str  # why not levels; empty where they are


@dataclass(frozen=True)
class FalseAlarms:
    """How often each side calls identical pairs different; the interval needs the number of pairs."""

    a: float | None
    b: float | None
    difference: float | None  # B - A
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ComparisonResult:
    """Two profiles beside each other."""

    a: str
    b: str
    overall: Ratio  # geometric mean over the distortions with a threshold on both sides
    distortions: Mapping[str, Contrast]
    false_alarm: FalseAlarms
    warnings: Sequence[str]


def compare(a: str, b: str) -> ComparisonResult:
    """Compare two calibration folders, profile.json files or models known by name.

    Raises:
        ProfileError: A file is not a readable profile.
        LookupError: A name is neither a file nor a model known here.
        ValueError: The two have no distortion in common.
    """
    return compare_profiles(find_profile(a), find_profile(b))


def compare_profiles(a: JndProfile, b: JndProfile) -> ComparisonResult:
    """Compare every distortion both profiles hold.

    Raises:
        ValueError: They have none in common.
    """
    shared = [name for name in a.distortions if name in b.distortions]
    if not shared:
        raise ValueError(f"expected a distortion in both profiles, {a.model} and {b.model} share none")
    units = {name: comparable(name, a, b) for name in shared}
    ratios = {name: _ratio(a.distortions[name], b.distortions[name], units[name]) for name in shared}
    tested = {name: found.p_value for name, found in ratios.items() if found.p_value is not None}
    adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
    contrasts = {
        name: Contrast(
            **asdict(found),
            p_adjusted=adjusted.get(name),
            verdict=_verdict(
                name, found, adjusted.get(name), units[name], a=a.distortions[name], b=b.distortions[name]
            ),
            basis=units[name].basis,
            reason=units[name].reason,
        )
        for name, found in ratios.items()
    }
    return ComparisonResult(
        a=a.model,
        b=b.model,
        overall=geometric_mean(list(ratios.values())),
        distortions=contrasts,
        false_alarm=_false_alarms(a, b),
        warnings=_warnings(a, b),
    )


def as_record(result: ComparisonResult) -> Mapping[str, object]:
    """Return what `--json` prints."""
    return asdict(result)


def as_table(result: ComparisonResult) -> Table:
    """Return a table for a terminal."""
    table = Table(title=f"JNDs of B = {result.b} against A = {result.a}", title_justify="left")
    for heading in ("distortion", "B / A", "95 %", "verdict"):
        table.add_column(heading)
    for name, found in result.distortions.items():
        label = DISTORTIONS[name].label if name in DISTORTIONS else name
        table.add_row(label, _number(found.ratio), _interval(found), found.verdict)
    table.add_section()
    p = result.overall.p_value
    table.add_row(
        "geometric mean",
        _number(result.overall.ratio),
        _interval(result.overall),
        "not tested" if p is None else _p_words(p),
    )
    table.add_row("false alarms, B minus A", *_false_alarm_cells(result.false_alarm), "")
    return table


def _ratio(a: Threshold, b: Threshold, unit: Comparable) -> Ratio:
    if unit.basis == "nothing":
        return UNKNOWN
    found = ratio_of(a, b)
    return found if unit.factor == 1 else times(found, unit.factor)


def _verdict(
    name: str, found: Ratio, p_adjusted: float | None, unit: Comparable, *, a: Threshold, b: Threshold
) -> str:
    label = DISTORTIONS[name].label if name in DISTORTIONS else name
    if unit.basis == "nothing":
        return f"no verdict: {unit.reason}"
    what = "the level" if unit.basis == "levels" else "the share of the picture's side"
    if found.ratio is None:
        return _verdict_without_ratio(label, found, what, a=a, b=b)
    level = f"B notices {label} at {found.ratio:.3g} × {what}"
    if p_adjusted is None:
        without = " and ".join(side for side, one in (("A", a), ("B", b)) if not has_interval(one))
        return f"{level}; not tested: {without} comes without an interval"
    if p_adjusted > SIGNIFICANT:
        return f"no difference shown in {label}, {_p_words(p_adjusted)}"
    return f"{level}: {'finer' if found.ratio < 1 else 'coarser'}, {_p_words(p_adjusted)}"


def _verdict_without_ratio(label: str, found: Ratio, what: str, *, a: Threshold, b: Threshold) -> str:
    for side, one in (("A", a), ("B", b)):
        if not is_known(one):
            return f"cannot tell: {side} is unmeasurable" + (f" ({one.reason})" if one.reason else "")
    if found.low is None and found.high is None:
        if a.status == b.status == "censored":
            return f"cannot tell: neither noticed {label} at any level"
        return f"cannot tell: neither noticed {label} more than seldom, even at the strongest level"
    side, beyond = ("B", b) if found.low is not None else ("A", a)
    word = "coarser" if side == "B" else "finer"
    seldom = "never" if beyond.status == "censored" else "seldom"
    noticed = f"{side} {seldom} noticed {label}"
    if a.low is None or b.low is None:
        return f"B looks {word}: {noticed}; not tested, a value has no interval"
    is_apart = (found.low or 0) > 1 or 0 < (found.high or 0) < 1
    if not is_apart:
        return f"cannot tell: {noticed}, and the intervals reach each other"
    least = "at most" if found.low is None else "at least"
    return f"B is {word}: {noticed}, {least} {found.low or found.high:.3g} × {what}"


def _false_alarms(a: JndProfile, b: JndProfile) -> FalseAlarms:
    if a.false_alarm is None or b.false_alarm is None:
        return FalseAlarms(a.false_alarm, b.false_alarm, None, None, None)
    difference = b.false_alarm - a.false_alarm
    trials = (_catch_trials(a), _catch_trials(b))
    if 0 in trials:
        return FalseAlarms(a.false_alarm, b.false_alarm, rounded(difference), None, None)
    low, high = difference_of_shares(a.false_alarm, b.false_alarm, trials_a=trials[0], trials_b=trials[1])
    return FalseAlarms(a.false_alarm, b.false_alarm, rounded(difference), rounded(low), rounded(high))


def _warnings(a: JndProfile, b: JndProfile) -> list[str]:
    warnings = []
    if a.stimulus_side != b.stimulus_side and a.source == b.source == "measured":
        sides = " and ".join(describe_side(profile) for profile in (a, b))
        warnings.append(
            f"stimuli differ in size ({sides}): what counts in pixels is not judged by its levels; to "
            "compare everything, calibrate both with pictures of one size"
        )
    for key in ("procedure", "question", "effort", "thinking"):
        if not all(key in profile.details for profile in (a, b)):
            continue
        values = [profile.details[key] or "the provider's default" for profile in (a, b)]
        if values[0] != values[1]:
            warnings.append(
                f"the {key} differs ({values[0]} and {values[1]}): thresholds may, for that reason alone"
            )
    warnings += [
        f"replies of {side} were lost unevenly: its thresholds may be too high or too low for that alone"
        for side, profile in (("A", a), ("B", b))
        if profile.details.get("excluded_unevenly")
    ]
    for side, profile in (("A", a), ("B", b)):
        if profile.source != "measured":
            kind = "a published prior" if profile.source == "published-prior" else "the default profile"
            warnings.append(f"{side} is {kind}: assumed levels, no intervals, so nothing is tested")
    lonely = sorted(set(a.distortions) ^ set(b.distortions))
    if lonely:
        warnings.append(f"only one side knows {', '.join(lonely)}: left out")
    return warnings


def _catch_trials(profile: JndProfile) -> int:
    count = profile.details.get("catch_trials", 0)
    return count if isinstance(count, int) else 0


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _interval(found: Ratio) -> str:
    if found.low is None and found.high is None:
        return "–"
    if found.low is not None and found.high is not None:
        return f"{found.low:.3g} – {found.high:.3g}"
    return f"≥ {found.low:.3g}" if found.low is not None else f"≤ {found.high:.3g}"


def _false_alarm_cells(found: FalseAlarms) -> tuple[str, str]:
    if found.difference is None:
        return "–", "–"
    interval = "–" if found.low is None or found.high is None else f"{found.low:+.1%} – {found.high:+.1%}"
    return f"{found.difference:+.1%}", interval


def _p_words(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {p:.2g}".replace("0.", ".", 1)
