"""Prepare what the residual detector is trained and calibrated on: pools of pictures, attacks, twins.

Every source picture belongs to one part only. A twin is the same picture with and without a perturbation,
stored the same way, so that only the perturbation can tell them apart. Training only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import load
from predictor.benign_pictures import Encoding, draw_encoding, draw_graphic, store, treat
from predictor.forging import (
    FORGERS,
    Method,
    Network,
    Perturbation,
    UniversalStyle,
    attack,
    forge,
    load_network,
    patch_network,
    through_bottleneck,
    universal,
)
from predictor.residual_strata import Codec

Pixels = npt.NDArray[np.uint8]
PartName = Literal["train", "calibration", "test"]

# Shares of a sorted folder: training, calibration; the rest is for the final test and never read here.
_PHOTO_SHARES = (0.6, 0.8)
_CAMERA_SHARES = (0.5, 0.75)
_GRAPHICS_SHARES = (0.0, 0.5)
_MAX_SIDE = 512
_CAMERA_CROPS = 8
_UNIVERSAL_SIDES = (224, 320)
_BATCH = 8
_EPS_LOSSLESS = ((1, 2, 3, 4, 6, 8, 12, 16), (0.06, 0.18, 0.1, 0.22, 0.1, 0.2, 0.06, 0.08))
_EPS_LOSSY = ((2, 4, 6, 8, 12, 16), (0.05, 0.15, 0.15, 0.3, 0.15, 0.2))


@dataclass(frozen=True)
class Folders:
    """Where the source pictures and networks lie; only `photos` and `networks` are required."""

    photos: Path
    networks: Path
    camera: Path | None = None  # never-compressed photographs
    graphics: tuple[Path, ...] = ()  # scans, charts: calibration only
    held_out_networks: tuple[str, ...] = ("squeezenet_v1.0_dc",)


@dataclass(frozen=True, eq=False)
class AttackedPicture:
    """One attacked picture of the bank: its clean pixels, what was added, within which bound."""

    clean: Pixels
    added: npt.NDArray[np.int8]
    eps: float


@dataclass(frozen=True, eq=False)
class Twins:
    """The same picture without and with a perturbation, as a reader of the stored files sees them."""

    benign: Pixels
    attacked: Pixels
    codec: Codec


def split(paths: Sequence[Path], part: PartName, shares: tuple[float, float] = _PHOTO_SHARES) -> list[Path]:
    """Return one part of a sorted list of files."""
    ordered = sorted(paths)
    first, second = (round(share * len(ordered)) for share in shares)
    parts = {"train": ordered[:first], "calibration": ordered[first:second], "test": ordered[second:]}
    return parts[part]


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures below a folder."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]


def load_pool(folders: Folders, part: PartName, *, graphics: int, rng: np.random.Generator) -> list[Pixels]:
    """Load one part, at most 512 pixels a side, with camera crops and `graphics` made-up pictures."""
    paths = split(pictures_in(folders.photos), part)
    for folder in folders.graphics:
        paths += split(pictures_in(folder), part, _GRAPHICS_SHARES)
    pool = [_crop(load(path).pixels, rng) for path in paths]
    pool = [pixels for pixels in pool if min(pixels.shape[:2]) >= 96]
    if folders.camera is not None:
        for path in split(pictures_in(folders.camera), part, _CAMERA_SHARES):
            pixels = load(path).pixels
            pool += [_crop(pixels, rng) for _ in range(_CAMERA_CROPS)]
    return pool + [draw_graphic(rng) for _ in range(graphics)]


def build_bank(
    pool: Sequence[Pixels], folders: Folders, *, rounds: int, rng: np.random.Generator
) -> list[AttackedPicture]:
    """Attack pictures of the pool with every network, at the sizes networks and gateways see.

    One picture at a time first, then with perturbations made for many pictures at once.
    """
    networks = _networks(folders)
    bank: list[AttackedPicture] = []
    for _ in range(rounds):
        for network, side in networks:
            size = side or int(rng.choice([320, 384, 448, 512]))
            chosen = [pool[int(index)] for index in rng.integers(0, len(pool), _BATCH)]
            batch = np.stack([_square(pixels, size) for pixels in chosen])
            eps = float(rng.choice([4, 8, 16]))
            method: Method = ("pgd", "pgd", "mi", "fgsm")[int(rng.integers(0, 4))]
            added = attack(network, batch, eps=eps, steps=5, method=method, rng=rng)
            bank += [
                AttackedPicture(clean, change.astype(np.int8), eps)
                for clean, change in zip(batch, added, strict=True)
            ]
    return bank + _universal_bank(pool, networks, rng)


def _universal_bank(
    pool: Sequence[Pixels], networks: Sequence[tuple[Network, int | None]], rng: np.random.Generator
) -> list[AttackedPicture]:
    styles: tuple[UniversalStyle, ...] = ("signs", "scaled")
    bank: list[AttackedPicture] = []
    for turn, network in enumerate(network for network, side in networks if side is None):
        side = int(rng.choice(_UNIVERSAL_SIDES))
        chosen = [pool[int(index)] for index in rng.integers(0, len(pool), 3 * _BATCH)]
        batch = np.stack([_square(pixels, side) for pixels in chosen])
        style = styles[turn % len(styles)]
        added = universal(network, batch, eps=16, steps=6, style=style, rng=rng).astype(np.int8)
        bank += [AttackedPicture(clean, added, 16.0) for clean in batch[:_BATCH]]
    return bank


def make_twins(
    pool: Sequence[Pixels], bank: Sequence[AttackedPicture], count: int, rng: np.random.Generator
) -> Iterator[Twins]:
    """Yield twins: half with a real attack, a third of those on the very picture it was made for."""
    for _ in range(count):
        encoding = draw_encoding(rng)
        levels, weights = _EPS_LOSSLESS if encoding.codec.is_lossless else _EPS_LOSSY
        eps = float(rng.choice(levels, p=weights))
        base, added = _draw_attack(pool, bank, eps, rng)
        attacked = np.clip(base + added, 0, 255).astype(np.uint8)
        yield _stored(base, attacked, encoding, rng)


def make_benign(
    pool: Sequence[Pixels], each: int, rng: np.random.Generator
) -> Iterator[tuple[Pixels, Codec, str]]:
    """Yield treated, stored benign pictures, `each` per source, with the treatment's name."""
    for pixels in pool:
        for _ in range(each):
            treated, name = treat(pixels, rng)
            encoding = draw_encoding(rng)
            yield store(treated, encoding), encoding.codec, name


