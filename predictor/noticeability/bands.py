"""Measure the difference of two views: octave by octave, masked by the reference's texture, no learned part.

All energies are zero exactly when the views are identical. Differentiable in both views; where no gradient is
asked for, `quick_bands` finds the same numbers in a fraction of the time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from calibration.opponent import OPPONENT

OCTAVES = 5  # the last holds everything coarser
CHANNELS = 3
MASKS = ((0.02, 0.0), (0.01, 0.6))  # (floor, gain over local contrast): without and with masking
_POOLINGS = ("mean", "spread", "worst")
CELLS = 6  # differences may be local: the worst of 6 x 6 cells is one pooling
LIGHT_GAIN = 20.0  # brings the shift of the mean to the scale of the other signs

ENERGY_AXES = (OCTAVES, len(MASKS), len(_POOLINGS), CHANNELS)  # how the energies of a pair are laid out
ENERGIES = math.prod(ENERGY_AXES)
SIGNS = OCTAVES * CHANNELS + CHANNELS
CONTENTS = OCTAVES * CHANNELS + CHANNELS


@dataclass(frozen=True)
class Measures:
    """What is known of N pairs before anything is learned."""

    energies: torch.Tensor  # (N, ENERGIES), at least 0: how large the difference is, in many ways
    signs: torch.Tensor  # (N, SIGNS): detail gained or lost by octave, shift of the mean; 0 if identical
    content: torch.Tensor  # (N, CONTENTS): how busy the reference is, by octave, and its mean colour

    def take(self, chosen: torch.Tensor) -> "Measures":
        """Return the chosen pairs."""
        return Measures(self.energies[chosen], self.signs[chosen], self.content[chosen])

    @classmethod
    def beside(cls, views: Sequence["Measures"]) -> "Measures":
        """Join what several views show of the same N pairs."""
        return cls(
            torch.cat([view.energies for view in views], dim=1),
            torch.cat([view.signs for view in views], dim=1),
            torch.cat([view.content for view in views], dim=1),
        )

    def to(self, device: torch.device) -> "Measures":
        """Move to a device."""
        return Measures(self.energies.to(device), self.signs.to(device), self.content.to(device))


@dataclass(frozen=True)
class OctaveChange:
    """One octave of N pairs, before anything is pooled; (N, 3, h, w) each."""

    before: torch.Tensor
    after: torch.Tensor
    masked: tuple[torch.Tensor, ...]  # squares of the change in units of each mask, in the order of `MASKS`


def measure(reference: torch.Tensor, distorted: torch.Tensor) -> Measures:
    """Measure N pairs in opponent colours, (N, 3, H, W) each; see `to_opponent`."""
    energies, signs, content = [], [], []
    for octave in octave_changes(reference, distorted):
        energies += [_pool(squares) for squares in octave.masked]
        before = torch.log(octave.before.square().mean(dim=(2, 3)) + 1e-6)
        signs.append(torch.log(octave.after.square().mean(dim=(2, 3)) + 1e-6) - before)
        content.append(before)
    mean = reference.mean(dim=(2, 3))
    signs.append(LIGHT_GAIN * (distorted.mean(dim=(2, 3)) - mean))
    content.append(mean)
    return Measures(torch.cat(energies, dim=1), torch.cat(signs, dim=1), torch.cat(content, dim=1))


def to_opponent(pixels: npt.NDArray[np.uint8] | torch.Tensor) -> torch.Tensor:
    """Turn uint8 RGB (N, H, W, 3) into luma and colour differences (N, 3, H, W), full scale 1."""
    rgb = torch.as_tensor(pixels).to(torch.float32) / 255.0
    return torch.einsum("nhwc,dc->ndhw", rgb, torch.tensor(OPPONENT)).contiguous()


def octave_changes(reference: torch.Tensor, distorted: torch.Tensor) -> list[OctaveChange]:
    """Compare N pairs octave by octave, fine to coarse, place by place."""
    found = []
    for band, other in zip(split_octaves(reference), split_octaves(distorted), strict=True):
        contrast = root(
            functional.avg_pool2d(band[:, :1].square(), 5, stride=1, padding=2, count_include_pad=False)
        )
        squares = (other - band).square()
        masked = tuple(
            squares / (floor + gain * contrast).square() if gain else squares / floor**2
            for floor, gain in MASKS
        )
        found.append(OctaveChange(band, other, masked))
    return found


def split_octaves(picture: torch.Tensor) -> list[torch.Tensor]:
    """Split (N, 3, H, W) into octaves, fine to coarse; only the last carries the mean."""
    octaves = []
    for _ in range(OCTAVES - 1):
        coarse = functional.avg_pool2d(picture, 2, ceil_mode=True, count_include_pad=False)
        smooth = functional.interpolate(coarse, size=picture.shape[2:], mode="bilinear", align_corners=False)
        octaves.append(picture - smooth)
        picture = coarse
    return [*octaves, picture]


@lru_cache(maxsize=64)
def cell_shares(length: int) -> torch.Tensor:
    """Return how much of a side of `length` pixels counts for each of the cells, (CELLS, length).

    Cells are of one size whatever the length; a pixel on their border counts in part for either.
    """
    size = length / CELLS
    first = torch.arange(CELLS, dtype=torch.float64).unsqueeze(1) * size
    pixel = torch.arange(length, dtype=torch.float64)
    covered = torch.minimum(pixel + 1, first + size) - torch.maximum(pixel, first)
    return (covered.clamp(min=0.0) / size).to(torch.float32)


def _pool(squares: torch.Tensor) -> torch.Tensor:
    """Pool (N, C, h, w) squares to (N, 3 * C) amplitudes."""
    rows, columns = (cell_shares(length).to(squares.device) for length in squares.shape[2:])
    cells = rows @ squares @ columns.T
    amplitudes = root(cells)
    return torch.cat(
        [root(squares.mean(dim=(2, 3))), amplitudes.mean(dim=(2, 3)), amplitudes.amax(dim=(2, 3))], dim=1
    )


def root(squares: torch.Tensor) -> torch.Tensor:
    """Take a square root that is exactly zero at zero and has a finite gradient there."""
    return squares / (torch.sqrt(squares + 1e-10) + 1e-5)
