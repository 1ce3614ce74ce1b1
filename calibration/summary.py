"""A profile in a few words: the JSON line of the command line, a table for a terminal."""

from collections.abc import Mapping

from rich.table import Table

from calibration.profile import JndProfile, Threshold
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
)


def as_record(profile: JndProfile) -> Mapping[str, object]:
    """Return what `--json` prints."""
    return {
        "model": profile.model,
        "source": profile.source,
        "distortions": {
            name: {field: getattr(found, field) for field in _FIELDS}
            for name, found in profile.distortions.items()
        },
        **_response_change(profile),
    }


def as_table(profile: JndProfile) -> Table:
    """Return a table for a terminal."""
    table = Table(title=f"Just noticeable differences of {profile.model}")
    for heading in ("distortion", "JND, level", "95 %", "in its own unit", "false alarms", "status"):
        table.add_column(heading)
    for name, found in profile.distortions.items():
        distortion = _named(name)
        table.add_row(
            distortion.label,
            describe_level(found, _end_of_scale(name, found)),
            describe_interval(found),
            describe_unit(found, distortion.unit),
            "" if found.false_alarm is None else f"{found.false_alarm:.0%}",
            found.status,
        )
    return table


def reasons(profile: JndProfile) -> list[str]:
    """Return why thresholds are what they are, one sentence per reason, naming the distortions."""
    named: dict[str, list[str]] = {}
    for name, found in profile.distortions.items():
        if found.reason:
            named.setdefault(found.reason, []).append(_named(name).label)
    return [f"{', '.join(labels)}: {reason}" for reason, labels in named.items()]


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
    """Return the threshold, ">50" where censored, a dash where unmeasurable."""
    if found.status == "unmeasurable" or found.threshold is None:
        return "–"
    return f">{strongest}" if found.status == "censored" else f"{found.threshold:.3g}"


def describe_interval(found: Threshold) -> str:
    """Return the 95 % interval in levels."""
    if found.status == "unmeasurable" or found.low is None:
        return "–"
    return f"≥ {found.low:.3g}" if found.high is None else f"{found.low:.3g} – {found.high:.3g}"


def describe_unit(found: Threshold, unit: str) -> str:
    """Return the threshold in the distortion's physical unit."""
    if found.status in ("unmeasurable", "censored") or found.unit_value is None:
        return "–"
    return f"{found.unit_value:.3g} ({unit})"
