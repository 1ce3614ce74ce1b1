"""How often "different" was said, by what should matter and by what should not, with 95 % intervals."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from calibration.report.bias import Rate
from calibration.report.plots.ink import INK, LINE, MUTED, RULE, WARM, new_figure


def draw_rates(rates: Sequence[Rate]) -> Figure:
    """Return a line per rate: the point, its interval, its count."""
    figure = new_figure(4.6, 0.7 + 0.28 * len(rates))
    axes = figure.add_subplot()
    for row, rate in enumerate(rates):
        color = WARM if rate.is_of_identical_pairs else LINE
        axes.hlines(row, rate.low, rate.high, color=color, linewidth=3.2, alpha=0.45)
        axes.plot([rate.share], [row], "o", color=color, markersize=5)
        axes.text(1.04, row, f"{rate.count} of {rate.total}", va="center", fontsize=8, color=MUTED)
    axes.set_yticks(range(len(rates)), [rate.label for rate in rates])
    axes.set_ylim(len(rates) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50 %", "", "100 %"])
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines[:].set_visible(False)
    return figure
