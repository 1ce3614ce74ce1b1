"""Fit the noticeability network to an observer's answers.

The network learns from the observer's probabilities and from its decisions at once: the first carry the
margin, the second are what is to be predicted. Slope and interval are settled afterwards on photographs the
network never saw.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from torch.nn import functional

from calibration.profile import JndProfile, default_profile
from predictor.artifact import Part
from predictor.bands import Measures, measure
from predictor.dataset import FAMILIES, NO_FAMILY, PairSet, split_photos
from predictor.features import to_opponent
from predictor.network import JndNetwork
from predictor.noticeability import DEFAULT_SLOPE, Interval, Link, Settings, link_of, log_thresholds

CALIBRATION_SHARE = 0.15  # of the photographs, for slope and interval
_BATCH = 256
_SMALLEST = -12.0  # ln of a size in JNDs: stands in for -inf where gradients pass
_EDGES = (0.05, 0.2, 0.5, 0.8, 0.95)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """How long and how to train; defaults take about two minutes on one core for 20,000 pairs."""

    epochs: int = 40
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    decision_share: float = 0.5  # of the loss: decisions against probabilities
    family_share: float = 0.1  # of the loss: naming the distortion
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A network with its settings, and what was measured on the way."""

    network: JndNetwork
    settings: Settings
    figures: Mapping[str, Any]

    def to_part(self, card: Mapping[str, Any]) -> Part:
        """Prepare for `artifact.write_part`; `card` adds where the data came from."""
        return Part(
            self.network.state_dict(),
            {"settings": asdict(self.settings), "figures": dict(self.figures), **card},
        )


