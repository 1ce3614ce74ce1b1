"""The figures of a critic's report: judgements beside people, words as they were used, models as points."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.critic.agreement import fit_logistic
from calibration.critic.beside import ModelPoint, fineness
from calibration.critic.judgements import ReplyCount
from calibration.critic.scales import SCALES
from calibration.report.plots.ink import INK, LINE, MUTED, RULE, WARM, new_figure

_LETTER = 0.02  # width of one, as a share of the axes


def draw_agreement(rows: Sequence[tuple[str, float, float]], ours: str, theirs: str) -> Figure:
    """Return one dot per picture, with the logistic that maps judgements to scores."""
    figure = new_figure(3.9, 2.9)
    axes = figure.add_subplot()
    judged, scores = (np.array(each, dtype=np.float64) for each in list(zip(*rows, strict=True))[1:])
    size = float(np.clip(600 / len(rows), 5, 26))
    axes.scatter(judged, scores, s=size, color=INK, alpha=0.45, linewidths=0)
    fitted = fit_logistic(judged, scores) if len(rows) >= 5 and np.ptp(judged) > 0 else None
    if fitted is not None:
        line = np.linspace(judged.min(), judged.max(), 200)
        axes.plot(line, fitted(line), color=LINE, linewidth=1.8)
    axes.set_xlabel(ours)
    axes.set_ylabel(theirs)
    _plain(axes)
    return figure


def draw_words(replies: Mapping[str, ReplyCount]) -> Figure:
    """Return one stacked bar per question: how probable each of its words was on average."""
    shown = {name: each for name, each in replies.items() if each.shares}
    figure = new_figure(5.4, 0.6 + 0.34 * max(len(shown), 1))
    axes = figure.add_subplot()
    for row, (name, each) in enumerate(shown.items()):
        left = 0.0
        for word, value in SCALES[name].values.items():
            share = each.shares.get(word, 0.0)
            color, opacity = _shade(name, value)
            axes.barh(row, share, left=left, height=0.7, color=color, alpha=opacity, linewidth=0)
            if share > 0.014 * len(word) + 0.02:
                axes.text(left + share / 2, row, word, ha="center", va="center", fontsize=7.5, color=INK)
            left += share
    axes.set_yticks(range(len(shown)), list(shown))
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines[:].set_visible(False)
    return figure


def draw_models(points: Sequence[ModelPoint], distortions: Sequence[str]) -> Figure:
    """Return one dot per model: fineness across, agreement with people up; the first is this one."""
    figure = new_figure(4.6, 3.2)
    axes = figure.add_subplot()
    placed = [
        (point, fine, point.srcc)
        for point in points
        if (fine := fineness(point, distortions)) is not None and point.srcc is not None
    ]
    axes.set_xscale("log")
    fines = [fine for _, fine, _ in placed] + [1.0]
    low, high = min(fines) / 1.6, max(fines) * 1.6
    axes.set_xlim(low, high)
    axes.axvline(1.0, color=RULE, linewidth=1.2, zorder=0)
    for point, fine, srcc in placed:
        is_own = point is points[0]
        color = WARM if is_own else INK
        if srcc.low is not None and srcc.high is not None:
            axes.vlines(fine, srcc.low, srcc.high, color=color, linewidth=1.1, alpha=0.7)
        axes.plot([fine], [srcc.value], "o", color=color, markersize=6 if is_own else 4.5, zorder=3)
    bottom, top = axes.get_ylim()
    spots = [
        (float(np.log(fine / low) / np.log(high / low)), (srcc.value - bottom) / (top - bottom))
        for _, fine, srcc in placed
    ]
    labels = place_labels(spots, [point.model for point, _, _ in placed])
    for (point, fine, srcc), (is_left, is_below) in zip(placed, labels, strict=True):
        axes.annotate(
            point.model,
            (fine, srcc.value),
            xytext=(-7 if is_left else 7, -9 if is_below else 3),
            textcoords="offset points",
            ha="right" if is_left else "left",
            fontsize=8,
            color=WARM if point is points[0] else MUTED,
        )
    ticks = [each for each in (0.25, 0.5, 1, 2, 5, 10, 20, 50) if low <= each <= high]
    axes.set_xticks(ticks, [f"{each:g}×" for each in ticks])
    axes.minorticks_off()
    axes.set_xlabel("JND in multiples of the human one (finer to the left)")
    axes.set_ylabel("SRCC with people")
    _plain(axes)
    return figure


def place_labels(spots: Sequence[tuple[float, float]], names: Sequence[str]) -> list[tuple[bool, bool]]:
    """Return for each dot whether its name goes to the left, and below, so that names hardly overlap.

    Args:
        spots: Where the dots lie, as shares of the axes.
        names: What is written beside them.
    """
    taken = [(x - 0.01, x + 0.01, y - 0.02, y + 0.02) for x, y in spots]
    placed = []
    for (x, y), name in zip(spots, names, strict=True):
        boxes = {}
        for is_left, is_below in ((False, False), (True, False), (False, True), (True, True)):
            width, start = _LETTER * len(name), x - 0.02 if is_left else x + 0.02
            left, right = (start - width, start) if is_left else (start, start + width)
            low, high = (y - 0.07, y - 0.01) if is_below else (y, y + 0.06)
            boxes[is_left, is_below] = (left, right, low, high)
        best = min(boxes, key=lambda side: _cost(boxes[side], taken))
        taken.append(boxes[best])
        placed.append(best)
    return placed


def _cost(
    box: tuple[float, float, float, float], taken: Sequence[tuple[float, float, float, float]]
) -> float:
    """Return how much of a name is covered, or lies outside the axes."""
    left, right, low, high = box
    covered = sum(
        max(min(right, other[1]) - max(left, other[0]), 0.0)
        * max(min(high, other[3]) - max(low, other[2]), 0.0)
        for other in taken
    )
    return covered + (max(right - 1.0, 0.0) + max(-left, 0.0)) * (high - low)


def _shade(name: str, value: float) -> tuple[str, float]:
    """Return colour and opacity for a word by its rank on its scale."""
    values = sorted(SCALES[name].values.values())
    shades = ((WARM, 0.55), (WARM, 0.28), (MUTED, 0.22), (LINE, 0.28), (LINE, 0.55))
    return (shades if len(values) == len(shades) else (shades[1], shades[3]))[values.index(value)]


def _plain(axes: Axes) -> None:
    axes.grid(color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=2.5, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)
