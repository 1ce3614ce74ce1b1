"""Photographs nobody trained on, what observers say of pairs made of them, and the options of asking.

Shared by the benchmarks of noticeability: the same pairs for our predictor and its rivals.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from skimage import data

from calibration.image import Image, encode_png
from calibration.known_profiles import resolve_profile
from calibration.observers.protocol import Observer
from calibration.observers.select import build_observer
from calibration.profile import JndProfile
from predictor.learning.dataset import FAMILIES, PairSet, photo_files
from predictor.learning.labelling import ObserverLabeller
from predictor.learning.sampling import label_pairs, sample_pairs

SHARED = Path(__file__).parents[3] / "shared" / "data" / "photos"


def shared_options(description: str, *, pairs: int, seed: int) -> argparse.ArgumentParser:
    """Return a parser of what all these benchmarks take; the numbers are defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--pairs", type=int, default=pairs)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--artifact", type=Path)
    return parser


def ask_embedded(count: int, seed: int) -> tuple[PairSet, PairSet]:
    """Ask the embedded model about held-out photographs; see `ask`."""
    with tempfile.TemporaryDirectory() as folder:
        files = held_out(Path(folder))
        return ask(build_observer("embedded"), files, resolve_profile("embedded"), count, seed)


def held_out(folder: Path) -> list[Path]:
    """List photographs nobody trained on; those of scikit-image are written into `folder`."""
    bundled = []
    for name in ("chelsea", "coffee", "rocket"):
        path = folder / f"{name}.png"
        path.write_bytes(encode_png(Image(getattr(data, name)())))
        bundled.append(path)
    if not SHARED.is_dir():
        print(f"{SHARED} is missing: three photographs only", file=sys.stderr)
        return bundled
    kodak = [
        path
        for path in photo_files(SHARED / "kodak")
        if any(n in path.stem for n in ("13", "14", "15", "16"))
    ]
    return photo_files(SHARED / "biq2021")[-300:] + kodak + bundled


def ask(
    observer: Observer, files: list[Path], profile: JndProfile, count: int, seed: int
) -> tuple[PairSet, PairSet]:
    """Return the observer's answers to single distortions around threshold, and to the other mixture."""
    thresholds = {name: profile.threshold_of(name) or 1.0 for name in FAMILIES}
    side = profile.input_side or 96
    pairs = sample_pairs(files, count, thresholds=thresholds, side=side, rng=np.random.default_rng(seed))
    answers = label_pairs(pairs, ObserverLabeller(observer))
    is_identical = (answers.references == answers.distorted).all(axis=(1, 2, 3))
    is_single = answers.levels > 0
    return answers.take(is_single & ~is_identical), answers.take(~is_single & ~is_identical)
