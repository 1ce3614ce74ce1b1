"""Fit the noticeability network to observers' answers.

The network learns from probabilities and from decisions at once: the first are what is to be predicted, the
second keep pairs in order where chances saturate. What is fitted to photographs it never saw (slope,
interval) is `settling`'s matter; for models it will never have met, networks are trained that leave one
observer out each. Going on from an artifact leaves its network alone: a few hundred answers of one model
would move it for all the others. They tell how far that model's profile is off: see `adapting`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn import functional

from calibration.profile import JndProfile, default_profile
from predictor.artifact import Part
from predictor.learning.dataset import FAMILIES, NO_FAMILY, AnsweredPairs, Answers, PairSet, split_photos
from predictor.learning.noticeability.adapting import learn_certainty
from predictor.learning.noticeability.batches import Batch, batch_of
from predictor.learning.noticeability.settling import FEWEST_PAIRS, Answered, held_out_area, settle, surprise
from predictor.learning.noticeability.sizing import SMALLEST, size_pairs
from predictor.noticeability.network import JndNetwork
from predictor.noticeability.relative_thresholds import usual_pattern
from predictor.noticeability.settings import Certainty, Interval, Settings, settings_from_card

CALIBRATION_SHARE = 0.15  # of the photographs: for slope and interval
FEW_PAIRS = 3_000  # below this, an artifact's network is kept and only the model's certainty is learned
_BATCH = 256
_FEWEST_OBSERVERS = 3  # with fewer, leaving one out says nothing of models in general
_STRANGERS_EPOCHS = 0.5  # of the recipe's: enough for a slope and an interval


@dataclass(frozen=True)
class Recipe:
    """How long and how to train; defaults take about half a minute on one core for 20,000 pairs."""

    epochs: int = 25
    learning_rate: float = 3e-3
    weight_decay: float = 0.2
    decision_share: float = 0.2  # of the loss: decisions against probabilities
    family_share: float = 0.03  # of the loss: naming the distortion
    seed: int = 0


_Pairs = TypeVar("_Pairs", bound=AnsweredPairs)


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
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train on most photographs, settle slope and interval on the rest.

    `progress` is called with epochs done and epochs in all.

    Raises:
        ValueError: There is nothing to learn: no pair, only answers of one kind, or too few photographs.
    """
    _check_answers(lessons)
    torch.manual_seed(recipe.seed)
    settings = _first_settings([lesson.profile for lesson in lessons])
    rng = np.random.default_rng(recipe.seed)
    splits = split_photos([lesson.pairs for lesson in lessons], CALIBRATION_SHARE, rng)
    batches = [
        batch_of(kept, lesson.profile, settings) for (_, kept), lesson in zip(splits, lessons, strict=True)
    ]
    everything = Batch.join(batches)
    network = fit_network(everything, recipe, progress)
    answered = [
        size_pairs(network, _unshifted(held), lesson.profile, settings)
        for (held, _), lesson in zip(splits, lessons, strict=True)
    ]
    settled = settle(answered, settings.pooled)
    known = _settle_each(lessons, answered, settled.certainty)
    strangers = _settle_strangers(lessons, batches, splits, recipe)
    log_scale = settled.certainty.log_scale
    with torch.no_grad():
        network.log_scale.add_(log_scale)
    finished = replace(
        settings,
        steepness_factor=settled.certainty.steepness_factor,
        interval=settled.certainty.interval,
        strangers=strangers and _rescaled(strangers, log_scale),
        known_models={name: _rescaled(one, log_scale) for name, one in known.items()},
    )
    figures = _figures(len(everything.families), answered, settled.log_loss)
    return Trained(network, finished, figures | {"pooled_log_scale": log_scale})


def go_on(lessons: Sequence[Answers], start: Part) -> Trained:
    """Learn a model from its answers: where its profile is off, how its answers follow, how sure to be of it.

    The network and all other models stay as they are.

    Raises:
        ValueError: There is nothing to learn: no pair, or only answers of one kind.
    """
    _check_answers(lessons)
    settings = settings_from_card(start.card["settings"])
    network = JndNetwork(len(settings.families))
    network.load_state_dict(dict(start.tensors))
    answered = [size_pairs(network, _unshifted(lesson.pairs), lesson.profile, settings) for lesson in lessons]
    learned = {
        lesson.profile.model: learn_certainty(one, settings.certainty_of(lesson.profile))
        for lesson, one in zip(lessons, answered, strict=True)
        if len(one.noticed) >= FEWEST_PAIRS
    }
    finished = replace(settings, known_models={**settings.known_models, **learned})
    pairs = sum(len(one.noticed) for one in answered)
    losses = [
        surprise([one], finished.certainty_of(lesson.profile))
        for lesson, one in zip(lessons, answered, strict=True)
    ]
    figures = _figures(pairs, answered, float(np.mean(losses)))
    return Trained(network, finished, figures | {"models_learned": sorted(learned)})


