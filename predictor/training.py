"""Fit the noticeability network to observers' answers.

The network learns from probabilities and from decisions at once: the first carry the margin, the second are
what is to be predicted. What is fitted to photographs it never saw (slope, interval) is `settling`'s matter.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from calibration.profile import JndProfile, default_profile
from predictor.artifact import Part
from predictor.bands import Measures, measure, to_opponent
from predictor.dataset import FAMILIES, NO_FAMILY, PairSet, split_photos
from predictor.network import JndNetwork
from predictor.noticeability import Interval, Settings, link_of, log_thresholds, settings_from_card
from predictor.settling import Answered, held_out_area, settle

CALIBRATION_SHARE = 0.15  # of the photographs: for slope and interval
FEW_PAIRS = 3_000  # below this, training goes on from an artifact instead of starting anew
_BATCH = 256
_SMALLEST = -12.0  # ln of a size in JNDs: stands in for -inf where gradients pass


@dataclass(frozen=True)
class Recipe:
    """How long and how to train; defaults take about half a minute on one core for 20,000 pairs."""

    epochs: int = 25
    learning_rate: float = 3e-3
    weight_decay: float = 0.2
    decision_share: float = 0.2  # of the loss: decisions against probabilities
    family_share: float = 0.03  # of the loss: naming the distortion
    seed: int = 0


GO_ON = Recipe(epochs=15, learning_rate=3e-4)  # from an artifact, with few pairs


@dataclass(frozen=True)
class Lesson:
    """One observer's answers, and its profile: floor, ceiling, slope, and what `shifts` are relative to."""

    pairs: PairSet
    profile: JndProfile


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
    lessons: Sequence[Lesson],
    recipe: Recipe,
    *,
    start: Part | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train on most photographs, settle slope and interval on the rest.

    Args:
        lessons: At least one.
        recipe: Length, rates and seed.
        start: A noticeability part to go on from; None starts anew.
        progress: Called with epochs done and epochs in all.

    Raises:
        ValueError: There is nothing to learn: no pair, or only answers of one kind.
    """
    decided = [lesson.pairs.probabilities > 0.5 for lesson in lessons]
    if not decided or np.concatenate(decided).all() or not np.concatenate(decided).any():
        raise ValueError("expected answers of both kinds, noticed and not; got one kind only")
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    settings = _first_settings(start)
    network = JndNetwork(len(FAMILIES))
    if start is not None:
        network.load_state_dict(dict(start.tensors))
    splits = [split_photos(lesson.pairs, CALIBRATION_SHARE, rng) for lesson in lessons]
    batches = [
        _batch(kept, lesson.profile, settings) for (_, kept), lesson in zip(splits, lessons, strict=True)
    ]
    everything = _Batch.join(batches)
    if start is None:
        network.standardise(everything.measures)
    _optimise(network, everything, recipe, progress)
    held = [
        _answered(network, pairs.take((pairs.shifts == 0).all(axis=1)), lesson.profile, settings)
        for (pairs, _), lesson in zip(splits, lessons, strict=True)
    ]
    settled, log_scale = settle(held, settings)
    with torch.no_grad():
        network.log_scale.add_(log_scale)
    figures = {
        "training_pairs": len(everything.families),
        "calibration_pairs": sum(len(one.noticed) for one in held),
        "calibration_log_loss": settled.log_loss,
        "calibration_auc": [held_out_area(one) for one in held],  # by lesson, on unseen photographs
    }
    return Trained(network, settled.settings, figures)


def log_sizes(
    network: JndNetwork, pairs: PairSet, profile: JndProfile, settings: Settings
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return ln of each pair's size in JNDs of the model that answered it."""
    batch = _batch(pairs, profile, settings)
    with torch.inference_mode():
        sizes = network.eval()(batch.measures, batch.thresholds).log_size
    return np.asarray(sizes.clamp(min=_SMALLEST).numpy(), dtype=np.float64)


def measure_pairs(pairs: PairSet) -> Measures:
    """Measure every pair, a few at a time: larger batches leave the processor's cache."""
    found = []
    with torch.no_grad():
        for start in range(0, len(pairs), 16):
            batch = pairs.take(np.arange(start, min(start + 16, len(pairs))))
            found.append(measure(to_opponent(batch.references), to_opponent(batch.distorted)))
    return _join_measures(found)


