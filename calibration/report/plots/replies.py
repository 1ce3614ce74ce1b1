"""What form the replies had, by distortion: correct, antilogy, gibberish, deficiency."""

from collections import Counter
from collections.abc import Mapping

from matplotlib.figure import Figure

from calibration.assessment import Assessment
from calibration.questions import REPLY_CLASSES
from calibration.report.plots.ink import CLASSES, INK, MUTED, new_figure


def draw_replies(assessments: Mapping[str, Assessment]) -> Figure:
    """Return one stacked bar per distortion, the malformed share at its end."""
    figure = new_figure(4.6, 0.8 + 0.25 * len(assessments))
    axes = figure.add_subplot()
    for row, assessment in enumerate(assessments.values()):
        counts = Counter(trial.reply_class for trial in assessment.trials)
        total, left = max(len(assessment.trials), 1), 0.0
        for name, color in zip(REPLY_CLASSES, CLASSES, strict=True):
            share = counts[name] / total
            axes.barh(row, share, left=left, height=0.68, color=color, label=name if row == 0 else None)
            left += share
        malformed = 1 - counts["correct"] / total
        words = f"{malformed:.0%} malformed" if malformed else "all correct"
        axes.text(1.02, row, words, va="center", fontsize=8, color=MUTED)
    axes.set_yticks(range(len(assessments)), [found.distortion.label for found in assessments.values()])
    axes.set_ylim(len(assessments) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.tick_params(length=0)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines[:].set_visible(False)
    figure.legend(
        loc="outside upper center",
        ncols=4,
        fontsize=8.5,
        handlelength=1.0,
        columnspacing=1.2,
        handletextpad=0.5,
    )
    return figure
