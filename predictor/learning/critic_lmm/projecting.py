"""Teach the projector to tell numbers and faults of a picture, before the language model learns to say them.

What it tells stands in the mean of its tokens, which attention can take; the head that asks is left behind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from calibration.observers.critic.architecture import TEXT_WIDTH
from predictor.critic.critique import ATTRIBUTES, Flaw
from predictor.learning.critic_lmm.judged import ATTRIBUTE_OF, Judged
from predictor.learning.critic_lmm.mixing import Mixtures, mix
from predictor.learning.critic_lmm.pictures import Pictures, Seen

Report = Callable[[str], None]

_NOISE = 0.1  # of each feature's spread: a photograph must not be known by its features
_INNER = 64
_NUMBERS = 2 + len(ATTRIBUTES)
_FAULTS = tuple(flaw for flaw in get_args(Flaw) if flaw in ATTRIBUTE_OF)
_UNKNOWN = -100  # as cross-entropy takes it
_MIDDLE, _SPREAD = 50.0, 20.0  # points
_NEAR = 0.5  # spreads: errors below it count by their square
_NUMBER_WEIGHTS = (3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_FAULT_WEIGHT = 0.1
_GAIN = 0.5  # of both layers at first
_DECAY = 0.05
_UNTOUCHED = 0.5  # share of a step's pictures drawn from photographs as they are


@dataclass(frozen=True)
class ProjectingRecipe:
    """How much of everything; the defaults are what ships."""

    steps: int = 1500
    pictures: int = 32  # of a step
    mixtures: int = 64
    learning_rate: float = 1e-3
    warm_up: int = 30
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known of N pictures."""

    # (N, 7) the score of what nobody damaged, of what somebody did, and attributes, in spreads of 20 points
    # around 50; NaN: none is known. One score for both ranks photographs worse, as in `critic.fitting`.
    numbers: Tensor
    faults: Tensor  # (N,) which fault was done to it, the last being none; -100 where none is known


class Head(nn.Module):
    """Asks projected views for numbers and faults."""

    def __init__(self) -> None:
        super().__init__()
        outputs = _NUMBERS + len(_FAULTS) + 1
        self.inner = nn.Sequential(nn.Linear(2 * TEXT_WIDTH, _INNER), nn.GELU(), nn.Linear(_INNER, outputs))

    def loss(self, views: Tensor, labels: Labels) -> Tensor:
        """Return the error of what views (N, V, 9, T) tell."""
        if views.shape[1] == 1:  # a tiny picture, of which nothing but its origin is asked
            return views.new_zeros(())
        means = torch.cat([views[:, 0].mean(dim=1), views[:, 1:].mean(dim=(1, 2))], dim=1)
        told = self.inner(means)
        known = labels.numbers.isfinite()
        numbers = torch.where(known, labels.numbers, told[:, :_NUMBERS].detach())
        errors = functional.smooth_l1_loss(told[:, :_NUMBERS], numbers, beta=_NEAR, reduction="none")
        is_told = labels.faults != _UNKNOWN
        faults = functional.cross_entropy(told[is_told, _NUMBERS:], labels.faults[is_told], reduction="sum")
        return (errors * torch.tensor(_NUMBER_WEIGHTS)).mean() + _FAULT_WEIGHT * faults / len(told)


def labels_of(judged: list[Judged]) -> Labels:
    """Return what is known of pictures as tensors."""
    return Labels(
        torch.tensor([_numbers(one) for one in judged]), torch.tensor([_fault(one) for one in judged])
    )


def labels_of_mixtures(mixtures: Mixtures) -> Labels:
    """Return their scores as tensors; nothing else is known of them."""
    numbers = torch.full((len(mixtures.mos), _NUMBERS), torch.nan)
    numbers[:, 0] = torch.from_numpy((mixtures.mos - _MIDDLE) / _SPREAD)
    return Labels(numbers, torch.full((len(mixtures.mos),), _UNKNOWN))


def usual_spread(seen: Seen) -> Tensor:
    """Return (F,): how far each feature of the tower spreads."""
    return torch.from_numpy(seen.features[::11]).float().flatten(0, 2).std(dim=0) + 1e-3


def disturbed(features: Tensor, spread: Tensor) -> Tensor:
    """Return features (N, V, 9, F) with noise."""
    return features + torch.randn_like(features) * (_NOISE * spread)


@torch.no_grad()
def even_out(model: LlavaForConditionalGeneration, seen: Seen) -> None:
    """Begin with a projector that gives every feature of the tower the same spread."""
    features = torch.from_numpy(seen.features[::11]).float().flatten(0, 2)  # (P, F)
    mean, spread = features.mean(dim=0), features.std(dim=0) / _GAIN + 1e-3
    first, second = model.model.multi_modal_projector.linear_1, model.model.multi_modal_projector.linear_2
    mixing = nn.init.orthogonal_(torch.empty_like(first.weight)) / spread
    first.weight.copy_(mixing)
    first.bias.copy_(-mixing @ mean)
    nn.init.orthogonal_(second.weight, gain=_GAIN)
    second.bias.zero_()


def drawn(pictures: Pictures, count: int, untouched: float, rng: np.random.Generator) -> list[int]:
    """Draw places of pictures: a share of them untouched, the others of all."""
    some = round(untouched * count)
    first = rng.choice(np.asarray(pictures.untouched).ravel(), some)
    return [*first.tolist(), *rng.integers(len(pictures.photographs.judged), size=count - some).tolist()]


def teach_projecting(
    model: LlavaForConditionalGeneration, pictures: Pictures, recipe: ProjectingRecipe, report: Report
) -> Head:
    """Train the projector in place; return the head it was asked by."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed + 2)
    seen, spread = pictures.photographs, usual_spread(pictures.photographs)
    even_out(model, seen)
    projector, head = model.model.multi_modal_projector.train(), Head()
    weights = [*projector.parameters(), *head.parameters()]
    stepper = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=_DECAY)
    losses: list[float] = []
    for step in range(recipe.steps):
        chosen = drawn(pictures, recipe.pictures, _UNTOUCHED, rng)
        mixtures = mix(pictures, recipe.mixtures, rng)
        parts = [
            (seen.features[chosen], labels_of([seen.judged[at] for at in chosen])),
            (mixtures.features, labels_of_mixtures(mixtures)),
        ]
        losses_now = [
            head.loss(projector(disturbed(torch.from_numpy(features).float(), spread)), labels)
            for features, labels in parts
        ]
        loss = torch.stack(losses_now).sum()
        for group in stepper.param_groups:
            group["lr"] = recipe.learning_rate * min(
                1.0, (step + 1) / recipe.warm_up, 1.3 * (recipe.steps - step) / recipe.steps
            )
        stepper.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
        losses.append(loss.item())
        if step % 200 == 199 or step == recipe.steps - 1:
            report(f"projecting, step {step + 1}: {np.mean(losses[-200:]):.4f}")
    return head


def _numbers(judged: Judged) -> list[float]:
    if judged.generated is not None:
        return [np.nan] * _NUMBERS
    scores = (np.nan, judged.mos) if judged.is_damaged else (judged.mos, np.nan)
    amounts = (*scores, *(float(getattr(judged.attributes, name)) for name in ATTRIBUTES))
    return [(amount - _MIDDLE) / _SPREAD for amount in amounts]


def _fault(judged: Judged) -> int:
    if judged.generated is not None:
        return _UNKNOWN
    return _FAULTS.index(judged.flaw) if judged.flaw in _FAULTS else len(_FAULTS)
