"""Make the critic LMM's tower of the specialist's network: what has learned to see need not learn again.

The network's residual steps become plain convolutions that carry their input along: what is positive passes
a ReLU as it is. Beside its features the tower carries light, colour and fine detail, and of every feature
what exceeds a high value, so that means over a ninth tell spreads too.
"""

from collections.abc import Sequence
from typing import Any  # transformers has no types

import cv2
import numpy as np
import torch
from torch import Tensor

from calibration.image import Pixels
from calibration.observers.critic.architecture import WIDTHS
from calibration.observers.embedded.batches import normalise
from predictor.critic.network import CHANNELS, FeatureNetwork

_STEM = 7  # pixels a side of the stem's filters; the network's six stand at its lower right
_BESIDE = WIDTHS[0] - 32  # channels that are carried along from the stem
_EXCEEDED = 1.0  # spreads above its mean: the high value of a feature
_LUMINANCE = torch.tensor([0.299, 0.587, 0.114])
_RED_GREEN = torch.tensor([1.0, -1.0, 0.0])
_YELLOW_BLUE = torch.tensor([0.5, 0.5, -1.0])
_TONES = (2.0, 1.0, 0.3, -0.4, -1.1)  # light counts from these on; black is -2, white 2
_GAIN = 4.0  # of fine detail, which is weak


@torch.no_grad()
def make_tower(tower: Any, network: FeatureNetwork, sample: Sequence[Pixels]) -> None:
    """Write the network's weights into an untrained tower; `sample` are views that tell usual features."""
    backbone = tower.embeddings.backbone.textnet
    stages = [list(stage.stage) for stage in backbone.encoder.stages]
    (a,), (ab, c), (cd, cde), (high, pooled) = stages
    _write_stem(backbone.stem, network)
    _write(a, _beside(*_folded(network.a), mean=True))
    _write(ab, _carrying(*_folded(network.b)))
    _write(c, _beside(*_of_sum(*_folded(network.c)), mean=True))
    _write(cd, _carrying(*_folded(network.d)))
    weight, bias = _of_sum(*_folded(network.e))
    _write(
        cde, _beside(torch.cat([_same(CHANNELS, 3, twice=True), weight]), _padded(bias, CHANNELS), mean=False)
    )
    _write_pooled(pooled)
    _write_passing(tower)
    _write(high, _exceeding(torch.zeros(CHANNELS)))
    features = look(tower.eval(), normalise(sample)).flatten(0, 1)  # (P, VISION_WIDTH)
    spread = features[:, :CHANNELS].std(dim=0) * 4  # of means over a ninth: of single places it is larger
    _write(high, _exceeding(features[:, :CHANNELS].mean(dim=0) + _EXCEEDED * spread / 2))


def look(tower: Any, pixels: Tensor) -> Tensor:
    """Return the tokens (N, 9, VISION_WIDTH) of normalised views (N, 3, SIDE, SIDE)."""
    shown = pixels.contiguous(memory_format=torch.channels_last)
    hidden = tower(shown, output_hidden_states=True, return_dict=True).hidden_states[-1]
    tokens: Tensor = hidden[:, 1:]
    return tokens


