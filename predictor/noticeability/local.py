"""Tell where in a picture the model would notice: the network's own measures, before they are pooled.

A place is worth the JNDs the whole pair would be worth if it differed everywhere as it does there; so a
change alike all over the picture has a flat map at the pair's own jnd_ratio. What to say of it is
`explanation`'s matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from predictor.noticeability.bands import ENERGY_AXES, OCTAVES, measure, octave_changes, root, to_opponent
from predictor.noticeability.network import JndNetwork
from predictor.views import PairView, Place

Floats = npt.NDArray[np.float32]

# What kinds of change are told apart: which octaves (0 is the finest) and which channels (Y, Cb, Cr).
KINDS = ("fine", "medium", "light", "colour detail", "colour")
_LUMA, _CHROMA = slice(0, 1), slice(1, 3)
MEMBERS = (
    (range(0, 2), _LUMA),
    (range(2, OCTAVES - 1), _LUMA),
    (range(OCTAVES - 1, OCTAVES), _LUMA),
    (range(0, OCTAVES - 1), _CHROMA),
    (range(OCTAVES - 1, OCTAVES), _CHROMA),
)


@dataclass(frozen=True, eq=False)
class LocalView:
    """What one view of a pair shows, place by place and kind by kind."""

    maps: Floats  # (KINDS, H, W) JNDs; their sum over kinds is what a place is worth
    shares: tuple[float, ...]  # of the pair's size, by kind; sums to 1, or to 0 for identical pictures
    signs: Floats  # (SIGNS,) see `bands.Measures`
    log_size: float  # of the whole view
    place: Place  # of the view within the picture


def look_closely(network: JndNetwork, view: PairView, log_thresholds: Sequence[float]) -> LocalView:
    """Judge one view and keep what was seen where."""
    first, second = (to_opponent(np.stack([image.pixels])) for image in (view.reference, view.distorted))
    with torch.inference_mode():
        measures = measure(first, second)
        size = float(network(measures, torch.tensor([log_thresholds])).log_size)
        amounts = network.amounts(measures.energies)[0].reshape(ENERGY_AXES)
        weights = network.amounts(torch.ones_like(measures.energies))[0].reshape(ENERGY_AXES)
        maps = _local_amounts(first, second, weights.sum(dim=2))
    total = float(amounts.sum())
    by_kind = [float(amounts[list(octaves)][..., channels].sum()) for octaves, channels in MEMBERS]
    scale = float(np.exp(size)) / total if total > 0 else 0.0
    return LocalView(
        maps=np.asarray(maps.numpy() * scale, dtype=np.float32),
        shares=tuple(amount / total if total > 0 else 0.0 for amount in by_kind),
        signs=np.asarray(measures.signs[0].numpy()),
        log_size=size,
        place=view.place,
    )


def _local_amounts(first: torch.Tensor, second: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weigh amplitudes place by place, (KINDS, H, W); `weights` (octaves, masks, channels)."""
    size = first.shape[2:]
    octaves = []
    for octave, change in enumerate(octave_changes(first, second)):
        amount = torch.zeros_like(change.before)
        for mask, squares in enumerate(change.masked):
            amount += weights[octave, mask].view(1, -1, 1, 1) * root(_smooth(squares))
        octaves.append(functional.interpolate(amount, size=size, mode="bilinear", align_corners=False)[0])
    stacked = torch.stack(octaves)  # (octaves, 3, H, W)
    return torch.stack([stacked[list(chosen)][:, channels].sum(dim=(0, 1)) for chosen, channels in MEMBERS])


def _smooth(squares: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(squares, 3, stride=1, padding=1, count_include_pad=False)
