"""Tell a picture unlike the photographs that quality was learned from: a chart, a page, most screens.

Such pictures have few tones, and more of them are white. People scored none of them for the judge, so that
what it says of them is no more than a guess. A photograph of as few tones (posterised, almost black) is as
far from what was learned, and told as well. Screens and receipts full of tones are not told.
"""

from dataclasses import dataclass

from predictor.critic.measures import Measures

UNLIKE_PHOTOGRAPHS = (
    "unlike the photographs it was learned from: few tones, as charts, pages and screens have"
)

# Fitted by `tests/benchmarks/critic_outside.py --fit`; above 0 lie 0.7 % of the photographs learned from.
_BY_BIT, _BY_WHITE, _CONSTANT = -0.94, 2.34, 3.18


@dataclass(frozen=True)
class Signs:
    """What tells drawn pictures from photographs, of one picture."""

    entropy: float  # of the grey levels, 0 to 8 bits
    white: float  # share of pixels with a channel at its upper end


def signs_of(measures: Measures) -> Signs:
    """Read the signs off what was measured."""
    return Signs(entropy=measures.entropy, white=float(measures.map("white_end").mean()))


def unlikeness(signs: Signs) -> float:
    """Return how unlike a photograph it is; above 0: too much."""
    return _CONSTANT + _BY_BIT * signs.entropy + _BY_WHITE * signs.white


def outside_reason(measures: Measures) -> str | None:
    """Say why a score of this picture is outside what was learned from; None: it is not."""
    return UNLIKE_PHOTOGRAPHS if unlikeness(signs_of(measures)) > 0 else None
