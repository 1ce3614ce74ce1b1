"""Fit the three parts of the residual detector to samples: tile network, boosted trees, conformal scores.

Knows nothing of files, folders or how samples are made. Training only.
"""

import copy
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import GradientBoostingClassifier
from torch.nn import functional

from predictor.boosted_trees import BoostedTrees
from predictor.guarantees.conformal import ConformalCalibration, calibrate
from predictor.learning.residual.samples import Sample, describe_sample, tile_pairs
from predictor.learning.tree_export import export_trees
from predictor.residual.detector import Floats, ResidualDetector
from predictor.residual.features import Tiles
from predictor.residual.network import TileNetwork
from predictor.residual.strata import STRATA, stratum_of

Report = Callable[[str], None]

_LEARNING_RATE = 3e-3
_CROP_SIDE = 64  # pixels; the network pools over any size
_CROPPED_SHARE = 0.7  # of the steps; the rest see whole tiles, as serving does


def train_network(
    samples: list[Sample],
    *,
    steps: int,
    batch: int,
    seed: int,
    report: Report,
    start: TileNetwork | None = None,
) -> TileNetwork:
    """Train on tiles of twins, benign and attacked in turn; every step sees both of `batch` pairs.

    `start` is a trained network to go on from, at half the pace; it is not changed.
    """
    network = TileNetwork() if start is None else copy.deepcopy(start).train()
    pace = _LEARNING_RATE if start is None else 0.5 * _LEARNING_RATE
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), lr=pace, weight_decay=1e-4)
    tiles, codecs = tile_pairs(samples)
    labels = torch.tensor([0.0, 1.0]).repeat(batch)
    rng = np.random.default_rng(seed)
    running = 0.69
    for step in range(steps):
        progress = step / steps
        chosen = rng.integers(0, len(tiles), batch)
        pairs = tiles[chosen].reshape(2 * batch, *tiles.shape[2:])
        seen = _turned(_cropped(pairs, rng) if progress < _CROPPED_SHARE else pairs, rng)
        pixels = torch.from_numpy(seen).permute(0, 3, 1, 2).float()  # (2 * batch, 3, S, S), channels last
        for group in optimizer.param_groups:
            group["lr"] = pace * min(1.0, 20 * progress + 0.05) * (0.01 + 0.99 * (1 - progress))
        scores = network(pixels, torch.from_numpy(np.repeat(codecs[chosen], 2, axis=0)))
        loss = functional.binary_cross_entropy_with_logits(scores, labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        running += 0.01 * (float(loss.detach()) - running)
        if step % 500 == 499:
            report(f"step {step + 1}: loss {running:.3f}")
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return network.eval()


def fit_trees(rows: Floats, is_attacked: npt.NDArray[np.bool_], *, trees: int, seed: int) -> BoostedTrees:
    """Weigh measures and network scores, one row per picture, with boosted trees, exported as arrays."""
    model = GradientBoostingClassifier(
        n_estimators=trees,
        max_depth=5,
        learning_rate=0.06,
        subsample=0.5,
        max_features="sqrt",
        min_samples_leaf=80,  # fewer, and leaves remember training pictures instead of kinds
        random_state=seed,
    )
    return export_trees(model.fit(rows, is_attacked))


def calibrate_detector(
    network: TileNetwork, trees: BoostedTrees, benign: Iterable[Sample]
) -> ResidualDetector:
    """Score benign pictures nobody trained on; their scores become the calibration.

    Raises:
        ValueError: Too few pictures: a stratum stayed empty.
    """
    scores: dict[str, list[float]] = {name: [] for name in STRATA}
    means: dict[str, list[Floats]] = {name: [] for name in STRATA}
    measures: tuple[str, ...] = ()
    for sample in benign:
        measures = sample.measured.names
        row = describe_sample(network, sample)
        stratum = stratum_of(sample.codec, sample.tiles)
        scores[stratum].append(float(trees.log_odds(row[None])[0]))
        means[stratum].append(sample.measured.values.mean(axis=0))
    empty = [name for name, values in scores.items() if not values]
    if empty:
        raise ValueError(f"expected calibration pictures in every stratum, got none in {empty}: add pictures")
    calibration: ConformalCalibration = calibrate(scores)
    normal = {stratum: _normal(np.stack(values)) for stratum, values in means.items()}
    return ResidualDetector(
        network=network,
        trees=trees,
        measures=measures,
        calibration=calibration,
        normal=normal,
    )


def _cropped(tiles: Tiles, rng: np.random.Generator) -> Tiles:
    """Cut a square from the same place of every tile, on the 8 x 8 lattice: half the work per step."""
    top, left = (int(start) * 8 for start in rng.integers(0, (tiles.shape[1] - _CROP_SIDE) // 8 + 1, 2))
    return tiles[:, top : top + _CROP_SIDE, left : left + _CROP_SIDE]


def _turned(tiles: Tiles, rng: np.random.Generator) -> Tiles:
    """Mirror and turn a batch; the 8 x 8 lattice survives both."""
    if rng.random() < 0.5:
        tiles = tiles[:, ::-1]
    if rng.random() < 0.5:
        tiles = tiles[:, :, ::-1]
    if rng.random() < 0.5:
        tiles = tiles.transpose(0, 2, 1, 3)
    return np.ascontiguousarray(tiles)


def _normal(values: npt.NDArray[np.float32]) -> Floats:
    low, median, high = np.percentile(values, (16, 50, 84), axis=0)
    return np.stack([median, (high - low) / 2 + 0.02]).astype(np.float32)
