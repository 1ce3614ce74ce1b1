"""From pairwise answers to scores: the most probable qualities by Thurstone's model, as in Compare2Score.

Every pair is shown in both orders; a habit of favouring one place moves both answers the same way, on a
logarithmic scale of odds, and cancels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_ndtr, logit

_SUREST = 1e-4  # an answer says no more than this about its opposite
_LOG_ROOT_TAU = 0.5 * np.log(2 * np.pi)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Preference:
    """What was answered about one pair, both orders together."""

    first: str
    second: str
    probability: float  # of `first` being the better one


@dataclass(frozen=True)
class PlaceBias:
    """What the place of a picture does to the answers about it."""

    pairs: int
    favours_second: float  # P(second is better), mean of both orders; 0.5 without bias
    agreeing: float  # share of pairs whose two orders favour the same picture


def prefer(first: str, second: str, *, shown_first: float, shown_second: float) -> Preference:
    """Put both orders of a pair together, so that what they share cancels.

    Args:
        first: A picture.
        second: The one it was compared with.
        shown_first: P(the picture shown second is better), `first` having been shown first.
        shown_second: The same, `first` having been shown second.
    """
    odds = 0.5 * (_log_odds(shown_second) - _log_odds(shown_first))
    return Preference(first, second, float(expit(odds)))


def place_bias(answers: Sequence[tuple[float, float]]) -> PlaceBias | None:
    """Return how the two orders of pairs differ; None without pairs.

    Args:
        answers: P(second is better) of each pair in one order and in the other.
    """
    if not answers:
        return None
    favours = sum(one + other for one, other in answers) / (2 * len(answers))
    agreeing = sum((one - 0.5) * (other - 0.5) < 0 for one, other in answers) / len(answers)
    return PlaceBias(len(answers), favours, agreeing)


def most_probable_qualities(preferences: Sequence[Preference]) -> dict[str, float]:
    """Return the maximum a posteriori quality of every picture, in standard deviations of quality.

    Thurstone's case V with a standard normal prior: maximises the sum of P(i over j) log Phi(q_i - q_j), both
    ways, minus half the squares of q. One answer does not make a quality endless.
    """
    names = sorted({name for each in preferences for name in (each.first, each.second)})
    place = {name: at for at, name in enumerate(names)}
    better = np.array([place[each.first] for each in preferences], dtype=np.intp)
    worse = np.array([place[each.second] for each in preferences], dtype=np.intp)
    shares = np.array([each.probability for each in preferences])
    found = minimize(_loss, np.zeros(len(names)), args=(better, worse, shares), jac=True, method="L-BFGS-B")
    return {name: float(quality) for name, quality in zip(names, found.x, strict=True)}


def on_scale_of(qualities: Mapping[str, float], known: Mapping[str, float]) -> dict[str, float] | None:
    """Return qualities on the scale of the anchors' known scores, by a straight line through them.

    None where the anchors are not ordered as their scores are: the line would turn the order around.
    """
    places = np.array([qualities[name] for name in known if name in qualities])
    scores = np.array([score for name, score in known.items() if name in qualities])
    if len(places) < 2 or np.ptp(places) == 0:
        return None
    slope, start = np.polyfit(places, scores, 1)
    return {name: float(start + slope * each) for name, each in qualities.items()} if slope > 0 else None


def _log_odds(probability: float) -> float:
    return float(logit(min(max(probability, _SUREST), 1 - _SUREST)))


def _loss(
    qualities: Numbers, better: npt.NDArray[np.intp], worse: npt.NDArray[np.intp], shares: Numbers
) -> tuple[float, Numbers]:
    distances = qualities[better] - qualities[worse]
    over, under = log_ndtr(distances), log_ndtr(-distances)
    loss = -np.sum(shares * over + (1 - shares) * under) + 0.5 * np.sum(qualities**2)
    log_density = -0.5 * distances**2 - _LOG_ROOT_TAU
    slopes = -(shares * np.exp(log_density - over) - (1 - shares) * np.exp(log_density - under))
    gradient = qualities.copy()
    np.add.at(gradient, better, slopes)
    np.add.at(gradient, worse, -slopes)
    return float(loss), gradient
