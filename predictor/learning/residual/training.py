r"""Train and calibrate the residual detector: twins → tile network → boosted trees → conformal scores.

    python -m predictor.learning.residual.training --photos DIR --networks DIR --camera DIR --graphics DIR \
        --out DIR

About 25 minutes of one core, 17 of two; some gigabytes. The source pictures are split by file name; the last
fifth is never read.
"""

import hashlib
import time
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from predictor.artifact import FILE_FIELDS, Part, read_part, write_part
from predictor.learning.residual.bank import load_victims
from predictor.learning.residual.fitting import Report, calibrate_detector, fit_trees, train_network
from predictor.learning.residual.pictures import Folders, Pixels, load_pool, make_benign, pictures_in
from predictor.learning.residual.reencoding_training import calibrate_judge
from predictor.learning.residual.samples import describe_sample, take_sample
from predictor.learning.residual.stock import Orders, Stock, build_banks, ordered, taken
from predictor.one_thread import use_one_thread
from predictor.residual.detector import CONFIDENCE, ResidualDetector
from predictor.residual.reencoding import ReencodingJudge

_OF_ITS_CALIBRATION = ("held_out", "learning_curve")  # of a card: not of another's
_NETWORK_SHARE = 0.4  # of the training sources; the trees, which gain more from new ones, get the others


@dataclass(frozen=True)
class Recipe:
    """How much of everything; the defaults are what ships."""

    bank_rounds: int = 4  # per training pool: 8 attacked pictures per network, and universal perturbations
    network_twins: int = 2000
    tree_twins: int = 9000
    tree_benign_each: int = 8  # further benign pictures per source of the trees' pool
    tree_hard_each: int = 4  # the same, of the kinds that look most like a perturbation
    network_steps: int = 3000
    batch_twins: int = 32
    benign_each: int = 16  # calibration pictures per source
    trees: int = 700
    judge_pictures: int = 150
    judge_each: int = 45  # deliveries of each calibration source: 1,700 and more of every stratum
    graphics: int = 60  # made-up ones among the training pictures
    seed: int = 0


def train_residual_part(
    folders: Folders, recipe: Recipe, report: Report, workers: int = 1, first: Part | None = None
) -> Part:
    """Run the whole recipe; return the arrays and what their card should say.

    The network goes on from that of `first`. Train both with the same photographs, graphics and seed, or the
    trees will trust scores of pictures that its network knew.
    """
    rng = np.random.default_rng(recipe.seed)
    torch.manual_seed(recipe.seed)
    tell = _timed(report)
    started = time.monotonic()
    stock = _gather(folders, recipe, rng, workers)
    tell(
        f"{len(stock.for_network) + len(stock.for_trees)} source pictures, "
        f"{len(stock.network_bank) + len(stock.tree_bank)} attacked"
    )
    with ordered(
        stock,
        network_twins=recipe.network_twins,
        tree_twins=recipe.tree_twins,
        tree_benign_each=recipe.tree_benign_each,
        tree_hard_each=recipe.tree_hard_each,
        benign_each=recipe.benign_each,
        judge_pictures=recipe.judge_pictures,
        judge_each=recipe.judge_each,
        workers=workers,
        seed=recipe.seed,
    ) as orders:
        detector = _fit(orders, recipe, tell, first)
        judge = orders.judge.result()
    tell("judge of re-encodings trained")
    card = _card(folders, recipe, (detector, judge), stock, seconds=time.monotonic() - started)
    if first is not None:
        card["network_went_on_from"] = first.card.get("sha256")
    return Part(detector.to_tensors() | judge.to_tensors(), card)


