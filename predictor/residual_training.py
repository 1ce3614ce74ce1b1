"""Train and calibrate the residual detector: twins → tile network → boosted trees → conformal scores.

    python -m predictor.residual_training --photos DIR --networks DIR --out ARTIFACT

One core, about twelve minutes. The source pictures are split by file name; the last fifth is never read.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
import torch
import typer
from sklearn.ensemble import GradientBoostingClassifier
from torch.nn import functional

from predictor.artifact import Part, read_part, write_part
from predictor.boosted_trees import BoostedTrees
from predictor.conformal import ConformalCalibration, calibrate
from predictor.reencoding_training import train_judge
from predictor.residual import Floats, ResidualDetector
from predictor.residual_features import Tiles
from predictor.residual_network import TileNetwork
from predictor.residual_pictures import (
    AttackedPicture,
    Folders,
    Pixels,
    build_bank,
    load_pool,
    make_benign,
    make_twins,
    pictures_in,
)
from predictor.residual_samples import Sample, describe_sample, take_sample, take_samples, tile_arrays
from predictor.tree_export import export_trees

Report = Callable[[str], None]

_JUDGE_SIDE = 320  # pixels: enough to tell a re-encoding from an edit
_FILE_FIELDS = ("file", "sha256", "size_bytes")  # of a card entry; written anew with every file


@dataclass(frozen=True)
class Recipe:
    """How much of everything; the defaults are what ships."""

    bank_rounds: int = 5  # 8 attacked pictures per network and round
    network_twins: int = 1600
    tree_twins: int = 1600
    network_steps: int = 800
    batch_twins: int = 32
    benign_each: int = 6  # calibration pictures per source
    trees: int = 300
    judge_pictures: int = 120
    graphics: int = 60  # made-up ones among the training pictures
    seed: int = 0


def train_residual_part(folders: Folders, recipe: Recipe, report: Report) -> Part:
    """Run the whole recipe; return the arrays and what their card should say."""
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    started = time.monotonic()

    def tell(line: str) -> None:
        report(f"{time.monotonic() - started:5.0f} s  {line}")

    pool = load_pool(folders, "train", graphics=recipe.graphics, rng=rng)
    order = [pool[int(index)] for index in rng.permutation(len(pool))]
    bank = build_bank(order, folders, rounds=recipe.bank_rounds, rng=rng)
    tell(f"{len(order)} source pictures, {len(bank)} of them attacked")
    network, trees = _train_models(order, bank, recipe, rng, tell)
    unseen = load_pool(folders, "calibration", graphics=recipe.graphics // 2, rng=rng)
    detector = calibrate_detector(network, trees, unseen, recipe, rng)
    tell("residual detector calibrated")
    judge = train_judge(
        [pixels[:_JUDGE_SIDE, :_JUDGE_SIDE] for pixels in order[: recipe.judge_pictures]],
        [pixels[:_JUDGE_SIDE, :_JUDGE_SIDE] for pixels in unseen[: recipe.judge_pictures]],
        bank,
        each=4,
        rng=rng,
    )
    tell("judge of re-encodings calibrated")
    card = _card(
        folders, recipe, detector, sources=(len(order), len(unseen)), seconds=time.monotonic() - started
    )
    return Part(detector.to_tensors() | judge.to_tensors(), card)


def retrain(folders: Folders, start: Part, recipe: Recipe, report: Report) -> Part:
    """Keep a part's tile network; fit the trees on fresh twins, if the recipe has any, and calibrate anew."""
    rng = np.random.default_rng(recipe.seed)
    trained = ResidualDetector.from_part(start)
    trees = trained.trees
    if recipe.tree_twins:
        pool = load_pool(folders, "train", graphics=recipe.graphics, rng=rng)
        bank = build_bank(pool, folders, rounds=recipe.bank_rounds, rng=rng)
        report(f"{len(pool)} source pictures, {len(bank)} of them attacked")
        twins = make_twins(pool, bank, recipe.tree_twins, rng)
        trees = fit_trees(trained.network, take_samples(twins), recipe)
        report(f"trees fitted on {recipe.tree_twins} twins")
    unseen = load_pool(folders, "calibration", graphics=recipe.graphics // 2, rng=rng)
    detector = calibrate_detector(trained.network, trees, unseen, recipe, rng)
    report(f"calibrated on {len(unseen)} source pictures")
    described = {name: value for name, value in start.card.items() if name not in _FILE_FIELDS}
    described |= {"retrained": asdict(recipe), "calibration": detector.calibration_sizes()}
    return Part({**start.tensors, **detector.to_tensors()}, described)


def _train_models(
    order: list[Pixels],
    bank: list[AttackedPicture],
    recipe: Recipe,
    rng: np.random.Generator,
    tell: Report,
) -> tuple[TileNetwork, BoostedTrees]:
    cut = len(order) // 2  # the trees must see network scores of pictures the network did not train on
    for_network = take_samples(make_twins(order[:cut], bank[::2], recipe.network_twins, rng))
    for_trees = take_samples(make_twins(order[cut:], bank[1::2], recipe.tree_twins, rng))
    tell(f"{len(for_network)} + {len(for_trees)} samples made")
    network = train_network(for_network, recipe, tell)
    trees = fit_trees(network, for_trees, recipe)
    tell("network and trees trained")
    return network, trees


def train_network(samples: list[Sample], recipe: Recipe, report: Report) -> TileNetwork:
    """Train on tiles of benign and attacked pictures."""
    network = TileNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-4)
    tiles, codecs, labels = tile_arrays(samples)
    rng = np.random.default_rng(recipe.seed + 1)
    running = 0.69
    for step in range(recipe.network_steps):
        progress = step / recipe.network_steps
        chosen = rng.integers(0, len(labels), 2 * recipe.batch_twins)
        batch = torch.from_numpy(_turned(tiles[chosen], rng)).permute(0, 3, 1, 2).float()
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, 20 * progress + 0.05) * (0.02 + 0.98 * (1 - progress))
        scores = network(batch, torch.from_numpy(codecs[chosen]))
        loss = functional.binary_cross_entropy_with_logits(scores, torch.from_numpy(labels[chosen]))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        running += 0.02 * (float(loss.detach()) - running)
        if step % 200 == 199:
            report(f"step {step + 1}: loss {running:.3f}")
    network.eval()
    return network


