"""The torch module behind noticeability: from what was measured of a pair to its size in JNDs.

The size is zero for identical pictures by construction, whatever the weights. It knows a model only by the
logarithms of its thresholds, over the human ones; how size becomes probability is `model`'s matter.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from predictor.noticeability.bands import CONTENTS, ENERGIES, SIGNS, Measures

_FLOOR = 1e-3  # of an energy: far below one grey level
_TRUST_IN_NAMING = 3.0  # how much less an order counts per nat of doubt which distortion it shows


@dataclass(frozen=True)
class PairSize:
    """How large the differences of N pairs are, and which families of distortion they resemble."""

    log_size: torch.Tensor  # (N,) ln of the size in JNDs, -inf for identical pictures
    family_logits: torch.Tensor  # (N, families)


def in_either_order(one: PairSize, other: PairSize) -> torch.Tensor:
    """Return ln of the sizes of N pairs of which nobody knows the original, (N,); the same for (other, one).

    The network learned with the damaged picture second: there it recognises what was done, the other way
    round mostly nothing. So the order counts more in which it is less in doubt about the distortion; where it
    is as sure of either, as of a shift, both sizes are alike anyway.
    """
    trust = torch.softmax(-_TRUST_IN_NAMING * torch.stack([_doubt(one), _doubt(other)]), dim=0)
    sizes = torch.stack([one.log_size, other.log_size])
    return torch.where(sizes.isinf().any(dim=0), -torch.inf, (trust * sizes).sum(dim=0))


def _doubt(found: PairSize) -> torch.Tensor:
    """Return the entropy of naming the distortion, (N,) nats."""
    log_chances = torch.log_softmax(found.family_logits, dim=1)
    return -(log_chances.exp() * log_chances).sum(dim=1)


class JndNetwork(nn.Module):
    """A weighted sum of difference energies, scaled by what the difference resembles and where it lies.

    The pattern of the energies across octaves, channels and cells, together with the reference's content,
    tells how much this observer minds such a difference, and which of a model's thresholds apply to it.
    """

    center: torch.Tensor
    spread: torch.Tensor

    def __init__(self, families: int, *, hidden: int = 48, views: int = 1) -> None:
        """`views` of a pair are judged together: their measures are joined, see `bands.Measures.beside`."""
        super().__init__()
        self.log_weights = nn.Parameter(torch.full((views * ENERGIES,), -3.0))
        self.log_scale = nn.Parameter(torch.zeros(()))
        inputs = views * (ENERGIES + SIGNS + CONTENTS) + 1
        self.register_buffer("center", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.judge = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(hidden, 1 + families),
        )

    def forward(self, measures: Measures, log_thresholds: torch.Tensor) -> PairSize:
        """Judge N pairs; `log_thresholds` (N, families): ln of the model's thresholds over the human ones."""
        total = self.amounts(measures.energies).sum(dim=1)  # (N,)
        differs = total > 0
        log_total = torch.log(torch.where(differs, total, 1.0))
        judged = self.judge((_describe(measures) - self.center) / self.spread)
        correction = 4.0 * torch.tanh(judged[:, 0] / 4.0)
        family_logits = judged[:, 1:]
        threshold = (torch.softmax(family_logits, dim=1) * log_thresholds).sum(dim=1)
        log_size = log_total + correction + self.log_scale - threshold
        return PairSize(torch.where(differs, log_size, -torch.inf), family_logits)

    def amounts(self, energies: torch.Tensor) -> torch.Tensor:
        """Weigh each energy; their sum is the size before anything is judged. (N, ENERGIES)."""
        return energies * functional.softplus(self.log_weights)

    def standardise(self, measures: Measures) -> None:
        """Settle the scale of the inputs on training pairs."""
        described = _describe(measures)
        self.center.copy_(described.mean(dim=0))
        self.spread.copy_(described.std(dim=0) + 1e-3)


def _describe(measures: Measures) -> torch.Tensor:
    """Separate the pattern of the energies from their overall amount; (N, inputs)."""
    logs = torch.log(measures.energies + _FLOOR)
    amount = logs.mean(dim=1, keepdim=True)
    return torch.cat([logs - amount, amount, measures.signs, measures.content], dim=1)