def recalibrate(folders: Folders, start: Part, recipe: Recipe) -> Part:
    """Keep everything a part learned; take benign pictures of the folders as its calibration."""
    rng = np.random.default_rng(recipe.seed)
    trained = ResidualDetector.from_part(start)
    pool = load_pool(folders, "calibration", graphics=recipe.graphics // 2, rng=rng)
    pictures = make_benign(pool, recipe.benign_each, rng)
    benign = [
        take_sample(pixels, codec, is_attacked=False, measures=trained.measures)
        for pixels, codec, _ in pictures
    ]
    detector = calibrate_detector(trained.network, trained.trees, benign)
    judge = calibrate_judge(
        ReencodingJudge.from_tensors(start.tensors).trees, pool, each=recipe.judge_each, rng=rng
    )
    stale = (*FILE_FIELDS, *_OF_ITS_CALIBRATION)
    described = {name: value for name, value in start.card.items() if name not in stale}
    described |= {
        "recalibrated": folders.photos.name,
        "calibration": _calibration_card(detector, judge, pool),
    }
    return Part({**start.tensors, **detector.to_tensors(), **judge.to_tensors()}, described)


def _gather(folders: Folders, recipe: Recipe, rng: np.random.Generator, workers: int) -> Stock:
    """Split the training pictures: trees must see network scores of pictures the network never saw."""
    pool = load_pool(folders, "train", graphics=recipe.graphics, rng=rng)
    order = [pool[int(index)] for index in rng.permutation(len(pool))]
    victims = load_victims(folders.networks, folders.held_out_networks)
    unseen = load_pool(folders, "calibration", graphics=recipe.graphics // 2, rng=rng)
    order_calibration = [unseen[int(index)] for index in rng.permutation(len(unseen))]
    cut = round(_NETWORK_SHARE * len(order))
    pools = order[:cut], order[cut:]
    banks = build_banks(pools, victims, rounds=recipe.bank_rounds, workers=workers, seed=recipe.seed)
    return Stock(*pools, order_calibration, *banks)


def _fit(orders: Orders, recipe: Recipe, tell: Report, first: Part | None) -> ResidualDetector:
    lessons = list(taken(orders.network))
    tell(f"{len(lessons)} samples for the network")
    network = train_network(
        lessons,
        steps=recipe.network_steps,
        batch=recipe.batch_twins,
        seed=recipe.seed + 1,
        report=tell,
        start=None if first is None else ResidualDetector.from_part(first).network,
    )
    del lessons  # a gigabyte
    tell("network trained")
    rows, is_attacked = [], []
    for sample in chain(taken(orders.trees), taken(orders.extra), taken(orders.hard)):
        rows.append(describe_sample(network, sample))
        is_attacked.append(sample.is_attacked)
    trees = fit_trees(np.stack(rows), np.array(is_attacked), trees=recipe.trees, seed=recipe.seed)
    tell(f"trees fitted on {len(rows)} samples")
    detector = calibrate_detector(network, trees, taken(orders.benign))
    tell(f"calibrated: {detector.calibration_sizes()}")
    return detector


def _timed(report: Report) -> Report:
    started = time.monotonic()
    return lambda line: report(f"{time.monotonic() - started:5.0f} s  {line}")


def _card(
    folders: Folders,
    recipe: Recipe,
    made: tuple[ResidualDetector, ReencodingJudge],
    stock: Stock,
    *,
    seconds: float,
) -> dict[str, object]:
    names = [path.name for path in pictures_in(folders.photos)]
    return {
        "intended_use": "flag pictures that carry an added perturbation, at a calibrated false-alarm rate",
        "limits": "next to no power within 4 grey levels after JPEG 90 or 8 after JPEG 75, within 1 without "
        "a codec, for patterns that reach their bound in few places, or against an informed attacker; "
        "the false-alarm rate holds for pictures like the calibration's, on average over calibrations",
        "measures": list(made[0].measures),
        "recipe": asdict(recipe),
        "training": {
            "photos": folders.photos.name,
            "photo_names_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
            "sources_train": len(stock.for_network) + len(stock.for_trees),
            "sources_calibration": len(stock.for_calibration),
            "attacked_pictures": len(stock.network_bank) + len(stock.tree_bank),
            "held_out_networks": list(folders.held_out_networks),
            "seconds": round(seconds),
        },
        "calibration": _calibration_card(*made, stock.for_calibration),
    }


def _calibration_card(
    detector: ResidualDetector, judge: ReencodingJudge, pool: list[Pixels]
) -> dict[str, object]:
    """List the strata, their sizes, and a fingerprint of the source pictures, whatever their order."""
    each = sorted(hashlib.sha256(pixels.tobytes()).hexdigest() for pixels in pool)
    return {
        "strata": detector.calibration_sizes(),
        "reencodings": judge.calibration_sizes(),
        "confidence": CONFIDENCE,
        "sources": len(pool),
        "pictures_sha256": hashlib.sha256("\n".join(each).encode()).hexdigest(),
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
    start: Annotated[
        Path | None, typer.Option(help="Keep this artifact's models; only calibrate on your photographs.")
    ] = None,
    first: Annotated[
        Path | None, typer.Option(help="Let the network go on from this artifact's, in fewer steps.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that make samples; the result is the same.")] = 2,
) -> None:
    """Train the no-reference residual detector and store it in an artifact.

    Photographs are split by name: 60 % train, the next 20 % calibrate the false-alarm rate, the last 20 %
    are left for tests. The calibration should look like your traffic: give --camera (true camera PNGs) and
    --graphics (scans, charts) when you have them. About 25 minutes of one core, 17 of two; --share 0.05 tries
    everything in four minutes. With --start the models stay and your pictures replace the calibration: do
    that when your traffic differs from ours. Measure the result with tests/benchmarks/residual.py
    --artifact OUT.
    """
    use_one_thread()
    full = Recipe()
    recipe = replace(
        full,
        seed=seed,
        bank_rounds=max(1, round(full.bank_rounds * share)),
        network_twins=round(full.network_twins * share),
        tree_twins=round(full.tree_twins * share),
        tree_benign_each=max(1, round(full.tree_benign_each * share)),
        tree_hard_each=max(1, round(full.tree_hard_each * share)),
        benign_each=max(4, round(full.benign_each * share)),
        judge_pictures=round(full.judge_pictures * share),
        judge_each=max(1, round(full.judge_each * share)),
        network_steps=round(full.network_steps * share),
    )
    folders = Folders(photos=photos, networks=networks, camera=camera, graphics=tuple(graphics or ()))
    if start is None:
        begun = None if first is None else read_part(first, "residual")
        part = train_residual_part(folders, recipe, _tell, workers, begun)
    else:
        part = recalibrate(folders, read_part(start, "residual"), recipe)
    write_part(out, "residual", part)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()
