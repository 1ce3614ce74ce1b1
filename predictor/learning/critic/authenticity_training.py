"""Train and calibrate the network that tells generated from photographed at 32 x 32 pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from predictor.critic.authenticity import OriginNetwork

Report = Callable[[str], None]

_KEPT = 1000  # pictures that only calibrate


@dataclass(frozen=True, eq=False)
class OriginLessons:
    """Pictures as arrays: uint8 (N, 32, 32, 3), and 1 where one was generated."""

    images: np.ndarray
    generated: np.ndarray


def load_lessons(path: Path) -> OriginLessons:
    """Read `cifake32_train.npz`, or another file of the same arrays."""
    with np.load(path) as arrays:
        return OriginLessons(arrays["images"], arrays["generated"].astype(np.float32))


def train_origin(
    lessons: OriginLessons, *, epochs: int, seed: int, report: Report
) -> tuple[OriginNetwork, float]:
    """Return a network and the temperature by which its scores are divided."""
    torch.manual_seed(seed)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(lessons.images)))
    pictures = torch.from_numpy(lessons.images).permute(0, 3, 1, 2)[order].contiguous()
    labels = torch.from_numpy(lessons.generated)[order]
    learnt, labelled = pictures[:-_KEPT], labels[:-_KEPT]
    network = OriginNetwork()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # a fifth faster
    batch, rate = 64, 4e-3
    steps = epochs * (len(learnt) // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    for epoch in range(epochs):
        network.train()
        for chosen in torch.randperm(len(learnt))[: len(learnt) // batch * batch].reshape(-1, batch):
            shown = _moved(learnt[chosen].float() / 255.0).contiguous(memory_format=torch.channels_last)
            loss = functional.binary_cross_entropy_with_logits(network(shown), labelled[chosen] * 0.96 + 0.02)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        scores = score_each(network, pictures[-_KEPT:])
        right = ((scores > 0) == (labels[-_KEPT:] > 0)).float().mean()
        report(f"epoch {epoch + 1}: {float(right):.4f} of the kept right")

    return network, _temperature(score_each(network, pictures[-_KEPT:]), labels[-_KEPT:])


def score_each(network: OriginNetwork, pictures: torch.Tensor) -> torch.Tensor:
    """Return the scores of uint8 (N, 3, 32, 32), each the mean of the picture's and its mirror image's."""
    network.eval()
    with torch.inference_mode():
        parts = [part.float() / 255.0 for part in torch.split(pictures, 256)]
        return torch.cat([(network(part) + network(part.flip(3))) / 2 for part in parts])


def _moved(pictures: torch.Tensor) -> torch.Tensor:
    """Mirror half of the pictures, and move all of them by up to two pixels."""
    mirrored = torch.where(torch.rand(len(pictures), 1, 1, 1) < 0.5, pictures.flip(3), pictures)
    down, right = (int(step) for step in torch.randint(0, 5, (2,)))
    return functional.pad(mirrored, (2, 2, 2, 2), mode="reflect")[:, :, down : down + 32, right : right + 32]


def _temperature(scores: torch.Tensor, labels: torch.Tensor) -> float:
    candidates = torch.linspace(0.3, 4.0, 149)
    losses = [functional.binary_cross_entropy_with_logits(scores / t, labels) for t in candidates]
    return float(candidates[int(torch.stack(losses).argmin())])
