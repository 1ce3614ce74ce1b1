from calibration.report.bias import Rate
from calibration.report.plots.bias import draw_rates


def test_each_rate_is_a_line_with_its_count():
    rates = [Rate("identical pairs", 1, 20, is_of_identical_pairs=True), Rate("1.5 JND or more", 19, 20)]

    axes = draw_rates(rates).axes[0]

    assert [text.get_text() for text in axes.texts] == ["1 of 20", "19 of 20"]
    assert [line.get_xdata()[0] for line in axes.lines] == [0.05, 0.95]
