import re

import pytest
from matplotlib.figure import Figure

from calibration.report.plots.ink import CARD, INK, LINE, MUTED, WARM, new_figure, to_png, to_svg


def drawing() -> Figure:
    figure = new_figure(2, 1)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=LINE)
    axes.plot([1, 0], [0, 1], color=WARM)
    axes.set_title("both")
    return figure


def test_the_colours_of_a_figure_are_variables_of_the_page():
    svg = str(to_svg(drawing, "two lines"))

    assert {"ink", "muted", "accent", "warm"} <= set(re.findall(r"var\(--([\w-]+)\)", svg))
    assert not any(colour in svg for colour in (INK, MUTED, LINE, WARM, CARD))


def test_the_same_drawing_gives_the_same_bytes():
    assert to_svg(drawing, "two lines") == to_svg(drawing, "two lines")
    assert to_png(drawing) == to_png(drawing)


def test_a_figure_is_an_image_with_a_text_alternative_that_cannot_break_out_of_it():
    svg = str(to_svg(drawing, 'JND of "blur" <& more>'))

    assert svg.startswith('<svg role="img" aria-label="JND of &#34;blur&#34; &lt;&amp; more&gt;"')
    assert svg.rstrip().endswith("</svg>")


def test_a_png_has_the_size_asked_for():
    png = to_png(drawing)

    assert png.startswith(b"\x89PNG")
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2 * 160, 160)


@pytest.mark.parametrize(("width", "height"), [(4, 3), (2.5, 1)])
def test_a_figure_is_empty_and_of_its_size(width: float, height: float):
    figure = new_figure(width, height)

    assert figure.get_size_inches().tolist() == [width, height]
    assert not figure.axes
