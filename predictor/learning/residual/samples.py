"""What training keeps of a picture: its flattest tiles, measured. Training only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.image import Image
from predictor.learning.residual.pictures import Pixels, Twins
from predictor.residual.detector import Floats, describe, score_tiles
from predictor.residual.features import TILE_SIDE, TileMeasures, Tiles, choose_tiles, measure_tiles
from predictor.residual.network import TileNetwork
from predictor.residual.strata import Codec


@dataclass(frozen=True, eq=False)
class Sample:
    """What training keeps of one picture."""

    tiles: Tiles
    measured: TileMeasures
    codec: Codec
    is_attacked: bool


def take_samples(twins: Iterable[Twins]) -> list[Sample]:
    """Take both pictures of each pair of twins."""
    samples = []
    for pair in twins:
        samples.append(take_sample(pair.benign, pair.codec, is_attacked=False))
        samples.append(take_sample(pair.attacked, pair.codec, is_attacked=True))
    return samples


def take_sample(
    pixels: Pixels, codec: Codec, *, is_attacked: bool, measures: tuple[str, ...] | None = None
) -> Sample:
    """Choose and measure the tiles of one picture; `measures` are those to keep, if not all."""
    tiles = choose_tiles(Image(pixels))
    measured = measure_tiles(tiles)
    return Sample(tiles, measured.chosen(measures or measured.names), codec, is_attacked)


def describe_sample(network: TileNetwork, sample: Sample) -> Floats:
    """Return the row of one sample that the trees judge."""
    return describe(sample.measured, score_tiles(network, sample.tiles, sample.codec), sample.codec)


def tile_pairs(samples: Sequence[Sample]) -> tuple[Tiles, Floats]:
    """Flatten samples of twins, benign and attacked in turn -> (n, 2, S, S, 3) full-size tiles, codec inputs.

    Twins show the same picture, and mostly the same tiles of it: what a pair differs in is the perturbation.
    """
    twins = zip(samples[::2], samples[1::2], strict=True)
    whole = [pair for pair in twins if all(one.tiles.shape[1] == TILE_SIDE for one in pair)]
    counts = [min(len(one.tiles) for one in pair) for pair in whole]
    tiles = [
        np.stack([one.tiles[:count] for one in pair], axis=1)
        for pair, count in zip(whole, counts, strict=True)
    ]
    inputs = np.array([benign.codec.inputs for benign, _ in whole], dtype=np.float32)
    return np.concatenate(tiles), np.repeat(inputs, counts, axis=0)
