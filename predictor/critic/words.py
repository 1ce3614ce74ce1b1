"""The one table from numbers to words: bands of an attribute, of quality, of a probability, and their words.

Numbers are rounded first, as they are shown, so that a word never contradicts the number beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from predictor.critic.critique import Attribute

Standing = Literal["virtue", "usual", "slight fault", "fault", "grave fault"]
SEVERITY: Mapping[Standing, int] = {
    "virtue": 0,
    "usual": 0,
    "slight fault": 1,
    "fault": 2,
    "grave fault": 3,
}


@dataclass(frozen=True)
class Band:
    """The numbers from `low` to `high`, both among them, and their word."""

    low: int
    high: int
    word: str
    standing: Standing = "usual"

    def holds(self, number: float) -> bool:
        """Tell whether a number, rounded, lies in the band."""
        return self.low <= round(number) <= self.high


def _bands(*steps: tuple[int, str, Standing]) -> tuple[Band, ...]:
    """Make bands of their upper ends, the last one's 100."""
    lows = [0, *(high + 1 for high, _, _ in steps)]
    return tuple(Band(low, *step) for low, step in zip(lows, steps, strict=False))


# The nearest of the five words of opinion tests (ITU-R BT.500), bad at 0 to excellent at 100.
QUALITY = _bands(
    (12, "bad", "grave fault"),
    (37, "poor", "fault"),
    (62, "fair", "usual"),
    (87, "good", "virtue"),
    (100, "excellent", "virtue"),
)
ATTRIBUTES: Mapping[Attribute, tuple[Band, ...]] = {
    "sharpness": _bands(
        (14, "badly blurred", "grave fault"),
        (29, "blurred", "fault"),
        (41, "a little soft", "slight fault"),
        (74, "sharp", "virtue"),
        (100, "crisp", "virtue"),
    ),
    "noisiness": _bands(
        (14, "clean", "virtue"),
        (29, "slightly noisy", "slight fault"),
        (54, "noisy", "fault"),
        (100, "very noisy", "grave fault"),
    ),
    "brightness": _bands(
        (11, "almost black", "grave fault"),
        (24, "dark", "fault"),
        (36, "rather dark", "slight fault"),
        (64, "well exposed", "virtue"),
        (79, "bright", "usual"),  # many a good picture is, on white paper or of snow
        (91, "very bright", "slight fault"),
        (100, "almost white", "grave fault"),
    ),
    "contrast": _bands(
        (11, "almost without contrast", "grave fault"),
        (24, "flat", "fault"),
        (36, "low in contrast", "slight fault"),
        (69, "of usual contrast", "usual"),
        (84, "rich in contrast", "virtue"),
        (100, "harsh in contrast", "slight fault"),
    ),
    "colorfulness": _bands(
        (5, "without colour", "slight fault"),
        (24, "pale", "slight fault"),
        (64, "of usual colour", "usual"),
        (84, "colourful", "virtue"),
        (100, "very colourful", "virtue"),
    ),
}
GENERATED = _bands(  # of a probability in per cent
    (9, "almost certainly photographed", "usual"),
    (34, "probably photographed", "usual"),
    (65, "as likely generated as photographed", "usual"),
    (90, "probably generated", "usual"),
    (100, "almost certainly generated", "usual"),
)


def band_of(bands: tuple[Band, ...], number: float) -> Band:
    """Return the band of a number of 0 to 100."""
    return next(band for band in bands if band.holds(number))
