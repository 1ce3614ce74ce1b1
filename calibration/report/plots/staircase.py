"""The n-th JNDs of one distortion: a step per JND, and a strip per reference with its benefit zones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.report.plots.ink import FILL, INK, LINE, MUTED, RULE, new_figure
from calibration.report.sweeps import Sweep
from calibration.stimuli.distortion import Distortion

MOST_STRIPS = 12


def draw_staircase(distortion: Distortion, sweeps: Sequence[Sweep]) -> Figure:
    """Return the figure; of many references, strips of the first dozen."""
    shown = sweeps[:MOST_STRIPS]
    figure = new_figure(3.9, 2.2 + 0.19 * len(shown))
    steps, strips = figure.subplots(2, 1, sharex=True, height_ratios=(1.7, 0.25 + 0.19 * len(shown)))
    _draw_steps(steps, sweeps)
    _draw_strips(strips, shown)
    strips.set_xlim(0, distortion.levels)
    strips.set_xlabel(f"level of {distortion.label}")
    return figure


def _draw_steps(axes: Axes, sweeps: Sequence[Sweep]) -> None:
    """Count the JNDs passed: each reference thin, their mean thick."""
    top = max(len(sweep.jnds) for sweep in sweeps)
    grid = np.linspace(0, max(sweep.reached for sweep in sweeps), 501)
    counts = np.array([np.searchsorted(sweep.jnds, grid, side="right") for sweep in sweeps])
    for count in counts:
        axes.step(grid, count, where="post", color=MUTED, linewidth=0.9, alpha=0.45)
    axes.plot(grid, counts.mean(axis=0), color=LINE, linewidth=1.8)
    axes.set_ylim(-0.03 * max(top, 1), max(top, 1) * 1.05)
    axes.set_yticks(sorted({0, max(top, 1) // 2, max(top, 1)}))
    axes.set_ylabel("JNDs passed")
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.tick_params(length=2.5, width=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_strips(axes: Axes, sweeps: Sequence[Sweep]) -> None:
    for row, sweep in enumerate(sweeps):
        for zone in sweep.zones:
            alpha = 0.35 if zone.is_open else 0.8
            axes.barh(row, zone.end - zone.start, left=zone.start, height=0.62, color=FILL, alpha=alpha)
        axes.vlines(sweep.jnds, row - 0.4, row + 0.4, color=INK, linewidth=1.4)
    axes.set_yticks(range(len(sweeps)), [_short(sweep.image) for sweep in sweeps], fontsize=7)
    axes.set_ylim(len(sweeps) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=2.5, width=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _short(name: str) -> str:
    name = name.rpartition("/")[2].rpartition(".")[0] or name
    return name if len(name) <= 12 else f"{name[:5]}…{name[-6:]}"
