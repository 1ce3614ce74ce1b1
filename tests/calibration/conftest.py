"""Pictures small enough to be drawn at once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calibration.image import Image, encode_png


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(encode_png(textured(seed=number)))
    return folder


@pytest.fixture
def texture() -> Callable[[int], Image]:
    return lambda seed: textured(seed=seed)


def textured(*, seed: int, side: int = 72) -> Image:
    """A colourful picture with edges, gradients and grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [np.sin(2 * np.pi * (rng.uniform(1, 6) * x + rng.uniform(1, 6) * y)) for _ in range(3)]
    pixels = 128 + 60 * np.stack(waves, axis=2) + rng.normal(0, 8, (side, side, 3))
    pixels[side // 4 : side // 2, side // 3 : side // 2] = rng.uniform(40, 215, 3)
    return Image(np.clip(pixels, 0, 255).astype(np.uint8))
