"""Prepare what the residual detector is trained and calibrated on: pools of pictures, treated ones, twins.

Every source picture belongs to one part only. A twin is the same picture with and without a perturbation,
stored the same way, so that only the perturbation can tell them apart. Training only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import load
from predictor.learning.residual.bank import AttackedPicture, rescaled
from predictor.learning.residual.benign_pictures import TREATMENTS, draw_graphic, treat
from predictor.learning.residual.encodings import Encoding, draw_encoding, draw_jpeg, store
from predictor.learning.residual.forging import FORGERS, Perturbation, forge
from predictor.residual.features import TILE_SIDE
from predictor.residual.strata import Codec, Container

Pixels = npt.NDArray[np.uint8]
NamedTreatment = Callable[[Pixels, np.random.Generator], tuple[Pixels, str]]
PartName = Literal["train", "calibration", "test"]

_SUFFIXES = (".jpg", ".jpeg", ".png")
# Shares of a sorted folder: training, calibration; the rest is for the final test and never read here.
_PHOTO_SHARES = (0.6, 0.8)
_CAMERA_SHARES = (0.5, 0.75)
_GRAPHICS_SHARES = (0.0, 0.5)
_MAX_SIDE = 512
_CAMERA_CROPS = 8
_JPEG_SHARE = 0.4  # of the twins, on top of what `draw_encoding` draws: attacks are hardest to see there
# Bounds and how often each is drawn: weaker ones leave nothing that could be learned behind a coarse codec.
_FINE_EPS = ((3, 4, 6, 8, 12, 16), (0.04, 0.26, 0.18, 0.26, 0.1, 0.16))
_COARSE_EPS = ((4, 6, 8, 12, 16), (0.08, 0.14, 0.33, 0.2, 0.25))
_EPS: Mapping[Container, tuple[tuple[int, ...], tuple[float, ...]]] = {
    "lossless": ((1, 2, 3, 4, 6, 8, 12, 16), (0.06, 0.22, 0.1, 0.22, 0.1, 0.16, 0.06, 0.08)),
    "fine JPEG": _FINE_EPS,
    "coarse JPEG": _COARSE_EPS,
    "other lossy": _COARSE_EPS,
}
# Behind a lossy codec independent noise is grain ; learnt as an attack, it makes grain suspicious.
_LOSSY_FORGERS = ("iterated", "through_resize", "blurred_sign", "low_frequency", "stripes")
_FORGED_SHARE = 0.4  # of the perturbations; in lossy files less, for the same reason
_LOSSY_FORGED_SHARE = 0.25
_OWN_SHARE = 0.25  # of the perturbations: real attacks on the picture they were made for
_DECOY_SHARE = 0.35  # of the twins: the benign one has noise of its own, so that noise alone decides nothing
_DECOYS = ("grain", "grain", "camera")
_FLAT_COLOURED = ("dither", "pixel_art")  # they come as GIF and PNG; as JPEG they would set its thresholds
_LOSSY_FLAT_SHARE = 0.12


@dataclass(frozen=True)
class Folders:
    """Where the source pictures and networks lie; only `photos` and `networks` are required."""

    photos: Path
    networks: Path
    camera: Path | None = None  # never-compressed photographs
    graphics: tuple[Path, ...] = ()  # scans, charts: calibration only
    held_out_networks: tuple[str, ...] = ("squeezenet_v1.0_dc",)


@dataclass(frozen=True, eq=False)
class Twins:
    """The same picture without and with a perturbation, as a reader of the stored files sees them.

    The benign one may have got honest noise instead.
    """

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
    """List the JPEG and PNG pictures below a folder: WebP has smoothed away the noise that is looked at."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]


