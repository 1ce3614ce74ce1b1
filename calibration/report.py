"""The report of one calibration: a self-contained page with a psychometric plot per distortion.

Plots are inline SVG, so the page can be mailed as one file. Words and layout: `templates/report.html.j2`.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from calibration.assessment import Assessment
from calibration.directory import write_whole
from calibration.fitting import Counts, Values
from calibration.profile import JndProfile
from calibration.summary import describe_interval, describe_level, describe_unit

_INK, _MUTED, _LINE, _FILL, _MARK, _CATCH = "#1c2330", "#6b7484", "#2f5fd0", "#b9c9f2", "#1c2330", "#c2571a"
_STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": _MUTED,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.7,
    "text.color": _INK,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "svg.fonttype": "path",
    "svg.hashsalt": "lmm-jnd",  # the same trials give the same bytes
}
_BINS = 9


@dataclass(frozen=True)
class _Card:
    """What the page shows of one distortion."""

    name: str
    label: str
    plot: Markup
    level: str
    interval: str
    unit_value: str
    slope: str
    false_alarm: str
    hit_at_max: str
    n_queries: int
    status: str
    reason: str
    sentence: str


def render_report(profile: JndProfile, assessments: Mapping[str, Assessment]) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=PackageLoader("calibration"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    cards = [_card(assessment) for assessment in assessments.values()]
    return environment.get_template("report.html.j2").render(
        profile=profile,
        cards=cards,
        summary=summarise(profile, assessments),
        details=profile.details,
        n_trials=sum(len(assessment.trials) for assessment in assessments.values()),
    )


def save_plots(assessments: Mapping[str, Assessment], folder: Path) -> list[Path]:
    """Write one PNG per distortion and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, assessment in assessments.items():
        buffer = io.BytesIO()
        with mpl.rc_context(cast("Any", _STYLE)):
            _draw(assessment).savefig(buffer, format="png", dpi=160)
        written.append(folder / f"{name}.png")
        write_whole(written[-1], buffer.getvalue())
    return written


def summarise(profile: JndProfile, assessments: Mapping[str, Assessment]) -> list[str]:
    """Say in plain words what was found."""
    measured = {
        name: (found.threshold.threshold or 0) / found.distortion.levels
        for name, found in assessments.items()
        if found.threshold.status == "measured"
    }
    sentences = []
    if measured:
        finest, bluntest = min(measured, key=measured.__getitem__), max(measured, key=measured.__getitem__)
        sentences.append(
            f"{profile.model} is most sensitive to {_at(assessments[finest])}"
            + (f" and least to {_at(assessments[bluntest])}." if finest != bluntest else ".")
        )
    if profile.false_alarm is not None:
        sentences.append(
            f"It called {profile.false_alarm:.1%} of identical pairs different "
            f"({profile.details.get('catch_trials', '?')} shown)."
        )
    for status, words in (("censored", "never noticed"), ("unmeasurable", "could not be measured")):
        labels = [f.distortion.label for f in assessments.values() if f.threshold.status == status]
        if labels:
            sentences.append(f"{words.capitalize()}: {', '.join(labels)}.")
    shown = (
        f"squares of {profile.stimulus_side} px" if profile.stimulus_side else "the pictures' own resolution"
    )
    sentences.append(f"Stimuli were rendered at {shown}; thresholds hold for that size.")
    return sentences


def _at(assessment: Assessment) -> str:
    level = describe_level(assessment.threshold, assessment.distortion.levels)
    return f"{assessment.distortion.label} (level {level} of {assessment.distortion.levels})"


def _card(assessment: Assessment) -> _Card:
    found, distortion = assessment.threshold, assessment.distortion
    return _Card(
        name=distortion.name,
        label=distortion.label,
        plot=Markup(_svg(assessment)),  # noqa: S704 - drawn here, from numbers
        level=describe_level(found, distortion.levels),
        interval=describe_interval(found),
        unit_value=describe_unit(found, distortion.unit),
        slope=f"{found.slope or 0:.2g}",
        false_alarm=f"{found.false_alarm or 0:.0%}",
        hit_at_max=f"{found.hit_at_max or 0:.0%}",
        n_queries=found.n_queries,
        status=found.status,
        reason=found.reason,
        sentence=_sentence(assessment),
    )


