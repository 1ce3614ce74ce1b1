"""Measure how many hidden attacks sanitizing undoes, and how many clean answers it keeps; one JSON line last.

Beside pixmask 0.1 (PyPI) in one run, on the same attacks and pictures: `python3 -m venv env; env/bin/pip
install pixmask numpy`, then `--pixmask env/bin/python`; without it, it is left out. Attacks: PGD and MI-FGSM,
untargeted and targeted, L-inf 2, 4 and 8, on the classifiers of ../shared/data/models and the embedded model,
each on pictures of which that model is confident (softmax >= .5; 2 logits). Counted are attacks that change
the answer: undone where the answer to the sanitized file is the clean one again. Kept: clean pictures whose
answer stays.

Floors, each model: undone >= .90 (eps <= 4) and >= .60 (eps 8), kept >= .99; more than pixmask in both, in
less processor time a megapixel. `informed` attacks through the sanitizer (BPDA) and is reported, not held
against a floor. Photographs: BIQ names that end in 8 or 9, outside the last 300; what `noise_level` and
`shrinkage` hold was chosen on names ending in 0-6, attacked on `mobilenet_v1_0.5_160_quant`.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

# `gateway` here is a benchmark; the package is meant.
sys.path.append(sys.path.pop(0))

import cv2
import numpy as np
from detection_sanitize_attacks import Subject, attacked, classifier_subjects, embedded_subjects
from skimage.metrics import structural_similarity

from calibration.image import Decoded, Image, decode, encode_png
from calibration.profile import default_profile
from gateway.compression.sanitizer import Sanitizer
from gateway.providers.rules import Recipient, load_rules
from predictor.one_thread import use_one_thread

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CLASSIFIERS = {
    "mobilenet_v1_0.5_160_quant": 160,
    "mobilenet_v2_1.0_224_quant": 224,
    "squeezenet_v1.0_dc": 227,
}
EMBEDDED, EMBEDDED_SIDE = "embedded", 96
EPS = (2, 4, 8)
ATTACKS = (("pgd", False), ("mi", False), ("pgd", True), ("mi", True))
UNDONE = {2: 0.90, 4: 0.90, 8: 0.60}
KEPT = 0.99
CONFIDENT, CONFIDENT_MARGIN = 0.5, 2.0
LEAST_SSIM = 0.925  # crossguard's mean
_PIXMASK = """
import sys, time, numpy, pixmask
pictures = numpy.load(sys.argv[1])
names = list(pictures)
started = time.process_time()
out = {name: pixmask.sanitize(pictures[name], preset="balanced") for name in names}
spent = time.process_time() - started
numpy.savez(sys.argv[2], **out)
print(spent)
"""


@dataclass
class Cleaner:
    """One way of sanitizing, with the processor seconds and megapixels it took."""

    clean: Callable[[Sequence[Image]], tuple[list[Image], float]]
    seconds: float = 0.0
    megapixels: float = 0.0

    def __call__(self, images: Sequence[Image]) -> list[Image]:
        out, seconds = self.clean(images)
        self.seconds += seconds
        self.megapixels += sum(image.width * image.height for image in images) / 1e6
        return out


@dataclass
class Count:
    """Answers of one model under one way of sanitizing."""

    undone: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))  # by eps
    kept: list[bool] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        return {
            "undone": {eps: round(float(np.mean(each)), 3) for eps, each in sorted(self.undone.items())},
            "attacks": {eps: len(each) for eps, each in sorted(self.undone.items())},
            "kept": round(float(np.mean(self.kept)), 3),
            "pictures": len(self.kept),
            "ssim": round(float(np.mean(self.ssim)), 3),
        }


def ours(side: int) -> Callable[[Sequence[Image]], tuple[list[Image], float]]:
    """Sanitize as the gateway does for a model whose input is known."""
    sanitizer, profile = Sanitizer(load_rules()), replace(default_profile(), input_side=side)

    def clean(images: Sequence[Image]) -> tuple[list[Image], float]:
        files = [encode_png(image) for image in images]
        came: list[Decoded] = [decode(file) for file in files]
        started = time.process_time()
        sent = [
            sanitizer.sanitize(each, file, profile, Recipient("openai", ""))[0]
            for each, file in zip(came, files, strict=True)
        ]
        spent = time.process_time() - started
        return [decode(each).image for each in sent], spent

    return clean


def pixmask(python: Path) -> Callable[[Sequence[Image]], tuple[list[Image], float]]:
    """Sanitize in pixmask's own environment."""

    def clean(images: Sequence[Image]) -> tuple[list[Image], float]:
        with tempfile.TemporaryDirectory() as folder:
            came, goes = Path(folder) / "in.npz", Path(folder) / "out.npz"
            np.savez(came, **{str(index): image.pixels for index, image in enumerate(images)})
            command = [str(python), "-c", _PIXMASK, str(came), str(goes)]
            told = subprocess.run(command, check=True, capture_output=True, text=True)
            with np.load(goes) as out:
                cleaned = [Image(np.ascontiguousarray(out[str(index)])) for index in range(len(images))]
            return cleaned, float(told.stdout)

    return clean


def photographs(data: Path) -> list[Path]:
    """Return the test photographs that nothing was chosen on."""
    every = sorted((data / "photos" / "biq2021").glob("*.jpg"))[:-300]
    return [path for path in every if re.findall(r"\d", path.stem)[-1:] in (["8"], ["9"])]


