from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.compression.quality_search import QualitySearch

QUALITIES = range(30, 96, 5)


def search(border: int, start: int | None, qualities: Sequence[int] = QUALITIES) -> tuple[int | None, int]:
    """Return the lowest quality that passed, and how many were tried, when `border` and above pass."""
    walk, best, tries = QualitySearch(qualities, start), None, 0
    while (quality := walk.next) is not None:
        tries += 1
        walk.tell(quality >= border)
        best = quality if quality >= border else best
    return best, tries


@given(st.integers(0, 120), st.none() | st.integers(0, 120))
def test_the_lowest_quality_that_passes_is_found_from_any_guess(border: int, start: int | None):
    best, tries = search(border, start)

    assert best == next((quality for quality in QUALITIES if quality >= border), None)
    assert tries <= 8


@pytest.mark.parametrize("border", QUALITIES)
def test_a_right_guess_takes_two_tries(border: int):
    assert search(border, border)[1] <= 2


def test_without_a_guess_it_bisects():
    assert max(search(border, None)[1] for border in QUALITIES) <= 4


def test_with_nothing_to_choose_from_nothing_is_tried():
    assert search(50, 70, []) == (None, 0)
    assert search(50, None, []) == (None, 0)
