"""A small network that tells what larger ones see of a photograph; it is run over a picture of any shape.

It learned to tell two larger networks' features on training photographs and damaged versions of them.
"""

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from calibration.image import Pixels

SIDE = 256  # pixels of the long side that it looks at
CHANNELS, DEEP = 128, 256  # features for each 16 pixels, and for each 32
TAUGHT, TAUGHT_DEEP = 352, 320  # features of the larger networks', at the same two steps
OWN = 2 * (CHANNELS + DEEP)  # numbers: mean and spread of each of its own features
TOLD = 2 * (TAUGHT + TAUGHT_DEEP)  # and of each of theirs
_STEP = 32  # pixels: sides are whole steps


class FeatureNetwork(nn.Module):
    """(N, 3, H, W) in [0, 1] -> (N, 128, H/16, W/16) and (N, 256, H/32, W/32)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 6, 4, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)
        )
        self.a, self.b = _layer(32, 64, stride=2), _layer(64, 64)
        self.c, self.d, self.e = (
            _layer(64, CHANNELS, stride=2),
            _layer(CHANNELS, CHANNELS),
            _layer(CHANNELS, CHANNELS),
        )
        self.f, self.g = _layer(CHANNELS, DEEP, stride=2), _layer(DEEP, DEEP)
        self.even, self.told = nn.BatchNorm1d(OWN), nn.Linear(OWN, TOLD)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return both kinds of features."""
        x = self.stem((pictures - 0.5) * 4)  # (N, 32, H/4, W/4)
        x = self.a(x)
        x = self.c(x + self.b(x))
        x = x + self.d(x)
        x = x + self.e(x)  # (N, 128, H/16, W/16)
        deep = self.f(x)
        return x, deep + self.g(deep)

    def tell(self, near: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """Return what both kinds of features are over the picture, (N, OWN), and theirs, (N, TOLD)."""
        places = [features.float().flatten(2) for features in (near, deep)]
        pooled = [pool for one in places for pool in (one.mean(dim=2), one.std(dim=2))]
        own: Tensor = self.even(torch.cat(pooled, dim=1))
        return own, self.told(own)


def shown(pixels: Pixels) -> Pixels:
    """Bring (H, W, 3) pixels to what the network looks at: a long side of 256, sides in steps of 32."""
    height, width = pixels.shape[:2]
    share = SIDE / max(height, width)
    size = tuple(max(2, round(side * share / _STEP)) * _STEP for side in (width, height))
    kernel = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=kernel)


def look(network: FeatureNetwork, pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return (OWN + TOLD,) of pixels as `shown`."""
    batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0  # channels last in memory already
    with torch.inference_mode():
        own, told = network.tell(*network(batch))
    return torch.cat([own, told], dim=1)[0].numpy()


def _layer(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
