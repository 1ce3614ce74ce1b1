"""A profile in a few words: the JSON line of the command line, a table for a terminal."""

from collections.abc import Mapping

from rich.table import Table

from calibration.profile import ALSO, JndProfile, Threshold
from calibration.stimuli.distortion import Distortion
from calibration.stimuli.prompt_kinds import PROMPT_KINDS
from calibration.stimuli.registry import DISTORTIONS

_FIELDS = (
    "threshold",
    "unit_value",
    "low",
    "high",
    "slope",
    "false_alarm",
    "hit_at_max",
    "n_queries",
    "status",
    "reason",
)
_HEADINGS = ("distortion", "JND, level", "95 %", "in its own unit", "estimated false alarms", "status")


def as_record(profile: JndProfile) -> Mapping[str, object]:
    """Return what `--json` prints."""
    details = profile.details
    return {
        "model": profile.model,
        "source": profile.source,
        "distortions": {
            name: {field: getattr(found, field) for field in _FIELDS}
            for name, found in profile.distortions.items()
        },
        **_response_change(profile),
        "questions": details.get("questions"),
        "identical_pairs": {
            "shown": details.get("catch_trials_shown"),
            "answered": details.get("catch_trials"),
            "called_different": details.get("catch_trials_called_different"),
        },
        "excluded_unevenly": details.get("excluded_unevenly", ""),
        **({"side_by_side": True} if details.get("side_by_side") else {}),
    }


def as_table(profile: JndProfile) -> Table:
    """Return a table for a terminal: estimates in its rows, what was counted below."""
    caption = describe_counts(profile) or None
    table = Table(title=f"Just noticeable differences of {profile.model}", caption=caption)
    for heading in _HEADINGS:
        table.add_column(heading, no_wrap=heading == "status")
    for name, found in profile.distortions.items():
        distortion = _named(name)
        table.add_row(
            distortion.label,
            describe_level(found, _end_of_scale(name, found)),
            describe_interval(found, _end_of_scale(name, found)),
            describe_unit(found, distortion),
            "–" if found.false_alarm is None else f"{found.false_alarm:.0%}",
            found.status,
        )
    return table


def reasons(profile: JndProfile) -> list[str]:
    """Return why thresholds are what they are, one sentence per reason, naming the distortions."""
    named: dict[str, list[str]] = {}
    for name, found in profile.distortions.items():
        for reason in filter(None, found.reason.split(ALSO)):
            named.setdefault(reason, []).append(_named(name).label)
    return [f"{', '.join(labels)}: {reason}" for reason, labels in named.items()]


def describe_counts(profile: JndProfile) -> str:
    """Say how much was asked, and what became of the identical pairs; empty where nobody counted."""
    details = profile.details
    asked, shown = details.get("questions"), details.get("catch_trials_shown")
    if asked is None or shown is None:
        return ""
    answered, said = details.get("catch_trials", 0), details.get("catch_trials_called_different", 0)
    is_task = str(details.get("question", "")).startswith("task:")
    return f"{asked} questions asked; {describe_catches(said, answered, shown, is_task=is_task)}"


def describe_catches(said: int, answered: int, shown: int, *, is_task: bool, share: str = "") -> str:
    """Say what identical pairs got: counts, not estimates; `share` may follow them, in brackets."""
    if not shown:
        return "no picture was asked about twice" if is_task else "no identical pair was shown"
    if not answered:
        pairs = (
            "pictures were asked about twice, no two answers" if is_task else "identical pairs were shown,"
        )
        return f"{shown} {pairs} {'could be compared' if is_task else 'none was answered readably'}"
    unread = f", {shown - answered} more could not be read" if shown > answered else ""
    if is_task:
        return f"asked twice about the same picture, {said} of {answered} answers changed{share}{unread}"
    return f"{said} of {answered} identical pairs were called different{share}{unread}"


def _named(name: str) -> Distortion:
    return DISTORTIONS.get(name) or PROMPT_KINDS[name]


def _end_of_scale(name: str, found: Threshold) -> int:
    """Return the strongest level there is; of a prompt, the largest share that was perturbed."""
    if name in PROMPT_KINDS and found.status == "censored":
        return round(found.threshold or 0)
    return _named(name).levels


def _response_change(profile: JndProfile) -> Mapping[str, object]:
    """Return the ratios by level where the prompt was perturbed, else nothing."""
    key = "response_change"
    return {key: profile.details[key]} if key in profile.details else {}


def describe_level(found: Threshold, strongest: int) -> str:
    """Return the threshold; ≈ where it is rough, ">50" beyond the scale, a dash where unmeasurable."""
    if found.status == "unmeasurable" or found.threshold is None:
        return "–"
    if found.status == "censored" or found.threshold > strongest:
        return f">{strongest}"
    about = "≈ " if found.status in ("rough", "blunt") else ""
    return f"{about}{found.threshold:.3g}"


def describe_interval(found: Threshold, strongest: int) -> str:
    """Return the 95 % interval in levels."""
    if found.status == "unmeasurable" or found.low is None:
        return "–"
    if found.high is None:
        return f"≥ {found.low:.3g}"
    if found.low > strongest:
        return f">{strongest}"
    high = f">{strongest}" if found.high > strongest else f"{found.high:.3g}"
    return f"{found.low:.3g} – {high}"


def describe_unit(found: Threshold, distortion: Distortion) -> str:
    """Return the threshold in the distortion's physical unit."""
    if describe_level(found, distortion.levels)[0] in "–>" or found.unit_value is None:
        return "–"
    return f"{found.unit_value:.3g} ({distortion.unit})"