def _sentence(assessment: Assessment) -> str:
    found, distortion = assessment.threshold, assessment.distortion
    if found.status != "measured":
        return f"{found.reason[:1].upper()}{found.reason[1:]}."
    return (
        f"The change begins to be noticed at level {describe_level(found, distortion.levels)} of "
        f"{distortion.levels}, that is {describe_unit(found, distortion.unit)}."
    )


def _svg(assessment: Assessment) -> str:
    buffer = io.StringIO()
    with mpl.rc_context(cast("Any", _STYLE)):
        _draw(assessment).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def _draw(assessment: Assessment) -> Figure:
    figure = Figure(figsize=(3.9, 2.75), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw_curve(axes, assessment)
    _draw_data(axes, assessment)
    _finish(axes, assessment)
    return figure


def _draw_curve(axes: Axes, assessment: Assessment) -> None:
    levels = np.geomspace(_left_edge(assessment), assessment.distortion.levels, 160)
    low, high = assessment.fit.band(levels)
    axes.fill_between(levels, low, high, color=_FILL, alpha=0.55, linewidth=0, label="95 % band")
    axes.plot(levels, assessment.fit.function.probability(levels), color=_LINE, linewidth=1.8, label="fit")
    if assessment.threshold.status == "measured":
        threshold = assessment.fit.function.threshold
        axes.axvline(threshold, color=_LINE, linewidth=0.8, linestyle=(0, (4, 3)))
        height = float(assessment.fit.function.probability(threshold))
        axes.hlines(height, *assessment.fit.interval, color=_LINE, linewidth=3.2, alpha=0.85)
        axes.plot([threshold], [height], "o", color="white", markeredgecolor=_LINE, markersize=5.5)


def _draw_data(axes: Axes, assessment: Assessment) -> None:
    answers = [(t.stimulus.level, t.noticed) for t in assessment.trials if t.noticed is not None]
    shown = Counts.of([(level, said) for level, said in answers if level > 0])
    if len(shown.levels):
        levels, shares, totals = _binned(shown)
        axes.scatter(levels, shares, s=_area(totals), color=_MARK, alpha=0.75, linewidth=0, zorder=3)
    catches = [said for level, said in answers if level == 0]
    if catches:
        place = _left_edge(assessment) * 0.72
        area = _area(np.array([len(catches)], dtype=np.float64))
        axes.scatter([place], [np.mean(catches)], s=area, color=_CATCH, marker="D", linewidth=0, zorder=3)


def _binned(counts: Counts) -> tuple[Values, Values, Values]:
    """Gather neighbouring levels, so that each mark stands for several answers."""
    position = np.log(counts.levels)
    span = max(position[-1] - position[0], 1e-9)
    bins = np.minimum((position - position[0]) / span * _BINS, _BINS - 1).astype(int)
    totals = np.bincount(bins, counts.total)
    kept = totals > 0
    levels = np.exp(np.bincount(bins, position * counts.total)[kept] / totals[kept])
    shares = np.bincount(bins, counts.different)[kept] / totals[kept]
    return levels, shares, np.asarray(totals[kept], dtype=np.float64)


def _area(totals: Values) -> Values:
    return np.asarray(10 + 90 * totals / (totals + 12))


def _left_edge(assessment: Assessment) -> float:
    """The lowest level drawn: below the data and the interval."""
    shown = [trial.stimulus.level for trial in assessment.trials if not trial.is_catch]
    lowest = min([*shown, assessment.fit.interval[0]], default=1.0)
    return float(max(lowest * 0.8, assessment.distortion.levels / 250))


def _finish(axes: Axes, assessment: Assessment) -> None:
    distortion = assessment.distortion
    axes.set_xscale("log")
    left = _left_edge(assessment)
    axes.set_xlim(left * 0.6, distortion.levels * 1.08)
    axes.set_ylim(-0.05, 1.05)
    decades = [v for v in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if left <= v <= distortion.levels]
    axes.set_xticks([left * 0.72, *decades], ["identical", *(f"{v:g}" for v in decades)])
    axes.tick_params(which="both", length=2.5, width=0.6)
    axes.minorticks_off()
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50 %", "", "100 %"])
    axes.set_xlabel(f"level of {distortion.label}")
    axes.set_ylabel("says “different”")
    axes.grid(axis="y", color="#e6e9ef", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
