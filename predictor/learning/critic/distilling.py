"""Teach the critic's network to see what larger ones see: position by position, and of the whole view.

Positions teach the most, since there are many of them; means and spreads over a view are what scores are
made of, so they are told by a layer of their own (feature distillation).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from predictor.critic.network import CHANNELS, DEEP, TAUGHT, TAUGHT_DEEP, FeatureNetwork

Report = Callable[[str], None]

_BATCH, _RATE = 16, 3e-3
_PLACES, _CROP = 16, 12  # positions a side of a view; of a part of it, another one every time
_DEEP_COUNTS = 0.5  # of what is told by the deeper features, beside the others
# Half the time where the processor has numbers of half the length; ten times as long where it has not.
_HAS_HALVES = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
_SAMPLE = 1500  # views that tell the features' mean and spread


@dataclass(frozen=True, eq=False)
class Taught:
    """Views, and what the larger networks see in them."""

    views: np.ndarray  # uint8 (N, 256, 256, 3)
    near: np.ndarray  # (N, 16, 16, TAUGHT)
    deep: np.ndarray  # (N, 8, 8, TAUGHT_DEEP)


class _Heads(nn.Module):
    """Tell the larger networks' features position by position; needed for the lessons alone."""

    def __init__(self) -> None:
        super().__init__()
        self.back = nn.Conv2d(DEEP, CHANNELS, 1)
        self.near, self.deep = nn.Conv2d(CHANNELS, TAUGHT, 1), nn.Conv2d(DEEP, TAUGHT_DEEP, 1)

    def forward(self, near: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        behind = functional.interpolate(self.back(deep), scale_factor=2.0, mode="nearest")
        return self.near(functional.relu(near + behind)), self.deep(deep)


@dataclass(frozen=True, eq=False)
class _Scales:
    """How features are brought to one scale: their own, and what is pooled of them over a view."""

    near: tuple[Tensor, Tensor]  # mean and spread
    deep: tuple[Tensor, Tensor]
    pooled: tuple[Tensor, Tensor]


def distil(taught: Taught, *, steps: int, seed: int, report: Report) -> FeatureNetwork:
    """Train a network from nothing."""
    torch.manual_seed(seed)
    pictures, near, deep = (torch.from_numpy(one) for one in (taught.views, taught.near, taught.deep))
    scales = _scales_of(near, deep)
    network, heads = FeatureNetwork(), _Heads()
    for module in (network, heads):
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learnt = [*network.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(learnt, lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.15)
    losses: list[list[float]] = []
    for step, chosen in zip(range(steps), _batches(len(pictures)), strict=False):
        shown = _part(pictures[chosen], near[chosen], deep[chosen], is_whole=step % 2 == 0)
        terms = _losses(network, heads, scales, shown)
        optimiser.zero_grad()
        (terms[0] + _DEEP_COUNTS * terms[1] + terms[2]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append([term.item() for term in terms])
        if step % 250 == 249 or step == steps - 1:
            means = np.mean(losses[-250:], axis=0)
            report(f"step {step + 1}: loss by place {means[0]:.4f} {means[1]:.4f}, of views {means[2]:.4f}")
    return network.eval()


def _losses(
    network: FeatureNetwork, heads: _Heads, scales: _Scales, shown: tuple[Tensor, Tensor, Tensor]
) -> list[Tensor]:
    pictures, near, deep = shown
    wanted_near = (near - scales.near[0]) / scales.near[1]
    wanted_deep = (deep - scales.deep[0]) / scales.deep[1]
    wanted = (_pooled(wanted_near, wanted_deep) - scales.pooled[0]) / scales.pooled[1]
    with torch.autocast("cpu", torch.bfloat16, enabled=_HAS_HALVES):
        seen = network(pictures)
        told_near, told_deep = heads(*seen)
    return [
        functional.smooth_l1_loss(told_near.float(), wanted_near.permute(0, 3, 1, 2)),
        functional.smooth_l1_loss(told_deep.float(), wanted_deep.permute(0, 3, 1, 2)),
        functional.mse_loss(network.tell(*seen)[1], wanted),
    ]


def _part(views: Tensor, near: Tensor, deep: Tensor, *, is_whole: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Return views whole or in part, half of the batches mirrored, pictures as the network takes them."""
    near, deep = near.float(), deep.float()
    if not is_whole:
        top, left = (2 * int(place) for place in torch.randint(0, (_PLACES - _CROP) // 2 + 1, (2,)))
        views = views[:, 16 * top : 16 * (top + _CROP), 16 * left : 16 * (left + _CROP)]
        near = near[:, top : top + _CROP, left : left + _CROP]
        deep = deep[:, top // 2 : (top + _CROP) // 2, left // 2 : (left + _CROP) // 2]
    if torch.rand(1) < 0.5:
        views, near, deep = views.flip(2), near.flip(2), deep.flip(2)
    pictures = views.permute(0, 3, 1, 2).float() / 255.0
    return pictures.contiguous(memory_format=torch.channels_last), near, deep


def _scales_of(near: Tensor, deep: Tensor) -> _Scales:
    step = max(1, len(near) // _SAMPLE)
    own = [_mean_and_spread(one[::step].float().flatten(0, 2)) for one in (near, deep)]
    pooled = torch.cat(
        [
            _pooled(
                *((part.float() - mean) / spread for part, (mean, spread) in zip(parts, own, strict=True))
            )
            for parts in zip(torch.split(near, 64), torch.split(deep, 64), strict=True)
        ]
    )
    return _Scales(own[0], own[1], _mean_and_spread(pooled))


def _mean_and_spread(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows.mean(dim=0), rows.std(dim=0) + 0.02


def _pooled(near: Tensor, deep: Tensor) -> Tensor:
    """Return (N, TOLD): mean and spread over positions of features (N, h, w, F)."""
    places = [features.flatten(1, 2) for features in (near, deep)]
    return torch.cat([pool for one in places for pool in (one.mean(dim=1), one.std(dim=1))], dim=1)


def _batches(size: int) -> Iterator[Tensor]:
    batch = min(_BATCH, size)
    for _ in count():
        whole = size // batch * batch
        yield from torch.randperm(size)[:whole].reshape(-1, batch)
