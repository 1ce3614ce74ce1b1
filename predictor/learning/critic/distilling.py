"""Teach the critic's network to see what a larger one sees, position by position (feature distillation)."""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import torch
from torch.nn import functional

from predictor.critic.network import FeatureNetwork

Report = Callable[[str], None]

_BATCH, _RATE = 16, 3e-3
_CROP = 12  # positions of sixteen: other parts every time


def distil(
    views: np.ndarray, features: np.ndarray, *, steps: int, seed: int, report: Report
) -> FeatureNetwork:
    """Train on views, uint8 (N, 256, 256, 3), and what the teacher sees in them, (N, 16, 16, 256)."""
    torch.manual_seed(seed)
    pictures, taught = torch.from_numpy(views), torch.from_numpy(features)
    sample = taught[::7].float()
    mean, spread = sample.mean(dim=(0, 1, 2)), sample.std(dim=(0, 1, 2)) + 0.02
    network = FeatureNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.15)
    losses: list[float] = []
    for step, chosen in zip(range(steps), _batches(len(pictures)), strict=False):
        top, left = (int(place) for place in torch.randint(0, 16 - _CROP + 1, (2,)))
        rows, columns = slice(16 * top, 16 * (top + _CROP)), slice(16 * left, 16 * (left + _CROP))
        shown = pictures[chosen, rows, columns].permute(0, 3, 1, 2).float() / 255.0
        _, told = network(shown.contiguous(memory_format=torch.channels_last))
        wanted = (taught[chosen, top : top + _CROP, left : left + _CROP].float() - mean) / spread
        inner = (..., slice(1, -1), slice(1, -1))  # the teacher saw beyond the part's border
        loss = functional.smooth_l1_loss(told[inner], wanted.permute(0, 3, 1, 2)[inner])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 100 == 99:
            report(f"step {step + 1}: loss {np.mean(losses[-100:]):.4f}")
    return network.eval()


def _batches(size: int) -> Iterator[torch.Tensor]:
    for _ in count():
        whole = size // _BATCH * _BATCH
        yield from torch.randperm(size)[:whole].reshape(-1, _BATCH)