def fit_trees(network: TileNetwork, samples: list[Sample], recipe: Recipe) -> BoostedTrees:
    """Weigh measures and network scores with boosted trees, exported as arrays."""
    rows = np.stack([describe_sample(network, sample) for sample in samples])
    labels = np.array([sample.is_attacked for sample in samples])
    model = GradientBoostingClassifier(
        n_estimators=recipe.trees,
        max_depth=4,
        learning_rate=0.06,
        subsample=0.5,
        max_features="sqrt",
        min_samples_leaf=15,
        random_state=recipe.seed,
    )
    return export_trees(model.fit(rows, labels))


def calibrate_detector(
    network: TileNetwork, trees: BoostedTrees, pool: list[Pixels], recipe: Recipe, rng: np.random.Generator
) -> ResidualDetector:
    """Score benign pictures nobody trained on; their scores become the calibration."""
    scores: dict[str, list[float]] = {"lossless": [], "lossy": []}
    means: dict[str, list[Floats]] = {"lossless": [], "lossy": []}
    for pixels, codec, _ in make_benign(pool, recipe.benign_each, rng):
        sample = take_sample(pixels, codec, is_attacked=False)
        row = describe_sample(network, sample)
        scores[codec.stratum].append(float(trees.log_odds(row[None])[0]))
        means[codec.stratum].append(sample.measured.values.mean(axis=0))
    calibration: ConformalCalibration = calibrate(scores)
    normal = {stratum: _normal(np.stack(values)) for stratum, values in means.items()}
    return ResidualDetector(network=network, trees=trees, calibration=calibration, normal=normal)


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


def _card(
    folders: Folders, recipe: Recipe, detector: ResidualDetector, *, sources: tuple[int, int], seconds: float
) -> dict[str, object]:
    names = [path.name for path in pictures_in(folders.photos)]
    return {
        "intended_use": "flag pictures that carry an added perturbation, at a calibrated false-alarm rate",
        "limits": "no power after heavy JPEG, below two grey levels, or against an informed attacker; "
        "the false-alarm rate holds for pictures like the calibration's, on average over calibrations",
        "recipe": asdict(recipe),
        "training": {
            "photos": folders.photos.name,
            "photo_names_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
            "sources_train": sources[0],
            "sources_calibration": sources[1],
            "held_out_networks": list(folders.held_out_networks),
            "seconds": round(seconds),
        },
        "calibration": detector.calibration_sizes(),
    }


app = typer.Typer(add_completion=False)


@app.command()
def train_residual(  # noqa: PLR0917 (a command's options)
    photos: Annotated[Path, typer.Option(help="Folder of photographs; the last fifth by name is not read.")],
    networks: Annotated[Path, typer.Option(help="Folder of torch.export classifiers (NAME_SIDE_quant.pt2).")],
    out: Annotated[Path, typer.Option(help="Artifact directory; other parts in it are kept.")],
    camera: Annotated[Path | None, typer.Option(help="Never-compressed photographs.")] = None,
    graphics: Annotated[list[Path] | None, typer.Option(help="Scans and charts, for calibration.")] = None,
    share: Annotated[float, typer.Option(help="Do this share of the full recipe.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Fixes pictures, attacks and weights.")] = 0,
    twins: Annotated[
        int | None, typer.Option(help="Fit the trees on this many; 0 with --start keeps them.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Keep this artifact's tile network; train and calibrate the rest.")
    ] = None,
) -> None:
    """Train the no-reference residual detector and store it in an artifact."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    full = Recipe()
    recipe = replace(
        full,
        seed=seed,
        bank_rounds=max(1, round(full.bank_rounds * share)),
        network_twins=round(full.network_twins * share),
        tree_twins=round(full.tree_twins * share) if twins is None else twins,
        judge_pictures=round(full.judge_pictures * share),
        network_steps=round(full.network_steps * share),
    )
    folders = Folders(photos=photos, networks=networks, camera=camera, graphics=tuple(graphics or ()))
    if start is None:
        part = train_residual_part(folders, recipe, _tell)
    else:
        part = retrain(folders, read_part(start, "residual"), recipe, _tell)
    write_part(out, "residual", part)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()