def train(
    pairs: PairSet,
    profile: JndProfile,
    recipe: Recipe,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train on most photographs, settle slope and interval on the rest.

    Args:
        pairs: Labelled by the observer; `shifts` are relative to `profile`'s thresholds.
        profile: Of the observer that answered: its thresholds, floor and ceiling.
        recipe: Length, rates and seed.
        progress: Called with steps done and steps in all.

    Raises:
        ValueError: The answers are all the same: nothing to learn.
    """
    noticed = pairs.probabilities > 0.5
    if noticed.all() or not noticed.any():
        raise ValueError("expected answers of both kinds, noticed and not; got one kind only")
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    held, kept = split_photos(pairs, CALIBRATION_SHARE, rng)
    human = default_profile()
    levels = tuple(float(human.threshold_of(name) or 1.0) for name in FAMILIES)
    settings = Settings(FAMILIES, levels, 1.0, Interval((), (0.0,), (0.0,)))
    base = torch.tensor(log_thresholds(profile, settings))
    network = JndNetwork(len(FAMILIES))
    link = link_of(profile, 1.0)
    everything = _Batch(
        measure_pairs(kept),
        base + torch.from_numpy(kept.shifts),
        torch.from_numpy(kept.probabilities),
        torch.from_numpy(kept.families),
    )
    _optimise(network, everything, link, recipe, progress=progress)
    own = held.take((held.shifts == 0).all(axis=1))
    return _settle(network, own, settings, profile, base)


def measure_pairs(pairs: PairSet) -> Measures:
    """Measure every pair, a few at a time."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pairs), 128):
            batch = pairs.take(np.arange(start, min(start + 128, len(pairs))))
            found.append(measure(to_opponent(batch.references), to_opponent(batch.distorted)))
    joined = [torch.cat([getattr(one, name) for one in found]) for name in ("energies", "signs", "content")]
    return Measures(*(values.clone() for values in joined))


def log_sizes(network: JndNetwork, pairs: PairSet, base: torch.Tensor) -> Floats:
    """Return ln of each pair's size in JNDs of the model that answered it."""
    with torch.inference_mode():
        sizes = network.eval()(measure_pairs(pairs), base + torch.from_numpy(pairs.shifts)).log_size
    return np.asarray(sizes.clamp(min=_SMALLEST).numpy(), dtype=np.float64)


def fit_interval(predicted: Floats, observed: Floats) -> Interval:
    """Find how far the observer's probabilities lie from the predictions, in log odds.

    Args:
        predicted: P("different") by the network, on photographs it never saw.
        observed: The observer's own.
    """
    residuals = _logits(observed) - _logits(predicted)
    ranges = np.searchsorted(_EDGES, predicted)
    below, above = [], []
    for index in range(len(_EDGES) + 1):
        chosen = residuals[ranges == index] if (ranges == index).sum() >= 40 else residuals
        below.append(min(0.0, float(np.quantile(chosen, 0.025, method="lower"))))
        above.append(max(0.0, float(np.quantile(chosen, 0.975, method="higher"))))
    return Interval(_EDGES, tuple(below), tuple(above))


@dataclass(frozen=True)
class _Batch:
    measures: Measures
    thresholds: torch.Tensor
    probabilities: torch.Tensor
    families: torch.Tensor

    def take(self, chosen: torch.Tensor) -> "_Batch":
        return _Batch(
            self.measures.take(chosen),
            self.thresholds[chosen],
            self.probabilities[chosen],
            self.families[chosen],
        )


def _optimise(
    network: JndNetwork,
    everything: _Batch,
    link: Link,
    recipe: Recipe,
    *,
    progress: Callable[[int, int], None],
) -> None:
    steepness = torch.nn.Parameter(torch.log(torch.tensor([link.steepness, link.steepness])))
    groups: list[dict[str, Any]] = [
        {"params": list(network.parameters())},
        {"params": [steepness], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(
        groups,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
    )
    count = len(everything.probabilities)
    per_epoch = math.ceil(count / _BATCH)
    steps = recipe.epochs * per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    network.standardise(everything.measures)
    network.train()
    for epoch in range(recipe.epochs):
        for chosen in torch.randperm(count).tensor_split(per_epoch):
            loss = _loss(network, everything.take(chosen), link, torch.exp(steepness), recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        progress(epoch + 1, recipe.epochs)


def _loss(
    network: JndNetwork, batch: _Batch, link: Link, steepness: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    found = network(batch.measures, batch.thresholds)
    sizes = found.log_size.clamp(min=_SMALLEST)
    observed = batch.probabilities.clamp(0.005, 0.995)
    loss = (1 - recipe.decision_share) * functional.binary_cross_entropy(
        _probabilities(sizes, link, steepness[0]), observed
    )
    loss = loss + recipe.decision_share * functional.binary_cross_entropy(
        _probabilities(sizes, link, steepness[1]), (observed > 0.5).float()
    )
    named = batch.families != NO_FAMILY
    if named.any():
        loss = loss + recipe.family_share * functional.cross_entropy(
            found.family_logits[named], batch.families[named]
        )
    return loss


def _probabilities(sizes: torch.Tensor, link: Link, steepness: torch.Tensor) -> torch.Tensor:
    power = torch.exp((steepness * sizes).clamp(max=6.0))
    excess = 1.0 - torch.exp2(-power)
    return (link.floor + (link.ceiling - link.floor) * excess).clamp(1e-4, 1 - 1e-4)


def _settle(
    network: JndNetwork, held: PairSet, settings: Settings, profile: JndProfile, base: torch.Tensor
) -> Trained:
    """Fit the slope of decisions and a common scale, then the interval, on photographs never trained on."""
    sizes = log_sizes(network, held, base)
    decided = held.probabilities > 0.5
    link = link_of(profile, 1.0)

    def surprise(values: Floats) -> float:
        fitted = Link(link.floor, link.ceiling, float(np.exp(values[0])))
        chances = np.array([fitted.probability(size + values[1]) for size in sizes])
        chances = np.clip(chances, 1e-4, 1 - 1e-4)
        return float(-np.mean(np.where(decided, np.log(chances), np.log(1 - chances))))

    best = minimize(surprise, np.array([math.log(link.steepness), 0.0]), method="Nelder-Mead")
    factor = float(np.exp(best.x[0])) / link.steepness
    with torch.no_grad():
        network.log_scale.add_(float(best.x[1]))
    fitted = link_of(profile, factor)
    predicted = np.array([fitted.probability(size + best.x[1]) for size in sizes])
    interval = fit_interval(predicted, held.probabilities.astype(np.float64))
    finished = Settings(settings.families, settings.human_thresholds, factor, interval)
    figures = {
        "calibration_pairs": len(held),
        "calibration_log_loss": float(best.fun),
        "steepness": factor * link.steepness,
        "usual_slope": DEFAULT_SLOPE,
    }
    return Trained(network, finished, figures)


def _logits(probabilities: Floats) -> Floats:
    bounded = np.clip(probabilities, 0.001, 0.999)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)
