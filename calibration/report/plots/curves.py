"""The psychometric function of one distortion: the answers, the curve fitted to them, its 95 % band."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.assessment import Assessment
from calibration.fitting import Values
from calibration.report.plots.ink import CARD, FILL, INK, LINE, MUTED, RULE, WARM, new_figure
from calibration.report.words import noticed_words

_BINS = 9


def draw_curve(assessment: Assessment) -> Figure:
    """Return the figure; without a fit the answers alone, and where there are none, a line that says so."""
    figure = new_figure(3.9, 2.75)
    axes = figure.add_subplot(xscale="log")
    axes.set_xlim(_left_edge(assessment) * 0.6, assessment.distortion.levels * 1.08)
    _draw_fit(axes, assessment)
    _draw_data(axes, assessment)
    _finish(axes, assessment)
    if all(trial.noticed is None for trial in assessment.trials):
        axes.text(0.5, 0.5, "no readable answer", transform=axes.transAxes, ha="center", color=MUTED)
    return figure


def _draw_fit(axes: Axes, assessment: Assessment) -> None:
    fit = assessment.fit
    if fit is None:
        return
    levels = np.geomspace(_left_edge(assessment), assessment.distortion.levels, 160)
    low, high = fit.band(levels)
    axes.fill_between(levels, low, high, color=FILL, alpha=0.55, linewidth=0)
    axes.plot(levels, fit.function.probability(levels), color=LINE, linewidth=1.8)
    if assessment.threshold.is_estimated:
        threshold = fit.function.threshold
        axes.axvline(threshold, color=LINE, linewidth=0.8, linestyle=(0, (4, 3)))
        height = float(fit.function.probability(threshold))
        axes.hlines(height, *fit.interval, color=LINE, linewidth=3.2, alpha=0.85)
        axes.plot([threshold], [height], "o", color=CARD, markeredgecolor=LINE, markersize=5.5)


def _draw_data(axes: Axes, assessment: Assessment) -> None:
    answers = np.array(
        [
            (trial.stimulus.level, trial.noticed if trial.probability is None else trial.probability)
            for trial in assessment.trials
            if trial.noticed is not None and trial.stimulus.reference_level == 0
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    shown, catches = answers[answers[:, 0] > 0], answers[answers[:, 0] == 0]
    if len(shown):
        levels, shares, totals = _binned(shown)
        axes.scatter(levels, shares, s=_area(totals), color=INK, alpha=0.75, linewidth=0, zorder=3)
    if len(catches):
        area = _area(np.array([len(catches)], dtype=np.float64))
        place = _left_edge(assessment) * 0.72
        axes.scatter([place], [catches[:, 1].mean()], s=area, color=WARM, marker="D", linewidth=0, zorder=3)


def _binned(answers: Values) -> tuple[Values, Values, Values]:
    """Gather neighbouring levels, so that each mark stands for several answers; (N, 2): level, P(noticed)."""
    position, said = np.log(answers[:, 0]), answers[:, 1]
    start, span = position.min(), max(float(np.ptp(position)), 1e-9)
    bins = np.minimum((position - start) / span * _BINS, _BINS - 1).astype(int)
    totals = np.bincount(bins)
    kept = totals > 0
    levels = np.exp(np.bincount(bins, position)[kept] / totals[kept])
    shares = np.bincount(bins, said)[kept] / totals[kept]
    return levels, shares, np.asarray(totals[kept], dtype=np.float64)


def _area(totals: Values) -> Values:
    return np.asarray(10 + 90 * totals / (totals + 12))


def _left_edge(assessment: Assessment) -> float:
    """The lowest level drawn: below the data and the interval."""
    shown = [trial.stimulus.level for trial in assessment.trials if trial.stimulus.level > 0]
    low = [] if assessment.fit is None else [assessment.fit.interval[0]]
    lowest = min([*shown, *low], default=1.0)
    return float(max(lowest * 0.8, assessment.distortion.levels / 250))


def _finish(axes: Axes, assessment: Assessment) -> None:
    distortion = assessment.distortion
    left = _left_edge(assessment)
    axes.set_ylim(-0.05, 1.05)
    decades = [v for v in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if left * 1.15 <= v <= distortion.levels]
    # Names of the left edge and of the first level would touch when they are close.
    first = 1 if decades and decades[0] < left * 1.7 else 0
    ticks = [left * 0.72, *decades[first:]]
    axes.set_xticks(ticks, ["identical", *(f"{value:g}" for value in decades[first:])])
    axes.tick_params(which="both", length=2.5, width=0.6)
    axes.minorticks_off()
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50 %", "", "100 %"])
    axes.set_xlabel(f"level of {distortion.label}")
    axes.set_ylabel(noticed_words(assessment.trials))
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
