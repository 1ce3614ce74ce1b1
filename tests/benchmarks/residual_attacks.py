"""Attack pictures nobody trained on with a network nobody trained on, for `residual.py`.

Attacking costs minutes; pass a folder to keep the result for the next run of the same size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from calibration.image import load
from predictor.learning.residual.forging import attack, load_network, universal
from predictor.learning.residual.hardening import hardened

EPS = (2, 4, 8, 16)
SIDES = (227, 320, 448)
UNIVERSAL_EPS = (8, 16)
HARDENED_EPS = (8, 16)
STYLES = ("signs", "scaled")
BATCH = 4


@dataclass(frozen=True, eq=False)
class Attacked:
    """One attacked picture before it is stored."""

    source: str
    kind: str  # pgd, mi, hardened, universal_signs, universal_scaled
    eps: int
    pixels: np.ndarray


def attacked_pictures(
    model: Path, paths: list[Path], lessons: list[Path], keep: Path | None
) -> Iterator[Attacked]:
    """Yield every attack of every picture; universal ones are made from `lessons`, other pictures."""
    network = load_network(model, 227)
    rng = np.random.default_rng(2024)
    yield from _kept(keep, "single", lambda: _single(network, paths, rng), len(paths))
    yield from _kept(keep, "hardened", lambda: _hardened(network, paths, rng), len(paths))
    yield from _kept(keep, "universal", lambda: _universal(network, paths, lessons, rng), len(paths))


def _kept(folder, name, make, count) -> Iterator[Attacked]:
    if folder is None:
        yield from make()
        return
    file = folder / f"{name}_{count}.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = list(make())
        arrays = {f"{index}|{one.source}|{one.kind}|{one.eps}": one.pixels for index, one in enumerate(made)}
        np.savez(file, **arrays)
    with np.load(file) as arrays:
        for key in arrays.files:
            _, source, kind, eps = key.split("|")
            yield Attacked(source, kind, int(eps), arrays[key])


def _single(network, paths: list[Path], rng: np.random.Generator) -> Iterator[Attacked]:
    for start in range(0, len(paths), BATCH):
        turn = start // BATCH
        batch = _squares(paths[start : start + BATCH], SIDES[turn % len(SIDES)])
        method = "pgd" if turn % 2 == 0 else "mi"
        for eps in EPS:
            added = attack(network, batch, eps=eps, steps=10, method=method, rng=rng)
            moved = np.clip(batch + added, 0, 255).astype(np.uint8)
            for path, pixels in zip(paths[start : start + BATCH], moved, strict=True):
                yield Attacked(path.stem, method, eps, pixels)


def _hardened(network, paths: list[Path], rng: np.random.Generator) -> Iterator[Attacked]:
    """Attacks that reckon with JPEG and resizing on their way (EOT)."""
    for start in range(0, len(paths), BATCH):
        batch = _squares(paths[start : start + BATCH], SIDES[start // BATCH % 2])
        for eps in HARDENED_EPS:
            added = attack(hardened(network, rng), batch, eps=eps, steps=10, method="pgd", rng=rng)
            moved = np.clip(batch + added, 0, 255).astype(np.uint8)
            for path, pixels in zip(paths[start : start + BATCH], moved, strict=True):
                yield Attacked(path.stem, "hardened", eps, pixels)


def _universal(
    network, paths: list[Path], lessons: list[Path], rng: np.random.Generator
) -> Iterator[Attacked]:
    for turn, side in enumerate(SIDES[:2]):
        pictures = _squares(lessons[:40], side)
        chosen = paths[turn::2]
        for style in STYLES:
            for eps in UNIVERSAL_EPS:
                added = universal(network, pictures, eps=eps, steps=10, style=style, rng=rng)
                moved = np.clip(_squares(chosen, side) + added, 0, 255).astype(np.uint8)
                for path, pixels in zip(chosen, moved, strict=True):
                    yield Attacked(path.stem, f"universal_{style}", eps, pixels)


def _squares(paths: list[Path], side: int) -> np.ndarray:
    return np.stack(
        [cv2.resize(load(path).pixels, (side, side), interpolation=cv2.INTER_AREA) for path in paths]
    )
