"""Part hardened: noise that survives JPEG and resizing, by expectation over both (EOT, as VEIL-PGD does)."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from detection_bench import Bench, Case, Pixels, pooled
from detection_benign_encodings import encodings, png
from detection_floors import HARDENED, against
from detection_networks import NAMES, Loss, climb, like, pixels_of, soft_jpeg, tensor, untargeted
from detection_one_shot import Attacker, judged, squares
from torch import Tensor
from torch.nn import functional

from calibration.image import decode

EPS = (8, 16)
_STEPS, _SAMPLES = 24, 2
_GOALS = ("untargeted", "features", "ensemble features")


def measure(bench: Bench) -> dict[str, object]:
    """Attack through random re-encodings, send as JPEG 90 and 75 above all."""
    rows = bench.measure(_cases(bench), is_attack=True)
    codecs = ("png", "jpeg 95", "jpeg 90", "jpeg 75", "webp 90", "resized .75")
    ends = [f"eps {eps} {codec}" for eps in EPS for codec in codecs]
    groups = {end: pooled({cell: row for cell, row in rows.items() if cell.endswith(end)}) for end in ends}
    return {"gates": _gates(rows), "floors": against(HARDENED, groups), "pooled": groups, "rows": rows}


def _gates(rows: Mapping[str, Mapping[str, object]]) -> dict[str, bool]:
    """Say whether the attacks are sane: what JPEG 75 undoes is not hardened."""
    sent = {cell: row for cell, row in rows.items() if cell.endswith("jpeg 75")}
    worked, n = (sum(int(str(row[name])) for row in sent.values()) for name in ("worked", "n"))
    return {"nine in ten change the answer as jpeg 75": worked >= 0.9 * n} if n else {}


def through_channels(loss: Loss, rng: np.random.Generator) -> Loss:
    """Average a loss over JPEG 60 to 95 and sizes from .6 to 1."""

    def expected(images: Tensor) -> Tensor:
        found = []
        for _ in range(_SAMPLES):
            scale = float(rng.uniform(0.6, 1.0))
            small = functional.interpolate(images, scale_factor=scale, mode="bilinear", antialias=True)
            found.append(loss(soft_jpeg(small if rng.random() < 0.5 else images, int(rng.integers(60, 96)))))
        return torch.stack(found).mean()

    return expected


def _cases(bench: Bench) -> Iterator[Case]:
    attacker = Attacker(bench)
    for turn, goal in enumerate(_GOALS):
        for eps in EPS:
            if bench.only not in f"hardened {goal} eps {eps}":
                continue
            made = list(_made(attacker, goal, eps, turn))
            for codec in (2, 3, 1, 0, 4, 5):
                for name, network, clean, pixels in made:
                    kind, data = list(encodings(pixels))[codec]
                    cell = f"hardened {goal} eps {eps} {kind}"
                    yield judged(attacker.network(network), clean, Case(cell, name, data))


def _made(attacker: Attacker, goal: str, eps: int, turn: int) -> Iterator[tuple[str, str, Pixels, Pixels]]:
    folder = attacker.bench.cache
    chosen = list(squares(attacker.bench, attacker.bench.count, 40 + turn))
    for number, (name, clean) in enumerate(chosen):
        network = NAMES[number % len(NAMES)]
        file = (
            None
            if folder is None
            else folder / f"hardened {goal} {eps} {name} {clean.shape[0]} {network}.png"
        )
        if file is not None and file.exists():
            yield name, network, clean, decode(file.read_bytes()).image.pixels
            continue
        loss = _goal(attacker, goal, network, clean, chosen[(number + 1) % len(chosen)][1])
        rng = np.random.default_rng(number)
        found = climb(
            tensor(clean),
            through_channels(loss, rng),
            eps=eps / 255,
            steps=_STEPS,
            stride=eps / 2550,
            momentum=0.9,
        )
        pixels = pixels_of(found, clean, eps)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(pixels))
        yield name, network, clean, pixels


def _goal(attacker: Attacker, goal: str, name: str, clean: Pixels, other: Pixels) -> Loss:
    if goal == "untargeted":
        return untargeted(attacker.network(name), tensor(clean))
    if goal == "features":
        return like(attacker.network(name), tensor(other))
    parts = [like(attacker.network(each), tensor(other)) for each in NAMES[:2]] + [
        like(attacker.tower, tensor(other))
    ]
    return lambda images: torch.stack([part(images) for part in parts]).mean()
