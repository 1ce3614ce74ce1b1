"""How often answers change as more of the prompt is perturbed, with the published ratios behind."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from calibration.prompts.assessment import PromptFinding
from calibration.prompts.published import HIGHEST_LEVEL, LOWEST_LEVEL, PUBLISHED
from calibration.prompts.response_change import by_share, monotone_climb
from calibration.report.plots.ink import CARD, INK, LINE, OTHERS, RULE, WARM, new_figure

_HALF = 0.5


def draw_response_change(finding: PromptFinding) -> Figure:
    """Return the figure of one kind of perturbation."""
    figure = new_figure(3.9, 2.75)
    axes = figure.add_subplot()
    _draw_published(axes, finding)
    _draw_ratios(axes, finding)
    _draw_threshold(axes, finding)
    _finish(axes, finding)
    return figure


def _draw_published(axes: Axes, finding: PromptFinding) -> None:
    models = PUBLISHED[finding.kind.name].values()
    ends = ([each.lowest / 100 for each in models], [each.highest / 100 for each in models])
    low, high = ([pick(end) for end in ends] for pick in (min, max))
    axes.fill_between([LOWEST_LEVEL, HIGHEST_LEVEL], low, high, color=OTHERS[0], alpha=0.16, linewidth=0)


def _draw_ratios(axes: Axes, finding: PromptFinding) -> None:
    answered = by_share([found for found in finding.levels if found.count.answered])
    if answered and finding.by_itself.answered:
        climb = monotone_climb(answered, finding.by_itself)
        axes.plot(climb.shares, climb.ratios, color=LINE, linewidth=1.6)
    for found in answered:
        low, high = found.count.interval or (0.0, 0.0)
        axes.vlines(found.share, low, high, color=INK, linewidth=0.9, alpha=0.6)
        axes.plot([found.share], [found.count.ratio or 0.0], "o", color=INK, markersize=4.5)
    if finding.by_itself.ratio is not None and finding.by_itself.interval is not None:
        axes.vlines(0, *finding.by_itself.interval, color=WARM, linewidth=0.9)
        axes.plot([0], [finding.by_itself.ratio], "D", color=WARM, markersize=5, clip_on=False, zorder=3)


def _draw_threshold(axes: Axes, finding: PromptFinding) -> None:
    height = _HALF * (1 + (finding.by_itself.ratio or 0.0))
    axes.axhline(height, color=LINE, linewidth=0.7, linestyle=(0, (1, 3)))
    found = finding.threshold
    if finding.crossing is None or finding.crossing.share is None or found.threshold is None:
        return
    high = found.high or max(level.share for level in finding.levels)
    axes.hlines(height, found.low or 0.0, high, color=LINE, linewidth=3.2, alpha=0.85)
    axes.axvline(found.threshold, color=LINE, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.plot([found.threshold], [height], "o", color=CARD, markeredgecolor=LINE, markersize=5.5, zorder=4)


def _finish(axes: Axes, finding: PromptFinding) -> None:
    strongest = max((found.share for found in finding.levels), default=float(HIGHEST_LEVEL))
    end = max(strongest, HIGHEST_LEVEL) * 1.05
    axes.set_xlim(-0.035 * end, end)
    axes.set_ylim(-0.05, 1.05)
    step = 10 if end < 60 else 20
    ticks = range(0, int(end) + 1, step)
    axes.set_xticks(list(ticks), ["as it is", *(f"{tick} %" for tick in ticks if tick)])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "50 %", "", "100 %"])
    axes.tick_params(which="both", length=2.5, width=0.6)
    axes.set_xlabel(f"{finding.unit} perturbed")
    axes.set_ylabel("answers changed")
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
