"""What training keeps of a picture: its flattest tiles, measured. Training only."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from calibration.image import Image
from predictor.residual import Floats, describe, score_tiles
from predictor.residual_features import TileMeasures, Tiles, choose_tiles, measure_tiles
from predictor.residual_network import TileNetwork
from predictor.residual_pictures import Pixels, Twins
from predictor.residual_strata import Codec


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


def tile_arrays(samples: list[Sample]) -> tuple[Tiles, Floats, Floats]:
    """Flatten the full-size tiles of all samples -> tiles, codec inputs, labels."""
    whole = [sample for sample in samples if sample.tiles.shape[1] == 96]
    tiles = np.concatenate([sample.tiles for sample in whole])
    counts = [len(sample.tiles) for sample in whole]
    codecs = np.repeat(np.array([sample.codec.inputs for sample in whole], dtype=np.float32), counts, axis=0)
    labels = np.repeat(np.array([sample.is_attacked for sample in whole], dtype=np.float32), counts)
    return tiles, codecs, labels
