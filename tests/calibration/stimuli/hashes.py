"""Print the hash of every distortion at several levels and sizes; run as a script by `test_bytes`."""

import hashlib
import json
import sys

import cv2
import numpy as np

from calibration.image import Image
from calibration.stimuli.local_edits import KINDS, local_edit
from calibration.stimuli.registry import ALL_DISTORTIONS

SIZES = ((96, 64), (131, 77), (1, 1), (5, 40))
SHARES = (0.02, 0.1, 0.34, 0.75, 1.0)


def drawn(width: int, height: int) -> Image:
    """A picture from integers alone: what it is does not hang on any library's arithmetic."""
    rng = np.random.Generator(np.random.PCG64(width))
    y, x = np.mgrid[0:height, 0:width]
    ramps = np.stack([(3 * x + y) % 256, (x * y // 7) % 256, (255 - x - 2 * y) % 256], axis=2)
    pixels = (ramps + rng.integers(0, 40, ramps.shape)) // 2 + 40
    pixels[height // 4 : height // 2, width // 3 : width // 2] = rng.integers(30, 200, 3)
    return Image(np.clip(pixels, 0, 255).astype(np.uint8))


def hashes() -> dict[str, str]:
    found = {}
    for name, distortion in ALL_DISTORTIONS.items():
        for width, height in SIZES:
            digest = hashlib.sha256()
            for share in SHARES:
                level, rng = share * distortion.levels, np.random.default_rng(3)
                distorted = distortion.apply(drawn(width, height), level, rng)
                digest.update(repr(distorted.pixels.shape).encode() + distorted.pixels.tobytes())
            found[f"{name} {width}x{height}"] = digest.hexdigest()
    for kind in KINDS:
        edited = local_edit(drawn(131, 77), np.random.default_rng(3), first=kind)
        found[f"edit {kind}"] = hashlib.sha256(edited.edited.pixels.tobytes()).hexdigest()
    return found


if __name__ == "__main__":
    cv2.setUseOptimized("--plain" not in sys.argv)
    sys.stdout.write(json.dumps(hashes(), indent=1) + "\n")
