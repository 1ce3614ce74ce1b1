"""A small network that looks at the noise of one tile and says how much it resembles an added perturbation.

Its first filters start as those of steganalysis (SRM) and are kept blind to the local mean, so that what
the picture shows cannot decide; but for a tile's border of two pixels, where they are padded with zeros.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

FILTERS = 16
_RESIDUAL_LIMIT = 12.0  # grey levels: beyond it is content, not noise


class TileNetwork(nn.Module):
    """(N, 3, S, S) tiles in grey levels 0-255, and (N, 2) codec -> (N,) log-odds of a perturbation."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Parameter(steganalysis_filters())
        self.body = nn.Sequential(
            nn.BatchNorm2d(FILTERS),
            *_stage(FILTERS, 24, stride=2),
            *_stage(24, 32, stride=2),
            *_stage(32, 48, stride=2),
            *_stage(48, 64, stride=1),
        )
        self.head = nn.Sequential(nn.Linear(2 * 64 + 2, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, tiles: Tensor, codec: Tensor) -> Tensor:
        """Score tiles; `codec` is [is lossless, JPEG quality / 100 (0 when unknown)]."""
        filters = self.filters - self.filters.mean(dim=(2, 3), keepdim=True)
        residual = functional.conv2d(tiles, filters, padding=2).clamp(-_RESIDUAL_LIMIT, _RESIDUAL_LIMIT)
        features = self.body(residual)  # (N, 64, S/8, S/8)
        spread = (features.var(dim=(2, 3)) + 1e-4).sqrt()
        pooled = torch.cat([features.mean(dim=(2, 3)), spread, codec], dim=1)
        score: Tensor = self.head(pooled)[:, 0]
        return score


def steganalysis_filters() -> Tensor:
    """Return (FILTERS, 3, 5, 5): high-pass masks on luma, then the same kinds on colour differences."""
    masks = torch.zeros(8, 5, 5)
    masks[0] = torch.tensor(
        [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]
    ) / 12.0  # fmt: skip
    masks[1, 1:4, 1:4] = torch.tensor([[-1.0, 2, -1], [2, -4, 2], [-1, 2, -1]]) / 4.0
    masks[2, 2, 1:4] = torch.tensor([1.0, -2, 1]) / 2.0
    masks[3, 1:4, 2] = torch.tensor([1.0, -2, 1]) / 2.0
    masks[4, 2, 2:4] = torch.tensor([-1.0, 1])
    masks[5, 2:4, 2] = torch.tensor([-1.0, 1])
    masks[6] = -1.0 / 25.0
    masks[6, 2, 2] += 1.0
    masks[7, :, 2:] = 1.0 / 15.0
    masks[7, :, :2] = -1.0 / 10.0
    luma, red, blue = (
        torch.tensor([0.3, 0.6, 0.1]),
        torch.tensor([1.0, -1.0, 0.0]),
        torch.tensor([0.0, -1.0, 1.0]),
    )
    colours = [luma] * 8 + [red, blue] * 4
    kinds = [0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 2, 2, 3, 3, 6, 6]
    return torch.stack(
        [colour[:, None, None] * masks[kind] for colour, kind in zip(colours, kinds, strict=True)]
    )


def _stage(inputs: int, outputs: int, *, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
