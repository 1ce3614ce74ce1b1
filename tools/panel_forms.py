"""Draw one panel of a dashboard from its series: lines, a number, bars, a table."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

BACK, PANEL, INK, DIM, LINE = "#111217", "#181b1f", "#ccccdc", "#8e8ea0", "#2c3235"
_COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d", "#ffb357")
_NAMED = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}
_NO_NAMES = ("ref", "__name__")  # labels that tell nothing of a row
_MOST_NAMES = 6  # of a legend
_LONGEST_NAME = 25  # characters, so that three stand side by side


@dataclass(frozen=True)
class Drawn:
    """One series, over time or at its end."""

    name: str
    times: Sequence[float]
    values: Sequence[float]
    labels: Mapping[str, str]


def draw_lines(
    axes: Axes, series: Sequence[Drawn], panel: Mapping[str, Any], alerts: Sequence[float]
) -> None:
    """Draw values over time, with a dashed line where an alert began to fire."""
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    ordered = sorted(series, key=lambda each: -max((v for v in each.values if math.isfinite(v)), default=0))
    for each, colour in zip(ordered, itertools.cycle(_COLOURS), strict=False):
        minutes = (np.array(each.times) - each.times[-1]) / 60
        axes.plot(minutes, each.values, color=colour, linewidth=1.2, label=each.name[:_LONGEST_NAME])
    for minute in alerts:
        axes.axvline(minute, color=_NAMED["red"], linewidth=0.8, linestyle="--")
    axes.grid(color=LINE, linewidth=0.5)
    axes.set_ylim(bottom=0)
    axes.tick_params(colors=DIM, labelsize=7, length=0)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: _told(value, unit))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g} min" if value else "now")
    for spine in axes.spines.values():
        spine.set_visible(False)
    handles, names = axes.get_legend_handles_labels()
    left_out = len(names) - _MOST_NAMES
    if left_out > 0:
        names = [*names[:_MOST_NAMES]]
        names[-1] += f"  … {left_out} more"
    axes.legend(
        handles[:_MOST_NAMES],
        names,
        loc="upper left",
        bbox_to_anchor=(-0.08, -0.13),
        ncols=3,
        fontsize=6.5,
        frameon=False,
        handlelength=1.0,
        columnspacing=1.0,
        labelspacing=0.25,
        labelcolor=INK,
    )


def draw_number(axes: Axes, series: Sequence[Drawn], panel: Mapping[str, Any]) -> None:
    """Write one number in the colour its thresholds give it."""
    defaults = panel["fieldConfig"]["defaults"]
    value = series[0].values[-1] if series else math.nan
    colour = _NAMED["green"]
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            colour = _NAMED.get(step["color"], colour)
    text = _told(value, defaults.get("unit", "short"), defaults.get("decimals"))
    if panel.get("options", {}).get("textMode") == "value_and_name" and series:
        text = f"{series[0].name} {text}"
    axes.text(0.5, 0.42, text, ha="center", va="center", fontsize=22, color=colour, weight="bold")


def draw_bars(axes: Axes, series: Sequence[Drawn], panel: Mapping[str, Any]) -> None:
    """Draw a bar for each series, as long as its last value."""
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    shown = [each for each in series if each.values[-1] > 0][:10] or list(series)[:10]
    most = max(panel["fieldConfig"]["defaults"].get("max", 0), *(each.values[-1] for each in shown), 1e-9)
    for place, each in enumerate(shown):
        value = each.values[-1]
        axes.barh(place, most, height=0.7, color="#22252b")
        axes.barh(place, value, height=0.7, color=_COLOURS[0])
        axes.text(-0.02 * most, place, each.name, ha="right", va="center", fontsize=7)
        axes.text(
            1.01 * most, place, _told(value, unit), ha="left", va="center", fontsize=7, color=_COLOURS[0]
        )
    axes.set_xlim(-0.45 * most, 1.15 * most)
    axes.set_ylim(max(len(shown), 5) - 0.5, -0.5)


def draw_table(axes: Axes, series: Sequence[Drawn], panel: Mapping[str, Any]) -> None:
    """Write a row for each set of labels, a column for each query."""
    names = panel["transformations"][1]["options"]["renameByName"].values()
    refs = sorted({each.labels["ref"] for each in series})
    rows = _rows(series)
    heads = ["", *names]
    places = [0.0, *(0.26 + 0.74 * (n + 1) / len(refs) for n in range(len(refs)))]
    cells = [heads] + [
        [key, *(_plain(row.get(ref, math.nan)) for ref in refs)] for key, row in sorted(rows.items())
    ]
    for line, row in enumerate(cells[:9]):
        for place, cell in zip(places, row, strict=True):
            side, colour = ("left" if place == 0 else "right"), DIM if line == 0 else INK
            axes.text(place, 0.95 - 0.105 * line, cell, ha=side, va="top", fontsize=8, color=colour)


def _rows(series: Sequence[Drawn]) -> Mapping[str, Mapping[str, float]]:
    """Return the values of each row by query; one with fewer labels joins a row with more."""
    rows: dict[frozenset[tuple[str, str]], dict[str, float]] = {}
    for each in sorted(series, key=lambda drawn: len(drawn.labels), reverse=True):
        named = frozenset((name, value) for name, value in each.labels.items() if name not in _NO_NAMES)
        ref = each.labels["ref"]
        row = next((known for known, values in rows.items() if named <= known and ref not in values), named)
        rows.setdefault(row, {})[ref] = each.values[-1]
    return {", ".join(value for _, value in sorted(named)): values for named, values in rows.items()}


def _plain(value: float) -> str:
    return (
        "–"
        if not math.isfinite(value)
        else f"{value:,.0f}"
        if value >= 100 or value == int(value)
        else f"{value:.4f}"
    )


def _told(value: float, unit: str, decimals: int | None = None) -> str:
    if not math.isfinite(value):
        return "no data"
    if unit == "percentunit":
        return f"{value * 100:.3g}%"
    if unit == "none":
        return f"{value:.3g}" if abs(value) < 1 else f"{value:,.2f}"
    if unit == "s":
        return f"{value * 1000:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
    suffix = {"bytes": "B", "Bps": "B/s", "ops": "/s", "reqps": "/s"}.get(unit, "")
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g} {letter}{suffix}"
    number = f"{value:.{decimals}f}" if decimals is not None else f"{value:.3g}"
    return f"{number} {suffix}".strip() if suffix in ("B", "B/s") else number + suffix
