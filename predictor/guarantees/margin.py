"""What a judged chance comes to, for versions that are sent because it was low.

Whoever sends the lightest version that is judged unnoticed picks out those that were judged too kindly, and a
judge may be careful or careless throughout. So for several rates the limit of the judged chance that keeps
them is found by risk control, on pictures nobody learned from; between those, a line in log odds is drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit, logit

from predictor.artifact import ArtifactError
from predictor.guarantees.risk_control import RiskLimit


@dataclass(frozen=True)
class KeptRate:
    """A rate, and the limits of the judged chance below which it is kept, each in a sense of its own."""

    rate: float  # of noticing beyond false alarms, over the versions sent
    limits: tuple[RiskLimit, ...]

    @property
    def judged(self) -> float | None:
        """The judged chance up to which every promise is kept; None: there is none."""
        knobs = [limit.knob for limit in self.limits if limit.knob is not None]
        return min(knobs) if len(knobs) == len(self.limits) else None

    def to_card(self) -> dict[str, Any]:
        """Write as JSON values."""
        return {"rate": self.rate, "limits": [limit.to_card() for limit in self.limits]}


class Margin:
    """Tells what judged chances come to; as they are, where no rate is known to be kept."""

    def __init__(self, kept: Sequence[KeptRate] = ()) -> None:
        """Take rates, rising.

        Raises:
            ValueError: Rates or their limits do not rise, or are not between 0 and 1.
        """
        known = [(each.judged, each.rate) for each in kept if each.judged is not None]
        for value in (value for pair in known for value in pair):
            if not 0.0 < value < 1.0:
                raise ValueError(f"expected rates and limits strictly between 0 and 1, got {value}")
        if any(one[0] >= other[0] or one[1] >= other[1] for one, other in pairwise(known)):
            raise ValueError(f"expected rates that rise with their limits, got {known}")
        self._judged, self._kept = (logit([pair[index] for pair in known]) for index in (0, 1))

    @classmethod
    def from_card(cls, entry: Sequence[Mapping[str, Any]]) -> "Margin":
        """Read a list of what `KeptRate.to_card` wrote.

        Raises:
            LookupError, TypeError, ValueError: Something is missing, of another kind or out of its range.
        """
        return cls(
            [
                KeptRate(float(each["rate"]), tuple(RiskLimit.from_card(limit) for limit in each["limits"]))
                for each in entry
            ]
        )

    def told(self, judged: float) -> float:
        """Return the rate that is kept where versions judged up to this chance are sent.

        Beyond the rates known, it is as many times as careful as at the nearest of them, in odds.
        """
        if not len(self._judged) or not 0.0 < judged < 1.0:
            return judged
        odds = logit(judged)
        within = np.clip(odds, self._judged[0], self._judged[-1])
        return float(expit(np.interp(within, self._judged, self._kept) + odds - within))


def margins_from_card(card: Mapping[str, Any]) -> dict[str, Margin]:
    """Read the margins of a part's card, by codec; none where it has none.

    Raises:
        ArtifactError: They are not what `KeptRate.to_card` writes.
    """
    try:
        return {codec: Margin.from_card(entry) for codec, entry in card.get("margins", {}).items()}
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"the margins of the part do not fit this program: {error}") from error
