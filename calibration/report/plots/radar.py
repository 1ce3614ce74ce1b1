"""The twelve JNDs of the paper as a radar, in multiples of the human JND, beside three published models.

Radii are logarithms: a model half and one twice as fine as people lie equally far from the human ring.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from matplotlib.figure import Figure

from calibration.assessment import Assessment
from calibration.published import published_multiples
from calibration.published_table import COLUMNS, HUMAN_LEVELS
from calibration.report.plots.ink import CARD, INK, LINE, MUTED, OTHERS, RULE, new_figure
from calibration.stimuli.registry import DISTORTIONS

BESIDE = ("GPT-4o", "Gemini 2.0 Flash", "Qwen2.5-VL-7B")  # the two finest, and the median of the open models
_INNERMOST, _OUTERMOST = 0.25, 56.0
_RINGS = (0.5, 1, 2, 5, 10, 20, 50)
_SHORT = {
    "saturation": "saturation",
    "jpeg": "JPEG",
    "qr": "QR code",
    "angle": "angle",
    "distance": "distance",
}


def multiples_of_human(assessments: Mapping[str, Assessment]) -> dict[str, float]:
    """Return this model's JNDs over the human ones of the paper, for the columns that have a JND."""
    return {
        name: (assessments[name].threshold.threshold or 0) / HUMAN_LEVELS[name]
        for name in COLUMNS
        if name in assessments
        and assessments[name].threshold.status != "unmeasurable"
        and assessments[name].threshold.threshold
    }


def draw_radar(assessments: Mapping[str, Assessment]) -> Figure:
    """Return the figure; columns without a JND leave a gap in this model's line."""
    figure = new_figure(4.1, 4.2)
    figure.set_layout_engine("none")  # it leaves polar axes small
    axes = cast("Any", figure.add_axes((0.18, 0.2, 0.64, 0.64 * 4.1 / 4.2), projection="polar"))
    angles = 2 * np.pi * np.arange(len(COLUMNS)) / len(COLUMNS)
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    for name, color, dash in zip(BESIDE, OTHERS, ("-", "--", "-."), strict=True):
        found = published_multiples(name) or {}
        radii = [_radius(found[column].value) for column in COLUMNS]
        axes.plot([*angles, angles[0]], [*radii, radii[0]], dash, color=color, linewidth=1.1, label=name)
    ring = np.linspace(0, 2 * np.pi, 181)
    axes.plot(ring, np.full(181, _radius(1.0)), color=INK, linewidth=1.4, label="people")
    _draw_this_model(axes, angles, assessments)
    _finish(axes, angles)
    figure.legend(loc="lower center", ncols=3, fontsize=8.5, handlelength=1.8, columnspacing=1.0)
    return figure


def _draw_this_model(axes: Any, angles: Any, assessments: Mapping[str, Assessment]) -> None:
    mine = multiples_of_human(assessments)
    radii = [_radius(mine[column]) if column in mine else np.nan for column in COLUMNS]
    axes.plot([*angles, angles[0]], [*radii, radii[0]], color=LINE, linewidth=2.2, zorder=4)
    axes.plot([], [], color=LINE, linewidth=2.2, marker="o", markersize=4.5, label="this model")
    for angle, radius, column in zip(angles, radii, COLUMNS, strict=True):
        is_beyond = column in mine and assessments[column].threshold.is_beyond_scale
        face = CARD if is_beyond else LINE
        axes.plot(
            [angle], [radius], "o", color=LINE, markerfacecolor=face, markersize=5, zorder=5, clip_on=False
        )


def _finish(axes: Any, angles: Any) -> None:
    axes.set_ylim(0, _radius(_OUTERMOST))
    rings = [_radius(value) for value in _RINGS]
    axes.set_yticks(
        rings, [f"{value:g}×" if value != 1 else "" for value in _RINGS], fontsize=7.5, color=MUTED
    )
    axes.set_rlabel_position(15)
    labels = [_SHORT.get(column, DISTORTIONS[column].label) for column in COLUMNS]
    axes.set_xticks(angles, labels, color=INK, fontsize=8.5)
    axes.tick_params(axis="x", pad=4)
    axes.grid(color=RULE, linewidth=0.7)
    axes.spines["polar"].set_color(RULE)
    for label, angle in zip(axes.get_xticklabels(), np.degrees(angles), strict=True):
        label.set_horizontalalignment(_side(angle))


def _side(degrees: float) -> str:
    if degrees % 180 == 0:
        return "center"
    return "left" if degrees < 180 else "right"


def _radius(multiple: float) -> float:
    return float(np.log(np.clip(multiple, _INNERMOST, _OUTERMOST) / _INNERMOST))
