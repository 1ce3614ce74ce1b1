"""Tiny networks that stand in for a model whose answers nobody has seen.

What a surrogate answers is of no interest by itself; how much its answers move, and how undecided it was,
say which pictures are delicate. No distance between pictures can see that. Trained by `answer_training`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 96  # pixels: input
GROUPS = 48  # answers: groups of the teachers' classes
SIGNALS = ("divergence", "feature distance", "margin", "entropy")

_WIDTHS = (24, 32, 48, 64)
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
    """(N, 3, 96, 96) RGB in 0 ... 1 -> `Reading`; about 90,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in zip((3, *_WIDTHS), _WIDTHS, strict=False):
            layers += [*_stage(inputs, outputs, stride=2)]
        self.body = nn.Sequential(*layers, *_stage(_WIDTHS[-1], _WIDTHS[-1], stride=1))
        self.head = nn.Linear(2 * _WIDTHS[-1], GROUPS)

    def forward(self, pictures: Tensor) -> Reading:
        """Read pictures."""
        maps = self.body(pictures * 4.0 - 2.0)  # (N, 64, 6, 6)
        features = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        return Reading(torch.log_softmax(self.head(features), dim=1), features)


def signals(original: Reading, version: Reading) -> Tensor:
    """Compare readings of N originals and their versions; (N, len(SIGNALS)).

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
            likeliest[:, 0] - likeliest[:, 1],
            -(shares * original.log_answers).sum(dim=1),
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
