"""Make the calibration of detection that ships: benign pictures of every stratum, measured end to end.

    python tools/calibrate_detection.py --photos ../shared/data/photos/biq2021 --workers 2

About ten minutes of one core. Run it whenever a detector that judges pixels, or the artifact's residual part,
has changed. Photographs are those with which the residual part was calibrated and never trained, whose names
end neither in 8 nor in 9: every sixth teaches which score is surprising, the others calibrate.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from everyday_pictures import Pixels, encode, make_file, resave

from calibration.image import ImageError, decode, load
from calibration.profile import default_profile
from calibration.whole_file import replace_file
from gateway.detection.calibrating import FEWEST, Measured, Measurer, calibrate_detection, learn_surprises
from gateway.detection.combination import DetectionCalibration
from gateway.detection.strata import PAIR_STRATA, SINGLE_STRATA
from predictor.guarantees.conformal import ConformalCalibration
from predictor.learning.residual.pictures import pictures_in, split
from predictor.one_thread import use_one_thread
from predictor.predict import Predictor

EACH = 1610  # pictures a stratum: at 80 % confidence p-values still reach a thousandth
LEARNING_EACH = 150
_BATCH = 25
_TURNS = 4  # some of what is made for one stratum falls into another, and is made up for
_LEARNS = 6  # every sixth photograph
_TESTS = ("8", "9")  # last digits of photographs that are tests
_PAIR_SIDE = 256  # pixels


@dataclass(frozen=True)
class Order:
    """A batch of pictures to make and measure."""

    stratum: str
    part: str  # learning, single, paired
    count: int
    seed: tuple[int, ...]


@dataclass
class _Bench:
    """What one process works with."""

    measurer: Measurer
    learning: list[Pixels]
    calibrating: list[Pixels]


_bench: list[_Bench] = []


def set_up(photos: Path | None, artifact: Path | None) -> None:
    """Load photographs and detectors, once for each process."""
    use_one_thread()
    cv2.setNumThreads(1)
    files = [] if photos is None else split(pictures_in(photos), "calibration")
    files = [file for file in files if not file.stem.endswith(_TESTS)]
    learning, calibrating = files[::_LEARNS], [file for n, file in enumerate(files) if n % _LEARNS]
    _bench[:] = [
        _Bench(
            Measurer(Predictor.load(artifact), default_profile()),
            [load(file).pixels for file in learning],
            [load(file).pixels for file in calibrating],
        )
    ]


def carry_out(order: Order) -> list[Measured]:
    """Make and measure one batch."""
    rng = np.random.default_rng(order.seed)
    measure = _pair if order.part == "paired" else _single
    return [found for _ in range(order.count) for found in measure(order, rng)]


def _single(order: Order, rng: np.random.Generator) -> Iterator[Measured]:
    bench = _bench[0]
    data = make_file(bench.learning if order.part == "learning" else bench.calibrating, order.stratum, rng)
    yield bench.measurer.measure(decode(data), data)


def _pair(order: Order, rng: np.random.Generator) -> Iterator[Measured]:
    bench = _bench[0]
    kinds = (
        "fine JPEG photograph",
        "coarse JPEG photograph",
        "lossless photograph",
        "lossless graphic",
        "other lossy",
    )
    try:
        original = decode(make_file(bench.calibrating, str(rng.choice(kinds)), rng)).image
        pixels = original.pixels[:_PAIR_SIDE, :_PAIR_SIDE]
        earlier = decode(encode(pixels, "lossless", rng)).image
        yield bench.measurer.measure_pair(earlier, decode(resave(earlier.pixels, order.stratum, rng)))
    except ImageError:
        return


def make_calibration(
    run: Callable[[Sequence[Order]], Iterable[list[Measured]]],
    *,
    detectors: str,
    note: str,
    share: float = 1.0,
    seed: int = 0,
) -> DetectionCalibration:
    """Make pictures until every stratum has enough, and fit."""
    parts: dict[str, list[Measured]] = {"learning": [], "single": [], "paired": []}
    for turn in range(_TURNS):
        todo = _orders(parts, share, (seed, turn))
        for order, measured in zip(todo, run(todo), strict=True):
            parts[order.part] += measured
    nothing = ConformalCalibration({})
    start = DetectionCalibration(detectors, learn_surprises(parts["learning"]), nothing, nothing)
    fewest = round(min(1.0, share) * FEWEST)
    return calibrate_detection(start, parts["single"], parts["paired"], note=note, fewest=fewest)


def _orders(done: Mapping[str, Sequence[Measured]], share: float, seed: tuple[int, ...]) -> list[Order]:
    """List what is missing, in batches; the same whatever the number of processes."""
    wanted = [(name, "learning", LEARNING_EACH) for name in SINGLE_STRATA if not done["learning"]]
    wanted += [(name, "single", EACH) for name in SINGLE_STRATA]
    wanted += [(name, "paired", EACH) for name in PAIR_STRATA]
    found = []
    for number, (stratum, part, each) in enumerate(wanted):
        had = sum(one.stratum == stratum for one in done[part])
        missing = max(0, round(share * each) - had)
        for start in range(0, missing, _BATCH):
            found.append(Order(stratum, part, min(_BATCH, missing - start), (*seed, number, start)))
    return found


def main(  # noqa: PLR0917 (a command's options)
    photos: Annotated[Path | None, typer.Option(help="Photographs; without them all is drawn.")] = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("gateway/detection/calibration.json"),
    artifact: Annotated[Path | None, typer.Option(help="Artifact; without it, the one that ships.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; the result is the same.")] = 2,
    share: Annotated[float, typer.Option(help="Make this share of the pictures, to try it.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Fixes the pictures.")] = 0,
) -> None:
    """Calibrate detection on made benign pictures, and write the file."""
    made_of = photos.name if photos else "no photographs"
    note = f"made pictures, photographs from {made_of}; seed {seed}"
    version = Predictor.load(artifact).detectors
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=set_up, initargs=(photos, artifact)
    ) as pool:
        made = make_calibration(
            lambda each: pool.map(carry_out, each),
            detectors=version,
            note=note,
            share=share,
            seed=seed,
        )
    replace_file(out, made.json.encode())
    for name, scores in {**made.single.scores, **made.paired.scores}.items():
        typer.echo(f"{name}: {scores.size}", err=True)


if __name__ == "__main__":
    typer.run(main)