def measure(subjects: Sequence[Subject], cleaners: dict[str, Cleaner], steps: int) -> dict[str, Count]:
    """Attack every subject in every way, and ask about what each way of sanitizing makes of it."""
    counts = {name: Count() for name in cleaners}
    for index, subject in enumerate(subjects):
        before = subject.answer(subject.image)
        met: list[tuple[int, Image]] = [(0, subject.image)]
        for turn, (method, is_targeted) in enumerate(ATTACKS):
            for eps in EPS:
                seed = 100 * index + 10 * turn + eps
                found = attacked(
                    subject, eps=eps, steps=steps, method=method, is_targeted=is_targeted, seed=seed
                )
                if subject.answer(found) != before:
                    met.append((eps, found))
        for name, cleaner in cleaners.items():
            count = counts[name]
            cleaned = cleaner([image for _, image in met])
            for (eps, _), image in zip(met, cleaned, strict=True):
                (count.undone[eps] if eps else count.kept).append(subject.answer(image) == before)
            count.ssim.append(_ssim(subject.image, cleaned[0]))
    return counts


def informed(subjects: Sequence[Subject], cleaner: Cleaner, steps: int, eps: int) -> float:
    """Return the share of attacks through the sanitizer whose answer is still the clean one after it."""
    stays = []
    for index, subject in enumerate(subjects):
        found = attacked(
            subject,
            eps=eps,
            steps=steps,
            method="mi",
            is_targeted=False,
            seed=index,
            seen_as=lambda image: _enlarged(cleaner([image])[0], image),
        )
        stays.append(subject.answer(cleaner([found])[0]) == subject.answer(subject.image))
    return round(float(np.mean(stays)), 3)


def main() -> int:
    """Run it; 1 where a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=30, help="pictures per model")
    parser.add_argument("--steps", type=int, default=10, help="gradient steps")
    parser.add_argument("--informed", type=int, default=8, help="pictures attacked through the sanitizer")
    parser.add_argument("--models", default=",".join((*CLASSIFIERS, EMBEDDED)))
    parser.add_argument("--data", type=Path, default=SHARED, help="the development data")
    parser.add_argument("--pixmask", type=Path, help="a Python that has pixmask")
    given = parser.parse_args()
    use_one_thread()
    report: dict[str, object] = {"benchmark": "detection_sanitize"}
    missed: list[str] = []
    for model in given.models.split(","):
        side = CLASSIFIERS.get(model, EMBEDDED_SIDE)
        subjects = _subjects(model, side, given.pictures, given.data)
        cleaners = {"ours": Cleaner(ours(side))}
        if given.pixmask is not None:
            cleaners["pixmask"] = Cleaner(pixmask(given.pixmask))
        counts = measure(subjects, cleaners, given.steps)
        figures: dict[str, dict[str, object]] = {name: count.figures() for name, count in counts.items()}
        for name, cleaner in cleaners.items():
            figures[name]["ms_per_megapixel"] = round(1000 * cleaner.seconds / cleaner.megapixels, 1)
        figures["ours"]["kept_from_informed"] = informed(
            subjects[: given.informed], cleaners["ours"], given.steps, eps=4
        )
        report[model] = figures
        missed += [f"{model}: {each}" for each in _missed(counts, cleaners)]
        sys.stderr.write(f"{model}: {json.dumps(figures)}\n")
    report["missed"] = missed
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if missed else 0


def _subjects(model: str, side: int, most: int, data: Path) -> list[Subject]:
    if model == EMBEDDED:
        return embedded_subjects(most, CONFIDENT_MARGIN, seed=7)
    file = data / "models" / f"{model}.pt2"
    return classifier_subjects(file, side, photographs(data), most, CONFIDENT)


def _missed(counts: dict[str, Count], cleaners: dict[str, Cleaner]) -> list[str]:
    own = counts["ours"]
    found = [f"undone at {eps}" for eps, each in own.undone.items() if np.mean(each) < UNDONE[eps]]
    found += ["kept"] if np.mean(own.kept) < KEPT else []
    found += ["ssim"] if np.mean(own.ssim) < LEAST_SSIM else []
    if (rival := counts.get("pixmask")) is None:
        return found
    undone = {
        name: np.mean([each for one in count.undone.values() for each in one])
        for name, count in counts.items()
    }
    found += ["undone beside pixmask"] if undone["ours"] <= undone["pixmask"] else []
    found += ["kept beside pixmask"] if np.mean(own.kept) < np.mean(rival.kept) else []
    slower = _milliseconds(cleaners["ours"]) >= _milliseconds(cleaners["pixmask"])
    return [*found, *(["time beside pixmask"] if slower else [])]


def _milliseconds(cleaner: Cleaner) -> float:
    return 1000 * cleaner.seconds / cleaner.megapixels


def _ssim(clean: Image, version: Image) -> float:
    """Compare at the size of the version."""
    size = (version.width, version.height)
    small = cv2.resize(clean.pixels, size, interpolation=cv2.INTER_AREA)
    return float(structural_similarity(small, version.pixels, channel_axis=2))


def _enlarged(version: Image, like: Image) -> Image:
    size = (like.width, like.height)
    return Image(np.asarray(cv2.resize(version.pixels, size, interpolation=cv2.INTER_LINEAR)))


if __name__ == "__main__":
    sys.exit(main())
