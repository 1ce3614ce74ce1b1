"""A few pictures, scores, opinions and a teacher of no knowledge: all that training a critic reads."""

import csv
from pathlib import Path

import numpy as np
import torch
from skimage import data

from calibration.image import Image, encode_png
from predictor.learning.critic.kadid import LEVELS
from predictor.learning.critic.teacher import LAYERS
from predictor.learning.critic.training import Sources


class Features(torch.nn.Module):
    """A teacher of no knowledge, with the layers that are asked for: clamps, counted from 0."""

    def __init__(self, widths: dict[int, tuple[int, int]]) -> None:
        super().__init__()
        self.widths = widths  # by clamp, the features from there on, and pixels for a position
        self.see = torch.nn.ModuleList(
            torch.nn.Conv2d(3, width, step, stride=step) for width, step in widths.values()
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        seen, found = pictures, 0
        for see, last in zip(self.see, self.widths, strict=True):
            seen = see(pictures)
            for _ in range(found, last + 1):
                seen = torch.clamp(seen, 0, 6)
            found = last + 1
        return seen


def write_teachers(folder: Path) -> None:
    torch.manual_seed(0)
    widths: tuple[dict[int, tuple[int, int]], ...] = ({41: (256, 16)}, {66: (96, 16), 94: (320, 32)})
    for name, own in zip(LAYERS, widths, strict=True):
        teacher = torch.export.export(Features(own).eval(), (torch.zeros(1, 3, 160, 160),))
        torch.export.save(teacher, folder / f"{name}.pt2")


def write_sources(folder: Path, photographs: int) -> Sources:
    write_teachers(folder)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (1200, 32, 32, 3), dtype=np.uint8)
    np.savez(folder / "origin.npz", images=pictures, generated=rng.integers(0, 2, 1200))
    _write(folder / "opinions.csv", ("ref", "type", "lev", "dmos", "std"), _opinions())
    _write(folder / "mos.csv", ("file", "mos"), _photographs(folder, photographs))
    return Sources(folder, folder / "opinions.csv", folder, folder / "origin.npz")


def _write(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="") as table:
        csv.writer(table).writerows([header, *rows])


def _opinions() -> list[tuple[object, ...]]:
    return [(1, kind, level, 5 - 0.7 * level, 0.8) for kind in range(1, 26) for level in range(1, LEVELS + 1)]


def _photographs(folder: Path, count: int) -> list[tuple[object, ...]]:
    wide = np.concatenate([data.astronaut()[:400], data.coffee()[:400, :500], data.rocket()[:400]], axis=1)
    rows: list[tuple[object, ...]] = []
    for number in range(count):
        left = 40 * number
        part = np.ascontiguousarray(wide[20 : 20 + 192, left : left + 192])
        (folder / f"{number:02}.png").write_bytes(encode_png(Image(part)))
        rows.append((f"{number:02}.png", 0.2 + 0.02 * number))
    return rows
