from collections.abc import Sequence

import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from calibration.observers.protocol import Query, Reply
from calibration.questions import IDENTICAL_PROMPT
from calibration.stimuli.registry import DISTORTIONS
from predictor.learning.dataset import FAMILIES, NO_FAMILY, Pair
from predictor.learning.labelling import ObserverLabeller
from predictor.views import model_view
from tests.predictor.masked_visibility import MaskedVisibility

VIEW = model_view(Image(data.chelsea()), 96)


def pair(name: str, level: float) -> Pair:
    distorted = DISTORTIONS[name].apply(VIEW, level, np.random.default_rng(0))
    return Pair(VIEW, distorted, "chelsea", FAMILIES.index(name), level)


class Always:
    """Says one thing; remembers what it was asked."""

    name = "always"
    stimulus_side: int | None = 96
    input_side: int | None = 96

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[Query] = []

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        self.asked.extend(queries)
        return [self.reply for _ in queries]

    def close(self) -> None:
        pass


def test_a_bias_towards_yes_cancels_out():
    found = ObserverLabeller(Always(Reply("<yes> there are differences", 0.9))).label([pair("blur", 4)])

    assert found == pytest.approx([0.5])


def test_polarity_and_order_are_swapped():
    observer = Always(Reply("<no> none", 0.1))

    ObserverLabeller(observer).label([pair("blur", 4)])

    first, second = observer.asked
    assert "blur" in first.prompt
    assert second.prompt == IDENTICAL_PROMPT
    assert first.images[0] is second.images[1]


def test_text_counts_where_there_is_no_probability():
    found = ObserverLabeller(Always(Reply("gibberish"))).label([Pair(VIEW, VIEW, "x", NO_FAMILY, 0.0)])

    assert found == pytest.approx([0.5])


def test_the_made_up_observer_notices_more_with_more_damage():
    found = MaskedVisibility(acuity=0.3).label([pair("noise", level) for level in (1, 4, 16, 50)])

    assert list(found) == sorted(found)
    assert found[0] < 0.1
    assert found[-1] > 0.9
