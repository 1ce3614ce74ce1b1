"""Score how colourful a picture is: how much colour it has, and how strong that is for what it shows.

How much colour there is (M(3) of Hasler and Süsstrunk 2003) tells a meadow from a street rather than
pale colours from strong ones. What tells those is colour in fine detail beside light in fine detail, and
colours at the edge of what can be shown: a straight line through their logarithms, learned from photographs
whose colours were made stronger by known factors, and from each of these steps by itself, so that stronger
colours raise the score of a picture whatever it shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from predictor.critic.measures import Floats, Measures

_MUCH = 0.31  # of M(3): twice what well-taken photographs have
_GREY = 0.01  # of M(3): below it, what colour there is fades into none
# Maps of colour, each with the value that counts as next to nothing.
_COLOURS = (
    *(("chroma", 0.02), ("saturation", 0.02)),
    *(
        (f"{plane}_{detail}", 0.002)
        for plane in ("red_green", "yellow_blue")
        for detail in ("fine", "coarse")
    ),
)
_ENDS = (("white_end", "bright"), ("black_end", "dark"))  # of any channel, and of light
_LIGHTS = tuple(f"{name}_{octave}" for octave in (0, 1) for name in ("across", "down", "spread"))
_LITTLE, _LITTLE_END = 0.003, 0.005
_ARRAYS = ("line", "scores", "values")


@dataclass(frozen=True, eq=False)
class ColourModel:
    """The line and its table."""

    line: Floats  # (F,) of `colour_row`
    scores: Floats  # (K,) rising
    values: Floats  # (K,) 0 to 100, rising

    def judge(self, measures: Measures) -> float:
        """Score a picture, or a part of one, 0 to 100; one without any colour scores 0."""
        score = np.interp(float(self.line @ colour_row(measures)), self.scores, self.values)
        return float(score) * min(1.0, colour_amount(measures) / _GREY)

    def to_tensors(self) -> dict[str, torch.Tensor]:
        """Return the arrays of `from_tensors`."""
        return {f"colours.{name}": torch.from_numpy(getattr(self, name)) for name in _ARRAYS}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "ColourModel":
        """Take the arrays of an artifact."""
        return cls(**{name: tensors[f"colours.{name}"].numpy() for name in _ARRAYS})


def colour_amount(measures: Measures) -> float:
    """Return the spread of two colour differences and 0.3 of their mean: M(3), of values 0 to 1."""
    means = np.array([measures.map(plane).mean() for plane in ("red_green", "yellow_blue")], np.float64)
    squares = np.array([measures.map(f"{plane}_squared").mean() for plane in ("red_green", "yellow_blue")])
    spread = np.sqrt(np.maximum(squares - means**2, 0).sum())
    return float(spread + 0.3 * np.sqrt((means**2).sum()))


def paleness(measures: Measures) -> float:
    """Score the lack of colour, 0 to 100, of a part beside others: a blurred one is not paler for it."""
    return 100.0 * (1.0 - min(1.0, colour_amount(measures) / _MUCH))


def colour_row(measures: Measures) -> Floats:
    """Return (F,): the amount of colour, logarithms of colour, none below 0, then logarithms of light."""
    colour = [np.log1p(_pooled(measures.map(name)) / little) for name, little in _COLOURS]
    ends = [
        np.log1p(max(float((measures.map(channel) - measures.map(light)).mean()), 0.0) / _LITTLE_END)
        for channel, light in _ENDS
    ]
    light = [np.log(np.maximum(_pooled(measures.map(name)), 0) + _LITTLE) for name in _LIGHTS]
    row: Floats = np.concatenate([[colour_amount(measures)], *colour, ends, *light]).astype(np.float32)
    return row


def _pooled(plane: Floats) -> Floats:
    """Return (3,): a map's mean, tenth and ninetieth percentile over blocks."""
    ordered = np.sort(plane, axis=None)
    tenth = len(ordered) // 10
    pooled: Floats = np.array([ordered.mean(), ordered[tenth], ordered[-1 - tenth]], np.float32)
    return pooled
