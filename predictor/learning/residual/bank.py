"""Attack pictures with every network at hand, and with made-up ones: the bank perturbations are drawn from.

The networks see pictures whole, squeezed to their own input, or through a small square, as the vision
encoders of language models do: each leaves another texture. Training only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from predictor.learning.residual.forging import (
    Method,
    Network,
    Perturbation,
    attack,
    load_network,
    patch_network,
    stem_network,
    through_bottleneck,
    universal,
)
from predictor.learning.residual.hardening import hardened

Pixels = npt.NDArray[np.uint8]

_BATCH = 8
_NATIVE_SIDES = (256, 320, 384, 448, 512)
_HARDENED_SIDES = (224, 256, 320)
_UNIVERSAL_SIDES = (224, 320)
_UNIVERSAL_EPS = 16.0
_METHODS: Sequence[Method] = ("pgd", "pgd", "mi", "mi", "fgsm")
_BOTTLENECKS = (64, 96, 96, 128, 224)
_PATCHES = ((64, 8), (96, 16), (96, 16), (96, 8), (128, 16), (224, 14), (224, 16), (336, 14))
_STEMS = ((3, 2), (5, 2), (7, 2), (7, 2), (11, 4))
_STEM_SIDES = (112, 160, 224, 224, 299)


@dataclass(frozen=True, eq=False)
class AttackedPicture:
    """One attacked picture of the bank: its clean pixels, what was added, within which bound."""

    clean: Pixels
    added: npt.NDArray[np.int8]
    eps: float


@dataclass(frozen=True)
class Victim:
    """A network to attack, and the side of the pictures it is attacked with; None draws one."""

    network: Network
    side: int | None = None


def load_victims(folder: Path, held_out: Sequence[str]) -> list[Victim]:
    """Load the trained classifiers of a folder (NAME_SIDE_quant.pt2), but those held out."""
    paths = [path for path in sorted(folder.glob("*.pt2")) if path.stem not in held_out]
    sides = [int(path.stem.rsplit("_", 2)[1]) for path in paths]
    return [Victim(load_network(path, side), side) for path, side in zip(paths, sides, strict=True)]


def build_bank(
    pool: Sequence[Pixels], trained: Sequence[Victim], *, rounds: int, rng: np.random.Generator
) -> list[AttackedPicture]:
    """Attack pictures of the pool, at the sizes networks and gateways see, with other networks every round.

    Mostly one picture at a time; some perturbations are made for many pictures at once.
    """
    bank: list[AttackedPicture] = []
    for _ in range(rounds):
        victims = _all_sizes(trained, rng) + _made_up(rng)
        victims += [_hardened(victims[int(index)], rng) for index in rng.integers(0, len(victims), 4)]
        for victim in victims:
            bank += _attacked(_draw(pool, victim.side or int(rng.choice(_NATIVE_SIDES)), rng), victim, rng)
        for make in (_dense, _scaled):
            victim = victims[int(rng.integers(len(victims)))]
            bank += make(_draw(pool, int(rng.choice(_UNIVERSAL_SIDES)), rng), victim, rng)
    return bank


def rescaled(entry: AttackedPicture, eps: float) -> Perturbation:
    """Scale what was added to another bound."""
    return np.round(entry.added.astype(np.float32) * (eps / entry.eps))


def _all_sizes(trained: Sequence[Victim], rng: np.random.Generator) -> list[Victim]:
    """Each trained network at its own input, at the picture's size, and through a smaller square."""
    small = int(rng.choice(_BOTTLENECKS))
    return [
        one
        for victim in trained
        for one in (
            victim,
            Victim(victim.network),
            Victim(through_bottleneck(victim.network, small)),
        )
    ]


def _made_up(rng: np.random.Generator) -> list[Victim]:
    """Untrained networks of random shape: patch encoders and convolutional stems."""
    seeds = [int(seed) for seed in rng.integers(0, 2**31, 6)]
    patches = [_PATCHES[int(index)] for index in rng.integers(0, len(_PATCHES), 3)]
    stems = [_STEMS[int(index)] for index in rng.integers(0, len(_STEMS), 3)]
    made = [
        Victim(patch_network(side=side, patch=patch, seed=seed))
        for (side, patch), seed in zip(patches, seeds[:3], strict=True)
    ]
    for (kernel, stride), seed in zip(stems, seeds[3:], strict=True):
        side = int(rng.choice(_STEM_SIDES))
        network = stem_network(side=side, kernel=kernel, stride=stride, seed=seed)
        made.append(Victim(network, side if rng.random() < 0.5 else None))
    return made


def _hardened(victim: Victim, rng: np.random.Generator) -> Victim:
    return Victim(hardened(victim.network, rng), victim.side or int(rng.choice(_HARDENED_SIDES)))


def _attacked(batch: Pixels, victim: Victim, rng: np.random.Generator) -> list[AttackedPicture]:
    eps = float(rng.choice([2, 4, 8, 8, 16, 16]))
    method = _METHODS[int(rng.integers(len(_METHODS)))]
    steps = int(rng.choice([3, 5, 8]))
    added = attack(victim.network, batch, eps=eps, steps=steps, method=method, rng=rng)
    return [
        AttackedPicture(clean, change.astype(np.int8), eps)
        for clean, change in zip(batch, added, strict=True)
    ]


def _dense(batch: Pixels, victim: Victim, rng: np.random.Generator) -> list[AttackedPicture]:
    """One perturbation for all, which fills its bound."""
    added = universal(victim.network, batch, eps=_UNIVERSAL_EPS, steps=6, style="signs", rng=rng)
    return _shared(batch, added)


def _scaled(batch: Pixels, victim: Victim, rng: np.random.Generator) -> list[AttackedPicture]:
    """One perturbation for all, of the gradients' own shape, raised towards its bound by some amount."""
    added = universal(victim.network, batch, eps=_UNIVERSAL_EPS, steps=6, style="scaled", rng=rng)
    raised = np.clip(added * np.exp(rng.uniform(0.0, 2.0)), -_UNIVERSAL_EPS, _UNIVERSAL_EPS)
    return _shared(batch, np.round(raised).astype(np.float32))


def _shared(batch: Pixels, added: Perturbation) -> list[AttackedPicture]:
    return [AttackedPicture(clean, added.astype(np.int8), _UNIVERSAL_EPS) for clean in batch]


def _draw(pool: Sequence[Pixels], side: int, rng: np.random.Generator) -> Pixels:
    chosen = [pool[int(index)] for index in rng.integers(0, len(pool), _BATCH)]
    return np.stack([_square(pixels, side) for pixels in chosen])


def _square(pixels: Pixels, side: int) -> Pixels:
    if pixels.shape[:2] == (side, side):
        return pixels
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)
