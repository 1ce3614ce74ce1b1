"""Held-out photographs at every rung of the ladder, and what one held-out observer answered to each.

What `answer_change.py` measures on; no predictor takes part here.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage import data as bundled

from calibration.image import Image, encode_png, resize
from predictor.answer_change.change import UNKNOWN_SIDE
from predictor.answer_change.distances import distances
from predictor.answer_change.surrogate import SIDE
from predictor.learning.answer_change.ladder import (
    LADDER,
    AnswerObserver,
    camera_source,
    compare_answers,
    deliver,
    read_classifier,
)
from predictor.learning.dataset import photo_files
from predictor.learning.noticeability.evaluation import psnr, ssim
from predictor.views import model_view

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
OBSERVER = "squeezenet_v1.0_dc"
BUNDLED = ("chelsea", "coffee", "rocket", "camera")
CONFIDENT = 0.2


@dataclass(frozen=True, eq=False)
class HeldOut:
    """P photographs at K rungs: what is known before the predictor is asked. Leading axes (P, K) or (P,)."""

    originals: np.ndarray
    versions: np.ndarray
    distances: np.ndarray
    has_changed: np.ndarray
    divergence: np.ndarray
    margin: np.ndarray  # (P,)
    size_bytes: np.ndarray
    source_bytes: np.ndarray  # (P,)
    psnr: np.ndarray
    ssim: np.ndarray

    @property
    def is_confident(self) -> np.ndarray:
        """Which photographs were answered with a clear margin; (P,)."""
        return self.margin > CONFIDENT


def held_out_files(folder: Path, pictures: int) -> list[Path]:
    """List photographs nobody trained on, BIQ2021 thinned to `pictures`; bundled ones go to `folder`."""
    biq = photo_files(SHARED / "photos" / "biq2021")[-300:]
    files = biq[:: max(1, len(biq) // pictures)] + photo_files(SHARED / "photos" / "kodak")[12:16]
    for name in BUNDLED:
        pixels = getattr(bundled, name)()
        pixels = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
        (folder / f"{name}.png").write_bytes(encode_png(Image(np.ascontiguousarray(pixels))))
        files.append(folder / f"{name}.png")
    return files


def ask(files: list[Path], observer: AnswerObserver) -> HeldOut:
    """Deliver, ask and measure every photograph at every rung."""
    rows: list[dict[str, np.ndarray]] = []
    for index, path in enumerate(files):
        source = camera_source(path)
        versions = [deliver(source.image, rung) for rung in LADDER]
        logs = observer.log_answers([source.image, *(version.image for version in versions)])
        answers = compare_answers(np.repeat(logs[:1], len(versions), axis=0), logs[1:])
        view = model_view(source.image, UNKNOWN_SIDE)
        back = [resize(one.image, source.image.width, source.image.height) for one in versions]
        rows.append({
            "originals": model_view(source.image, SIDE).pixels,
            "versions": np.stack([model_view(one.image, SIDE).pixels for one in versions]),
            "distances": np.stack([distances(view, model_view(one.image, UNKNOWN_SIDE)) for one in versions]),
            "has_changed": answers.has_changed,
            "divergence": answers.divergence,
            "margin": answers.margin[0],
            "size_bytes": np.array([one.size_bytes for one in versions]),
            "source_bytes": np.array(source.size_bytes),
            "psnr": np.array([psnr(source.image, one) for one in back]),
            "ssim": np.array([ssim(source.image, one) for one in back]),
        })  # fmt: skip
        if index % 20 == 0:
            print(f"asked about {index + 1} of {len(files)}", file=sys.stderr)
    return HeldOut(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})


def read_or_ask(pictures: int, keep: Path | None) -> HeldOut:
    """Use what an earlier run kept in the file `keep`."""
    if keep is not None and keep.exists():
        with np.load(keep) as stored:
            return HeldOut(**{name: stored[name] for name in stored.files})
    observer = read_classifier(SHARED / "models" / f"{OBSERVER}.pt2", input_side=227, background=0)
    with tempfile.TemporaryDirectory() as folder:
        found = ask(held_out_files(Path(folder), pictures), observer)
    if keep is not None:
        np.savez_compressed(keep, **vars(found))
    return found
