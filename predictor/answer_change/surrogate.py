"""Tiny networks that stand in for a model whose answers nobody has seen.

What a surrogate answers is of no interest by itself; how much its answers move, and how undecided it was,
say which pictures are delicate. No distance between pictures can see that. Trained by `predictor.learning`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 96  # pixels: input
GROUPS = 48  # answers: groups of the teachers' classes
SIGNALS = ("divergence", "feature distance", "margin", "entropy")

_WIDTHS = (32, 48, 64, 64)
_PATCH = 4  # pixels: the first layer cuts the picture into patches, which is cheap on one core
_SMALLEST = 1e-7  # nats: what is below is arithmetic


@dataclass(frozen=True)
class Reading:
    """What a surrogate makes of N pictures."""

    log_answers: Tensor  # (N, GROUPS)
    features: Tensor  # (N, 2 * last width)

    def take(self, chosen: slice) -> "Reading":
        """Return the chosen pictures."""
        return Reading(self.log_answers[chosen], self.features[chosen])


class Surrogate(nn.Module):
    """(N, 3, 96, 96) RGB in 0 ... 1 -> `Reading`; about 86,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, last = _WIDTHS
        self.body = nn.Sequential(
            nn.Conv2d(3, first, _PATCH, stride=_PATCH, bias=False),
            nn.BatchNorm2d(first),
            nn.SiLU(),
            *_stage(first, second, stride=2),
            *_stage(second, third, stride=2),
            *_stage(third, last, stride=1),
        )
        self.head = nn.Linear(2 * _WIDTHS[-1], GROUPS)

    def forward(self, pictures: Tensor) -> Reading:
        """Read pictures."""
        maps = self.body(pictures * 4.0 - 2.0)  # (N, 64, 6, 6)
        features = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return Reading(torch.log_softmax(self.head(features), dim=1), features)


def signals(original: Reading, version: Reading) -> Tensor:
    """Compare readings of N originals, or of one, with N versions; (N, len(SIGNALS)).

    ln KL(original || version), ln of the features' relative distance, the original's log ratio of the two
    likeliest answers, and its entropy in nats.
    """
    shares = original.log_answers.exp()
    divergence = (shares * (original.log_answers - version.log_answers)).sum(dim=1)
    apart = (version.features - original.features).square().sum(dim=1)
    apart = apart / (original.features.square().sum(dim=1) + _SMALLEST)
    likeliest = original.log_answers.topk(2, dim=1).values
    return torch.stack(
        [
            torch.log(divergence.clamp(min=0.0) + _SMALLEST),
            torch.log(apart + _SMALLEST),
            (likeliest[:, 0] - likeliest[:, 1]).expand_as(divergence),
            -(shares * original.log_answers).sum(dim=1).expand_as(divergence),
        ],
        dim=1,
    )


def distillation_loss(reading: Reading, targets: Tensor) -> Tensor:
    """Return the cross entropy against a teacher's distribution over groups, (N, GROUPS)."""
    return functional.kl_div(reading.log_answers, targets, reduction="batchmean")


def _stage(inputs: int, outputs: int, *, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(),
    ]
