"""A small network whose features tell how good a photograph looks; it is run over a picture of any shape.

Its features were learned from a larger network's on training photographs and damaged versions of them.
"""

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from calibration.image import Pixels

SIDE = 256  # pixels of the long side that it looks at
CHANNELS = 128
TAUGHT = 256  # features of the teacher's that it learned to tell
_STEP = 32  # pixels: sides are whole steps


class FeatureNetwork(nn.Module):
    """(N, 3, H, W) in [0, 1] -> (N, 128, H/16, W/16) of its own, (N, 256, H/16, W/16) as taught."""

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
        self.head = nn.Conv2d(CHANNELS, TAUGHT, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return both kinds of features."""
        x = self.stem((pictures - 0.5) * 4)  # (N, 32, H/4, W/4)
        x = self.a(x)
        x = self.c(x + self.b(x))
        x = x + self.d(x)
        x = x + self.e(x)  # (N, 128, H/16, W/16)
        return x, self.head(x)


def shown(pixels: Pixels) -> Pixels:
    """Bring (H, W, 3) pixels to what the network looks at: a long side of 256, sides in steps of 32."""
    height, width = pixels.shape[:2]
    share = SIDE / max(height, width)
    size = tuple(max(2, round(side * share / _STEP)) * _STEP for side in (width, height))
    kernel = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=kernel)


def look(network: FeatureNetwork, pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return (768,): mean and spread over the picture of each feature, of pixels as `shown`."""
    batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255.0  # channels last in memory already
    with torch.inference_mode():
        own, taught = network(batch)
    features = torch.cat([own, taught], dim=1)[0].flatten(1)  # (384, h * w)
    return torch.cat([features.mean(dim=1), features.std(dim=1)]).numpy()


def _layer(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
