"""How long the manifest of the paper's recipe takes, and how much memory: 489,065 rows.

Builds it twice in a process of its own, from a folder of photographs (`--images`; scikit-image's own by
default), reads it back, and renders a sample. The last line is JSON. A minute at most; finding and decoding
the photographs is part of the time.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data

from calibration.image import Image, encode_png
from calibration.vpa_jnd.build import BuildRequest, BuildResult, build
from calibration.vpa_jnd.manifest import Stimuli, read_manifest

ROWS = 489_065
REFERENCES = 21_598
SAMPLE = 130


class Silent:
    """Hears nothing."""

    def begin(self, total: int) -> None:
        """Ignore."""

    def advance(self, count: int) -> None:
        """Ignore."""

    def warn(self, message: str) -> None:
        """Pass on."""
        print(message, file=sys.stderr)


def timed(work: Callable[[], BuildResult]) -> tuple[BuildResult, float]:
    """Return a result and the seconds it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def peak_mib() -> float:
    """Return the largest memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bundled(folder: Path) -> Path:
    """Write scikit-image's photographs to a folder."""
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        (folder / f"{name}.png").write_bytes(encode_png(Image(getattr(skimage.data, name)())))
    return folder


def rendering_seconds(images: Path, manifest: Path) -> float:
    """Return the mean time to render one stimulus, over a sample of all distortions."""
    found = read_manifest(manifest)
    stimuli = Stimuli(images)
    chosen = np.linspace(0, len(found) - 1, SAMPLE).astype(np.int64)
    started = time.perf_counter()
    for row in found.rows(chosen):
        stimuli.stimulus(row)
    return (time.perf_counter() - started) / SAMPLE


def main() -> int:
    """Print the figures and the verdict on the floors; fail when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        images = arguments.images or bundled(Path(temporary) / "photos")
        first, seconds = timed(
            lambda: build(BuildRequest(images, Path(temporary) / "a", recipe="paper"), Silent())
        )
        peak = peak_mib()
        second, _ = timed(
            lambda: build(BuildRequest(images, Path(temporary) / "b", recipe="paper"), Silent())
        )
        is_same = first.manifest.read_bytes() == second.manifest.read_bytes()
        size = first.manifest.stat().st_size
        rendering = rendering_seconds(images, first.manifest)
    record = {
        "benchmark": "vpa_jnd",
        "pictures": first.pictures,
        "rows": first.stimuli,
        "references": first.references,
        "categories": dict(first.categories),
        "seconds": round(seconds, 2),
        "peak_mib": round(peak, 1),
        "manifest_mib": round(size / 2**20, 2),
        "render_milliseconds": round(1000 * rendering, 1),
        "floors": {
            "rows": first.stimuli == ROWS,
            "references": first.references == REFERENCES,
            "seconds": seconds < 60,
            "peak": peak < 1024,
            "same_bytes": is_same,
        },
    }
    print(json.dumps(record))
    return 0 if all(record["floors"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