def _folded(layer: Any) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution with its batch norm."""
    convolution, norm = layer[0], layer[1]
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain


def _write_stem(stem: Any, network: FeatureNetwork) -> None:
    weight, bias = _folded(network.stem)
    filters, offsets = _detail_filters()
    whole = torch.zeros(WIDTHS[0], 3, _STEM, _STEM)
    whole[: len(weight), :, 1:, 1:] = weight
    whole[len(weight) :] = filters
    stem.conv.weight.copy_(whole)
    _set_norm(stem.batch_norm, torch.cat([bias, offsets]))


def _detail_filters() -> tuple[Tensor, Tensor]:
    """Return filters (24, 3, 7, 7) and offsets of light, colour, and detail at two scales."""
    flat = _at_centre(torch.full((4, 4), 1 / 16))
    chequer = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6
    cross = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]) / 4
    across, down = torch.tensor([[-1.0, 1.0]]), torch.tensor([[-1.0], [1.0]])
    wide = torch.from_numpy(cv2.resize(chequer.numpy(), (6, 6), interpolation=cv2.INTER_NEAREST)) / 4
    filters, offsets = [], []

    def add(kernel: Tensor, colours: Tensor, offset: float) -> None:
        filters.append(colours[:, None, None] * _at_centre(kernel))
        offsets.append(offset)

    for tone in _TONES:
        add(flat, _LUMINANCE, tone)
    for colours in (_RED_GREEN, _YELLOW_BLUE):
        for sign in (1, -1):
            add(sign * flat, colours, 0.0)
    for kernel in (chequer, cross, across, down, wide):
        for sign in (1, -1):
            add(sign * _GAIN * kernel, _LUMINANCE, 0.0)
    for offset in (-0.3, -1.0):
        add(_GAIN * chequer, _LUMINANCE, offset)
    add(_GAIN * chequer, _RED_GREEN, 0.0)
    add(_GAIN * across, _LUMINANCE, -1.0)
    add(_GAIN * cross, _YELLOW_BLUE, 0.0)
    return torch.stack(filters), torch.tensor(offsets)


def _at_centre(kernel: Tensor) -> Tensor:
    if kernel.shape == (_STEM, _STEM):
        return kernel
    whole = torch.zeros(_STEM, _STEM)
    top, left = ((_STEM - length) // 2 for length in kernel.shape)
    whole[top : top + kernel.shape[0], left : left + kernel.shape[1]] = kernel
    return whole


def _same(channels: int, side: int, *, twice: bool = False) -> Tensor:
    """Return filters that give back their input, or the sum of its halves."""
    one = torch.zeros(channels, channels, side, side)
    one[torch.arange(channels), torch.arange(channels), side // 2, side // 2] = 1
    return torch.cat([one, one], dim=1) if twice else one


def _of_sum(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return filters for an input that comes as two summands."""
    return torch.cat([weight, weight], dim=1), bias


def _carrying(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return filters that give their input, then what the layer makes of it, then what is carried along."""
    inputs = weight.shape[1]
    return _beside(torch.cat([_same(inputs, 3), weight]), _padded(bias, inputs), mean=False)


def _padded(bias: Tensor, before: int) -> Tensor:
    return torch.cat([torch.zeros(before), bias])


def _beside(weight: Tensor, bias: Tensor, *, mean: bool) -> tuple[Tensor, Tensor]:
    """Carry the stem's other channels along: their means over three by three, or as they are."""
    outputs, inputs, side, _ = weight.shape
    whole = torch.zeros(outputs + _BESIDE, inputs + _BESIDE, side, side)
    whole[:outputs, :inputs] = weight
    places = torch.arange(_BESIDE)
    if mean:
        whole[outputs + places, inputs + places] = 1 / side**2
    else:
        whole[outputs + places, inputs + places, side // 2, side // 2] = 1
    return whole, _padded_after(bias, _BESIDE)


def _padded_after(bias: Tensor, after: int) -> Tensor:
    return torch.cat([bias, torch.zeros(after)])


def _exceeding(high: Tensor) -> tuple[Tensor, Tensor]:
    """Return filters that sum the two summands, give what exceeds `high` of it, and carry the rest along."""
    summed = _same(CHANNELS, 1, twice=True)
    return _beside(torch.cat([summed, summed]), torch.cat([torch.zeros(CHANNELS), -high]), mean=False)


def _write_pooled(layer: Any) -> None:
    channels = WIDTHS[-1]
    weight = torch.zeros(channels, channels, 4, 4)
    weight[torch.arange(channels), torch.arange(channels)] = 1 / 16
    _write(layer, (weight, torch.zeros(channels)))


def _write(layer: Any, filters: tuple[Tensor, Tensor]) -> None:
    """Set a layer to one convolution; its other branches add nothing."""
    weight, bias = filters
    layer.main_conv.weight.copy_(weight)
    _set_norm(layer.main_batch_norm, bias)
    for name in ("vertical", "horizontal"):
        convolution = getattr(layer, f"{name}_conv")
        if convolution is not None:
            convolution.weight.zero_()
            _set_norm(getattr(layer, f"{name}_batch_norm"), torch.zeros_like(bias))
    if layer.rbr_identity is not None:
        _set_norm(layer.rbr_identity, torch.zeros_like(bias))
        layer.rbr_identity.weight.zero_()


def _set_norm(norm: Any, bias: Tensor) -> None:
    """Make a batch norm that adds `bias` and changes nothing else."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0)
    norm.weight.fill_(float(np.sqrt(1 + norm.eps)))
    norm.bias.copy_(bias)


def _write_passing(tower: Any) -> None:
    """Pass the backbone's channels on as tokens; the one layer of attention begins as adding nothing."""
    embeddings = tower.embeddings
    embeddings.projection.weight.copy_(_same(WIDTHS[-1], 1))
    embeddings.projection.bias.zero_()
    for name, parameter in tower.encoder.named_parameters():
        if ".output.dense." in name:
            parameter.zero_()