def _check_answers(lessons: Sequence[Answers]) -> None:
    decided = [lesson.pairs.probabilities > 0.5 for lesson in lessons]
    if not decided or np.concatenate(decided).all() or not np.concatenate(decided).any():
        raise ValueError("expected answers of both kinds, noticed and not; got one kind only")


def _unshifted(pairs: _Pairs) -> _Pairs:
    """Leave out pairs answered by made-up models."""
    return pairs.take((pairs.shifts == 0).all(axis=1))


def _figures(trained_on: int, answered: Sequence[Answered], log_loss: float) -> dict[str, Any]:
    return {
        "training_pairs": trained_on,
        "calibration_pairs": sum(len(one.noticed) for one in answered),
        "calibration_log_loss": log_loss,
        "calibration_auc": [held_out_area(one) for one in answered],  # by lesson, on unseen photographs
    }


def _first_settings(profiles: Sequence[JndProfile]) -> Settings:
    human = default_profile()
    levels = tuple(float(human.threshold_of(name) or 1.0) for name in FAMILIES)
    pattern = usual_pattern(profiles, FAMILIES, levels)
    return Settings(FAMILIES, levels, 1.0, Interval((), (0.0,), (0.0,)), usual_pattern=pattern)


def _settle_each(
    lessons: Sequence[Answers], held: Sequence[Answered], pooled: Certainty
) -> dict[str, Certainty]:
    """Settle every observer with answers enough on its own; the others keep what holds for strangers."""
    return {
        lesson.profile.model: learn_certainty(answered, pooled)
        for lesson, answered in zip(lessons, held, strict=True)
        if len(answered.noticed) >= FEWEST_PAIRS
    }


def _rescaled(certainty: Certainty, log_scale: float) -> Certainty:
    """Leave out what the network's own scale has taken over."""
    return replace(certainty, log_scale=certainty.log_scale - log_scale)


def _settle_strangers(
    lessons: Sequence[Lesson],
    batches: Sequence[Batch],
    splits: Sequence[tuple[PairSet, PairSet]],
    recipe: Recipe,
) -> Certainty | None:
    """Meet each observer with a network that learned from the others alone; None with too few observers.

    Neither its answers, nor its profile, nor the photographs it is met on took part.
    """
    if len(lessons) < _FEWEST_OBSERVERS:
        return None
    short = replace(recipe, epochs=max(1, round(recipe.epochs * _STRANGERS_EPOCHS)))
    met = []
    for index, stranger in enumerate(lessons):
        others = [other for other in range(len(lessons)) if other != index]
        settings = _first_settings([lessons[other].profile for other in others])
        learned = [
            batches[other].under(lessons[other].profile, settings, splits[other][1].shifts)
            for other in others
        ]
        network = fit_network(Batch.join(learned), short, lambda _done, _total: None)
        met.append(size_pairs(network, _unshifted(splits[index][0]), stranger.profile, settings))
    return settle(met, settings.pooled).certainty


def fit_network(
    everything: Batch, recipe: Recipe, progress: Callable[[int, int], None], *, views: int = 1
) -> JndNetwork:
    """Train a new network, on a GPU where there is one; returned on the CPU."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = JndNetwork(len(FAMILIES), views=views)
    network.standardise(everything.measures)
    _optimise(network.to(device), everything.to(device), recipe, progress)
    return network.cpu()


def _optimise(
    network: JndNetwork, everything: Batch, recipe: Recipe, progress: Callable[[int, int], None]
) -> None:
    device = everything.families.device
    steepness = torch.nn.Parameter(
        torch.zeros(2, device=device)
    )  # ln of the factor on the profile's slope: two readings
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
        for chosen in torch.randperm(count).to(device).tensor_split(per_epoch):
            loss = _loss(network, everything.take(chosen), torch.exp(steepness), recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        progress(epoch + 1, recipe.epochs)


def _loss(network: JndNetwork, batch: Batch, steepness: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    found = network(batch.measures, batch.thresholds)
    sizes = found.log_size.clamp(min=SMALLEST)
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
    excess = torch.sigmoid(steepness * slope * sizes)
    return (floor + (ceiling - floor) * excess).clamp(1e-4, 1 - 1e-4)
