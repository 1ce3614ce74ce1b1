from hypothesis import given
from hypothesis import strategies as st

from calibration.critic.plots import draw_agreement, draw_models, draw_words, place_labels
from calibration.report.plots.ink import to_png


def test_names_of_close_dots_go_to_different_sides():
    placed = place_labels([(0.5, 0.5), (0.52, 0.5), (0.5, 0.47)], ["gpt-4o", "gemini", "qwen"])

    assert len(set(placed)) == 3


def test_a_name_at_the_edge_stays_inside():
    (left, _), (right, _) = place_labels([(0.02, 0.5), (0.98, 0.9)], ["a long name", "a long name"])

    assert not left
    assert right


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_every_dot_gets_its_name(spots: list[tuple[float, float]]):
    assert len(place_labels(spots, ["model"] * len(spots))) == len(spots)


def test_figures_of_little_are_drawn():
    lone = [("a.png", 3.0, 50.0)]

    figures = [
        to_png(lambda: draw_agreement(lone, "judged", "people")),
        to_png(lambda: draw_words({})),
        to_png(lambda: draw_models([], ())),
    ]

    assert all(figure.startswith(b"\x89PNG") for figure in figures)