def _networks(folders: Folders) -> list[tuple[Network, int | None]]:
    """Every training network with the picture side it is attacked at; None: at the size of the picture."""
    found: list[tuple[Network, int | None]] = []
    for path in sorted(folders.networks.glob("*.pt2")):
        if path.stem in folders.held_out_networks:
            continue
        side = int(path.stem.rsplit("_", 2)[1])
        network = load_network(path, side)
        found += [(network, side), (network, None), (through_bottleneck(network, 96), None)]
    for seed in range(3):
        found.append((patch_network(side=96, patch=16, seed=seed), None))
    return found


def _draw_attack(
    pool: Sequence[Pixels], bank: Sequence[AttackedPicture], eps: float, rng: np.random.Generator
) -> tuple[Pixels, Perturbation]:
    kind = rng.random()
    if kind < 0.25 and bank:
        entry = bank[int(rng.integers(0, len(bank)))]
        return entry.clean, rescaled(entry, eps)
    base, _ = treat(pool[int(rng.integers(0, len(pool)))], rng)
    if kind < 0.6 and bank:
        entry = bank[int(rng.integers(0, len(bank)))]
        return base, fitted(rescaled(entry, eps), base.shape[:2], rng)
    name = str(rng.choice(list(FORGERS)))
    return base, forge(name, base.shape[:2], eps=eps, rng=rng)


def rescaled(entry: AttackedPicture, eps: float) -> Perturbation:
    """Scale what was added to another bound."""
    return np.round(entry.added.astype(np.float32) * (eps / entry.eps))


def fitted(added: Perturbation, shape: tuple[int, int], rng: np.random.Generator) -> Perturbation:
    """Mirror the perturbation out to the shape, from a random start, turned at random."""
    added = np.rot90(added, int(rng.integers(0, 4)))
    pads = [(0, max(0, wanted - had)) for wanted, had in zip(shape, added.shape[:2], strict=True)]
    padded = np.pad(added, [*pads, (0, 0)], mode="symmetric")
    top = int(rng.integers(0, padded.shape[0] - shape[0] + 1))
    left = int(rng.integers(0, padded.shape[1] - shape[1] + 1))
    return padded[top : top + shape[0], left : left + shape[1]]


def _stored(base: Pixels, attacked: Pixels, encoding: Encoding, rng: np.random.Generator) -> Twins:
    if rng.random() < 0.08:
        scale = rng.uniform(0.6, 0.95)
        size = (round(base.shape[1] * scale), round(base.shape[0] * scale))
        kernel = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        base, attacked = (
            np.asarray(cv2.resize(pixels, size, interpolation=kernel)) for pixels in (base, attacked)
        )
    return Twins(store(base, encoding), store(attacked, encoding), encoding.codec)


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    top = int(rng.integers(0, max(1, height - _MAX_SIDE + 1))) // 8 * 8
    left = int(rng.integers(0, max(1, width - _MAX_SIDE + 1))) // 8 * 8
    return np.ascontiguousarray(pixels[top : top + _MAX_SIDE, left : left + _MAX_SIDE])


def _square(pixels: Pixels, side: int) -> Pixels:
    if pixels.shape[:2] == (side, side):
        return pixels
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)