def load_pool(folders: Folders, part: PartName, *, graphics: int, rng: np.random.Generator) -> list[Pixels]:
    """Load one part, at most 512 pixels a side, with camera crops and `graphics` made-up pictures."""
    paths = split(pictures_in(folders.photos), part)
    for folder in folders.graphics:
        paths += split(pictures_in(folder), part, _GRAPHICS_SHARES)
    pool = [_crop(load(path).pixels, rng) for path in paths]
    pool = [pixels for pixels in pool if min(pixels.shape[:2]) >= TILE_SIDE]
    if folders.camera is not None:
        for path in split(pictures_in(folders.camera), part, _CAMERA_SHARES):
            pixels = load(path).pixels
            pool += [_crop(pixels, rng) for _ in range(_CAMERA_CROPS)]
    return pool + [draw_graphic(rng) for _ in range(graphics)]


def make_twins(
    pool: Sequence[Pixels], bank: Sequence[AttackedPicture], count: int, rng: np.random.Generator
) -> Iterator[Twins]:
    """Yield twins: most with a real attack, a third of those on the picture it was made for."""
    for _ in range(count):
        encoding = _draw_twin_encoding(rng)
        levels, weights = _EPS[encoding.codec.container]
        eps = float(rng.choice(levels, p=weights))
        base, added = _draw_attack(pool, bank, eps, rng, is_lossless=encoding.codec.is_lossless)
        attacked = np.clip(base + added, 0, 255).astype(np.uint8)
        if rng.random() < _DECOY_SHARE:
            base = _whole_tile(TREATMENTS[str(rng.choice(_DECOYS))](base, rng), base)
        yield _stored(base, attacked, encoding, rng)


def make_benign(
    pool: Sequence[Pixels], each: int, rng: np.random.Generator, treatment: NamedTreatment = treat
) -> Iterator[tuple[Pixels, Codec, str]]:
    """Yield treated, stored benign pictures, `each` per source, with the treatment's name."""
    for pixels in pool:
        for _ in range(each):
            treated, name = treatment(pixels, rng)
            treated = _whole_tile(treated, pixels)
            encoding = draw_encoding(rng)
            if any(word in name for word in _FLAT_COLOURED) and rng.random() >= _LOSSY_FLAT_SHARE:
                encoding = Encoding(Codec(is_lossless=True))
            yield store(treated, encoding), encoding.codec, name


def _draw_twin_encoding(rng: np.random.Generator) -> Encoding:
    if rng.random() >= _JPEG_SHARE:
        return draw_encoding(rng)
    return draw_jpeg(rng)


def _draw_attack(
    pool: Sequence[Pixels],
    bank: Sequence[AttackedPicture],
    eps: float,
    rng: np.random.Generator,
    *,
    is_lossless: bool,
) -> tuple[Pixels, Perturbation]:
    kind = rng.random()
    if kind < _OWN_SHARE and bank:
        entry = bank[int(rng.integers(0, len(bank)))]
        return entry.clean, rescaled(entry, eps)
    source = pool[int(rng.integers(0, len(pool)))]
    base = _whole_tile(treat(source, rng)[0], source)
    if kind < 1.0 - (_FORGED_SHARE if is_lossless else _LOSSY_FORGED_SHARE) and bank:
        entry = bank[int(rng.integers(0, len(bank)))]
        return base, fitted(rescaled(entry, eps), base.shape[:2], rng)
    name = str(rng.choice(list(FORGERS) if is_lossless else _LOSSY_FORGERS))
    return base, forge(name, base.shape[:2], eps=eps, rng=rng)


def _whole_tile(treated: Pixels, source: Pixels) -> Pixels:
    """Fall back on the source where a treatment left too little to measure."""
    return treated if min(treated.shape[:2]) >= TILE_SIDE else source


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
        scale = max(rng.uniform(0.6, 0.95), (TILE_SIDE + 1) / min(*base.shape[:2], *attacked.shape[:2]))
        kernel = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        base, attacked = (
            np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=kernel), dtype=np.uint8)
            for pixels in (base, attacked)
        )
    return Twins(store(base, encoding), store(attacked, encoding), encoding.codec)


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    top = int(rng.integers(0, max(1, height - _MAX_SIDE + 1))) // 8 * 8
    left = int(rng.integers(0, max(1, width - _MAX_SIDE + 1))) // 8 * 8
    return np.ascontiguousarray(pixels[top : top + _MAX_SIDE, left : left + _MAX_SIDE])
