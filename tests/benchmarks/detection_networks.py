"""Networks that attacks are made against, and the steps of attacks; pixels are (N, 3, H, W) in [0, 1].

The small classifiers of the data, of which no detector should have seen `squeezenet_v1.0_dc`, and the vision
tower of the embedded model.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from calibration.observers.embedded.observer import load_embedded

Pixels = npt.NDArray[np.uint8]
Loss = Callable[[Tensor], Tensor]
Step = Callable[[Tensor], Tensor]

HELD_OUT = "squeezenet_v1.0_dc"
NAMES = (HELD_OUT, "mobilenet_v2_1.0_224_quant", "mobilenet_v1_0.5_160_quant")


class Network(nn.Module):
    """A classifier that takes pictures of any size."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        card = json.loads((folder / f"{name}.json").read_text())
        self.name, self.side, self._skipped = name, int(card["input_size"]), int(card["label_offset"])
        self._program = torch.export.load(folder / f"{name}.pt2").module()

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, 1000)."""
        size = (self.side, self.side)
        if images.shape[2:] != size:
            images = functional.interpolate(images, size=size, mode="bilinear", antialias=True)
        logits: Tensor = self._program(images)
        return logits[:, self._skipped :]

    def label(self, pixels: Pixels) -> int:
        """Say what is in a picture (H, W, 3)."""
        with torch.no_grad():
            return int(self(tensor(pixels)).argmax())


class Tower(nn.Module):
    """The vision tower of the embedded model: features of a picture."""

    def __init__(self) -> None:
        super().__init__()
        observer = load_embedded()
        self.name = "embedded"
        self._tower = observer.model.model.vision_tower.float()
        settings = observer.processor.image_processor
        self.side = int(settings.size["height"])
        self._mean = torch.tensor(settings.image_mean).view(1, 3, 1, 1)
        self._deviation = torch.tensor(settings.image_std).view(1, 3, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return features (N, patches, channels)."""
        small = functional.interpolate(images, size=(self.side, self.side), mode="bicubic", antialias=True)
        features: Tensor = self._tower((small.clamp(0, 1) - self._mean) / self._deviation).last_hidden_state
        return features


def tensor(pixels: Pixels) -> Tensor:
    """(H, W, 3) -> (1, 3, H, W)."""
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255


def pixels_of(images: Tensor, clean: Pixels, eps: float) -> Pixels:
    """Round (1, 3, H, W) to 8 bits within `eps` levels of `clean`."""
    rounded = (images[0].detach().permute(1, 2, 0) * 255).round().numpy()
    low, high = clean.astype(np.float32) - eps, clean.astype(np.float32) + eps
    return np.clip(np.clip(rounded, low, high), 0, 255).astype(np.uint8)


def climb(
    clean: Tensor,
    loss: Loss,
    *,
    eps: float,
    steps: int,
    stride: float,
    momentum: float = 0.0,
    start: Tensor | None = None,
) -> Tensor:
    """Raise `loss` within `eps` (1 is 255 levels) by signs of the gradient; MI-FGSM with momentum."""
    delta = torch.zeros_like(clean) if start is None else start.clone()
    gathered = torch.zeros_like(clean)
    for _ in range(steps):
        delta.requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss((clean + delta).clamp(0, 1)), delta)
        with torch.no_grad():
            gathered = momentum * gathered + gradient / gradient.abs().mean().clamp(min=1e-12)
            delta = (delta + stride * gathered.sign()).clamp(-eps, eps)
            delta = (clean + delta).clamp(0, 1) - clean
    return (clean + delta).detach()


def untargeted(network: Network, clean: Tensor) -> Loss:
    """Return the cross-entropy against what the network says today."""
    with torch.no_grad():
        today = network(clean).argmax(dim=1)
    return lambda images: functional.cross_entropy(network(images), today)


def towards(network: Network, label: int) -> Loss:
    target = torch.tensor([label])
    return lambda images: -functional.cross_entropy(network(images), target)


def like(encoder: nn.Module, target: Tensor) -> Loss:
    """Return the cosine between features and those of another picture (AttackVLM's MF-ii)."""
    with torch.no_grad():
        wanted = encoder(target).flatten(1)
    return lambda images: functional.cosine_similarity(encoder(images).flatten(1), wanted).mean()


_LUMA = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_WAVES = torch.tensor(
    [
        [np.sqrt((1 if u == 0 else 2) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)]
        for u in range(8)
    ],
    dtype=torch.float32,
)  # (frequency, place)
_TABLE = torch.tensor(
    [[16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
     [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
     [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]],
    dtype=torch.float32)  # fmt: skip


def soft_jpeg(images: Tensor, quality: int) -> Tensor:
    """Do what JPEG 4:2:0 does, rounding passed through by its cube (Shin and Song 2017)."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    table = ((_TABLE * scale + 50) / 100).floor().clamp(1, 255)
    height, width = images.shape[2:]
    padded = functional.pad(images * 255 - 128, (0, -width % 16, 0, -height % 16), mode="replicate")
    planes = torch.einsum("kc,nchw->nkhw", _LUMA, padded)
    small = functional.avg_pool2d(planes[:, 1:], 2)
    luma = _quantised(planes[:, :1], table)
    chroma = functional.interpolate(_quantised(small, table), scale_factor=2, mode="bilinear")
    back = torch.einsum("kc,nchw->nkhw", torch.linalg.inv(_LUMA), torch.cat([luma, chroma], 1))
    return ((back[:, :, :height, :width] + 128) / 255).clamp(0, 1)


def _quantised(planes: Tensor, table: Tensor) -> Tensor:
    n, channels, height, width = planes.shape
    blocks = planes.view(n, channels, height // 8, 8, width // 8, 8)
    waves = torch.einsum("ux,ncbxdy,vy->ncbudv", _WAVES, blocks, _WAVES) / table[:, None, :]
    rounded = waves.round() + (waves - waves.round()) ** 3
    found = torch.einsum("ux,ncbudv,vy->ncbxdy", _WAVES, rounded * table[:, None, :], _WAVES)
    return found.reshape(n, channels, height, width)