@dataclass(frozen=True)
class _Batch:
    """Pairs as the optimiser needs them; first axis N everywhere."""

    measures: Measures
    thresholds: torch.Tensor  # (N, families)
    links: torch.Tensor  # (N, 3) floor, ceiling, slope of the observer that answered
    probabilities: torch.Tensor
    families: torch.Tensor

    def take(self, chosen: torch.Tensor) -> "_Batch":
        return _Batch(
            self.measures.take(chosen),
            self.thresholds[chosen],
            self.links[chosen],
            self.probabilities[chosen],
            self.families[chosen],
        )

    @classmethod
    def join(cls, batches: Sequence["_Batch"]) -> "_Batch":
        return cls(
            _join_measures([batch.measures for batch in batches]),
            torch.cat([batch.thresholds for batch in batches]),
            torch.cat([batch.links for batch in batches]),
            torch.cat([batch.probabilities for batch in batches]),
            torch.cat([batch.families for batch in batches]),
        )


def _batch(pairs: PairSet, profile: JndProfile, settings: Settings) -> _Batch:
    link = link_of(profile, 1.0)
    return _Batch(
        measure_pairs(pairs),
        torch.tensor(log_thresholds(profile, settings)) + torch.from_numpy(pairs.shifts),
        torch.tensor([link.floor, link.ceiling, link.steepness]).repeat(len(pairs), 1),
        torch.from_numpy(pairs.probabilities),
        torch.from_numpy(pairs.families),
    )


def _join_measures(found: Sequence[Measures]) -> Measures:
    return Measures(
        torch.cat([one.energies for one in found]),
        torch.cat([one.signs for one in found]),
        torch.cat([one.content for one in found]),
    )


def _first_settings(start: Part | None) -> Settings:
    if start is not None:
        return settings_from_card(start.card["settings"])
    human = default_profile()
    levels = tuple(float(human.threshold_of(name) or 1.0) for name in FAMILIES)
    return Settings(FAMILIES, levels, 1.0, Interval((), (0.0,), (0.0,)))


def _optimise(
    network: JndNetwork, everything: _Batch, recipe: Recipe, progress: Callable[[int, int], None]
) -> None:
    steepness = torch.nn.Parameter(torch.zeros(2))  # ln of the factor on the profile's slope: two readings
    groups: list[dict[str, Any]] = [
        {"params": list(network.parameters())},
        {"params": [steepness], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    count = len(everything.families)
    per_epoch = math.ceil(count / _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=recipe.learning_rate, total_steps=recipe.epochs * per_epoch, pct_start=0.1
    )
    network.train()
    for epoch in range(recipe.epochs):
        for chosen in torch.randperm(count).tensor_split(per_epoch):
            loss = _loss(network, everything.take(chosen), torch.exp(steepness), recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        progress(epoch + 1, recipe.epochs)


def _loss(network: JndNetwork, batch: _Batch, steepness: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    found = network(batch.measures, batch.thresholds)
    sizes = found.log_size.clamp(min=_SMALLEST)
    observed = batch.probabilities.clamp(0.005, 0.995)
    soft = _probabilities(sizes, batch.links, steepness[0])
    hard = _probabilities(sizes, batch.links, steepness[1])
    share = recipe.decision_share
    loss = (1 - share) * functional.binary_cross_entropy(soft, observed)
    loss = loss + share * functional.binary_cross_entropy(hard, (observed > 0.5).float())
    named = batch.families != NO_FAMILY
    if named.any():
        naming = functional.cross_entropy(found.family_logits[named], batch.families[named])
        loss = loss + recipe.family_share * naming
    return loss


def _probabilities(sizes: torch.Tensor, links: torch.Tensor, steepness: torch.Tensor) -> torch.Tensor:
    floor, ceiling, slope = links.unbind(dim=1)
    excess = 1.0 - torch.exp2(-torch.exp((steepness * slope * sizes).clamp(max=6.0)))
    return (floor + (ceiling - floor) * excess).clamp(1e-4, 1 - 1e-4)


def _answered(network: JndNetwork, pairs: PairSet, profile: JndProfile, settings: Settings) -> Answered:
    return Answered(
        log_sizes(network, pairs, profile, settings),
        pairs.probabilities.astype(np.float64),
        link_of(profile, 1.0),
    )
