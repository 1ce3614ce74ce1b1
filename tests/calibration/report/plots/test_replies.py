import pytest

from calibration.assessment import assess
from calibration.report.plots.replies import draw_replies
from tests.calibration.report.staged_trials import staged_trial


def test_bars_are_as_long_as_the_shares_of_the_classes():
    classes = ["correct"] * 5 + ["antilogy"] * 3 + ["deficiency"] * 2
    trials = [staged_trial(index, reply_class=name) for index, name in enumerate(classes)]

    axes = draw_replies(assess(trials)).axes[0]

    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.5, 0.3, 0, 0.2])
    assert [text.get_text() for text in axes.texts] == ["50% malformed"]
