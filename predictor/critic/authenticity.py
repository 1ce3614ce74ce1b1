"""How probably a tiny picture was generated rather than photographed; and no answer for any other size.

The network knows pictures of 32 x 32 pixels, which is all that was at hand with both labels. What a larger
picture tells is something else, so that `judge` returns None there rather than a confident guess.
"""

import numpy as np
import torch
from torch import Tensor, nn

from calibration.image import Image

SIDE = 32  # pixels


class OriginNetwork(nn.Module):
    """(N, 3, 32, 32) in [0, 1] -> (N,) log-odds of having been generated, before calibration."""

    def __init__(self) -> None:
        super().__init__()
        widths = ((3, 24, 1), (24, 40, 2), (40, 56, 1), (56, 72, 2), (72, 72, 1))
        self.body = nn.Sequential(
            *(layer for widths_and_step in widths for layer in _stage(*widths_and_step))
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(3 * 72, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Score pictures."""
        features = self.body((pictures - 0.5) * 4.0)  # (N, 72, 8, 8)
        pooled = [features.mean(dim=(2, 3)), features.amax(dim=(2, 3)), features.std(dim=(2, 3))]
        score: Tensor = self.head(torch.cat(pooled, dim=1))[:, 0]
        return score


def judge(network: OriginNetwork, image: Image, *, temperature: float) -> float | None:
    """Return P(generated) of a picture of 32 x 32 pixels; None is outside what the network was trained on."""
    if (image.width, image.height) != (SIDE, SIDE):
        return None
    pixels = torch.from_numpy(image.pixels.astype(np.float32) / 255.0).permute(2, 0, 1)[None]
    with torch.inference_mode():
        mirrored = torch.cat([pixels, pixels.flip(3)])
        score = float(network.eval()(mirrored).mean()) / temperature
    return float(1 / (1 + np.exp(-score)))


def _stage(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
