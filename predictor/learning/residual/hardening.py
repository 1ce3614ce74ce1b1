"""Let networks be attacked through JPEG and resizing, so that perturbations survive both (EOT).

Expectation over transformation (Athalye et al. 2018): every call sees other qualities and sizes. JPEG is
imitated with rounding that has a slope (Shin and Song 2017), which steers perturbations into coefficients
that survive. Training only.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from predictor.learning.residual.forging import Network

_BLOCK = 8
_LUMA_CORNER, _LUMA_RISE = 10.0, 6.5  # a plane through table K.1 of ITU-T T.81: its step grows with frequency
_CHROMA_CORNER, _CHROMA_RISE = 17.0, 9.0
_QUALITIES = (70, 96)
_SCALES = (0.6, 1.2)
_TO_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])


def hardened(network: Network, rng: np.random.Generator, draws: int = 2) -> Network:
    """Wrap a network: the mean of its logits over random JPEG qualities and sizes."""

    def see(pictures: Tensor) -> Tensor:
        return torch.stack([network(_travelled(pictures, rng)) for _ in range(draws)]).mean(dim=0)

    return see


def soft_jpeg(pictures: Tensor, quality: int) -> Tensor:
    """Imitate JPEG 4:2:0 on (N, 3, H, W) in [0, 1]; gradients flow through coefficients that survive."""
    height, width = pictures.shape[2:]
    padded = functional.pad(255.0 * pictures, (0, -width % 16, 0, -height % 16), mode="replicate")
    ycc = torch.einsum("cd,ndhw->nchw", _TO_YCC, padded)
    luma = _quantised(ycc[:, :1] - 128.0, _steps(quality, _LUMA_CORNER, _LUMA_RISE)) + 128.0
    small = functional.avg_pool2d(ycc[:, 1:], 2)
    chroma = _quantised(small, _steps(quality, _CHROMA_CORNER, _CHROMA_RISE))
    whole = torch.cat([luma, functional.interpolate(chroma, scale_factor=2.0, mode="nearest")], dim=1)
    rgb = torch.einsum("cd,ndhw->nchw", torch.linalg.inv(_TO_YCC), whole)
    return (rgb[:, :, :height, :width] / 255.0).clamp(0.0, 1.0)


def _travelled(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    if rng.random() < 0.5:
        scale = float(rng.uniform(*_SCALES))
        size = [max(_BLOCK, round(side * scale)) for side in pictures.shape[2:]]
        pictures = functional.interpolate(pictures, size=size, mode="bilinear", antialias=True)
    return soft_jpeg(pictures, int(rng.integers(*_QUALITIES)))


def _steps(quality: int, corner: float, rise: float) -> Tensor:
    frequency = torch.add(torch.arange(_BLOCK)[:, None], torch.arange(_BLOCK)[None])
    scale = (200 - 2 * quality) / 100.0 if quality >= 50 else 50.0 / quality
    return (scale * (corner + rise * frequency)).clamp(min=1.0)


def _quantised(plane: Tensor, steps: Tensor) -> Tensor:
    """Quantise the 8 x 8 cosine coefficients of (N, C, H, W)."""
    n, channels, height, width = plane.shape
    blocks = plane.reshape(n, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    basis = _cosines()
    levels = basis @ blocks @ basis.T / steps  # (N, C, h, w, 8, 8)
    rounded = levels.round().detach()
    soft = rounded + (levels - rounded) ** 3
    restored = basis.T @ (soft * steps) @ basis
    return restored.transpose(3, 4).reshape(n, channels, height, width)


def _cosines() -> Tensor:
    k = torch.arange(_BLOCK)
    basis = 0.5 * torch.cos((2 * k[None, :] + 1) * k[:, None] * torch.pi / (2 * _BLOCK))
    basis[0] /= 2.0**0.5
    return basis
