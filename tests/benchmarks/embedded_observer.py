"""Measure the embedded observer on photographs and scenes it never saw.

Photographs: chelsea, coffee, rocket, camera and motorcycle, bundled with scikit-image, and, where the data
folder beside the repository is there, the last 300 photographs of BIQ2021. Prints one JSON line last.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import skimage.data
import torch

from calibration.image import Image, load, resize
from calibration.observers.embedded.observer import MODEL_FOLDER, EmbeddedObserver, load_embedded
from calibration.observers.embedded.scenes import sample_scene
from calibration.observers.protocol import Query
from calibration.questions import (
    DIFFERENT_PROMPT,
    DIRECT_PROMPT,
    IDENTICAL_PROMPT,
    IMPLICIT_PROMPT,
    MULTIPLE_CHOICE_PROMPT,
    VIEWPOINT_PROMPT,
)
from calibration.stimuli.registry import DISTORTIONS

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "photos" / "biq2021"
PROMPTS = {
    "direct": DIRECT_PROMPT,
    "choice": MULTIPLE_CHOICE_PROMPT,
    "implicit": IMPLICIT_PROMPT,
    "viewpoint": VIEWPOINT_PROMPT,
    "identical": IDENTICAL_PROMPT,
    "different": DIFFERENT_PROMPT,
}
# First JNDs, levels: human and Gemini 2.0 Flash columns of arXiv 2507.00490 (no human figure for banding).
PAPER = {
    "blur": (1.24, 1.27),
    "brightness": (8.91, 19.66),
    "saturation": (4.18, 8.93),
    "contrast": (3.42, 15.57),
    "jpeg": (44.38, 52.68),
    "noise": (2.24, 8.69),
    "mask": (1.02, 8.38),
    "qr": (1.56, 10.58),
    "text": (1.73, 20.37),
    "angle": (1.13, 1.33),
    "distance": (1.83, 3.67),
}
LEVEL_SHARES = (0.01, 0.02, 0.04, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6, 0.8, 1.0)


def held_out_photographs() -> list[Image]:
    """Read the photographs no training part contains."""
    names = ("chelsea", "coffee", "rocket", "camera")
    photographs = [Image(_three_channels(getattr(skimage.data, name)())) for name in names]
    photographs.append(Image(_three_channels(skimage.data.stereo_motorcycle()[0])))
    if SHARED.is_dir():
        photographs += [load(path) for path in sorted(SHARED.glob("*.jpg"))[-300:]]
    else:
        print("the shared photographs are missing: five bundled ones only", file=sys.stderr)
    return photographs


def _three_channels(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2))


def random_crops(photographs: list[Image], count: int, side: int, rng: np.random.Generator) -> list[Image]:
    """Cut random squares of at least `side` pixels, reduced to it; every photograph in turn."""
    crops = []
    for index in range(count):
        pixels = photographs[index % len(photographs)].pixels
        short = min(pixels.shape[:2])
        cut = int(np.exp(rng.uniform(np.log(side), np.log(short))))
        top, left = rng.integers(0, np.array(pixels.shape[:2]) - cut + 1)
        square = Image(np.ascontiguousarray(pixels[top : top + cut, left : left + cut]))
        crops.append(resize(square, side, side, "bicubic"))
    return crops


def says_different(
    observer: EmbeddedObserver, pairs: list[tuple[Image, Image]], style: str, label: str
) -> np.ndarray:
    """Ask about every pair, every other one in reversed order; return whether a difference was reported."""
    prompt = PROMPTS[style].format(distortion=label)
    ordered = [pair if index % 2 else pair[::-1] for index, pair in enumerate(pairs)]
    replies = observer.ask([Query(prompt, pair) for pair in ordered])
    affirmed = np.array([reply.probability > 0.5 for reply in replies])
    return ~affirmed if style == "identical" else affirmed


def false_alarms(observer: EmbeddedObserver, crops: list[Image]) -> dict[str, float]:
    """Return the share of identical pairs called different, by prompt."""
    labels = [distortion.label for distortion in DISTORTIONS.values()]
    rates = {}
    for style, prompt in PROMPTS.items():
        asked = labels if "{distortion}" in prompt else labels[:1]
        share = len(crops) // len(asked)
        said = [
            says_different(
                observer, [(crop, crop) for crop in crops[at * share : (at + 1) * share]], style, label
            )
            for at, label in enumerate(asked)
        ]
        rates[style] = float(np.concatenate(said).mean())
    return rates


def psychometric(observer: EmbeddedObserver, crops: list[Image], name: str) -> dict[str, object]:
    """Return hit rates by level, the level of half of them, and the largest fall between levels in s.e."""
    distortion = DISTORTIONS[name]
    levels = [share * distortion.levels for share in LEVEL_SHARES]
    hits = []
    for level in levels:
        rng = np.random.default_rng(99)
        pairs = [(crop, distortion.apply(crop, level, rng)) for crop in crops]
        hits.append(float(says_different(observer, pairs, "direct", distortion.label).mean()))
    rates = np.array(hits)
    rising = np.maximum.accumulate(rates)
    threshold = None
    if rising[-1] >= 0.5:
        threshold = float(
            np.exp(np.interp(0.5, np.concatenate([[0], rising]), np.log([levels[0] / 2, *levels])))
        )
    falls = np.diff(rates) / np.sqrt(2 * np.maximum(rates[1:] * (1 - rates[1:]), 0.01) / len(crops))
    return {
        "threshold": None if threshold is None else round(threshold, 2),
        "hit_at_max": round(hits[-1], 3),
        "largest_fall_se": round(float(max(0.0, -falls.min())), 2),
        "hits": [round(hit, 2) for hit in hits],
    }


def hits_by_prompt(observer: EmbeddedObserver, crops: list[Image]) -> dict[str, float]:
    """Return the hit rate at the strongest level for each prompt, over all distortions."""
    rates = {}
    for style in PROMPTS:
        said = []
        for at, distortion in enumerate(DISTORTIONS.values()):
            rng = np.random.default_rng(at)
            pairs = [(crop, distortion.apply(crop, distortion.levels, rng)) for crop in crops[at::15]]
            said.append(says_different(observer, pairs, style, distortion.label))
        rates[style] = round(float(np.concatenate(said).mean()), 4)
    return rates


def task_accuracy(observer: EmbeddedObserver, scenes: int) -> dict[str, dict[str, float]]:
    """Return accuracy by question on fresh scenes, seen and with the picture blanked."""
    rng = np.random.default_rng(20_261)
    grey = Image(np.full((96, 96, 3), 128, np.uint8))
    asked = [
        (Image(scene.pixels), *pair)
        for scene in (sample_scene(rng) for _ in range(scenes))
        for pair in scene.questions
    ]
    by_question: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    seen = observer.ask([Query(prompt, [image]) for image, prompt, _ in asked])
    blank = observer.ask([Query(prompt, [grey]) for _, prompt, _ in asked])
    for (_, prompt, answer), first, second in zip(asked, seen, blank, strict=True):
        by_question[prompt].append((first.text == answer, second.text == answer))
    means = {prompt: np.mean(results, axis=0) for prompt, results in by_question.items()}
    return {
        "seen": {prompt: round(float(mean[0]), 3) for prompt, mean in means.items()},
        "blanked": {prompt: round(float(mean[1]), 3) for prompt, mean in means.items()},
    }


def queries_per_second(observer: EmbeddedObserver, crops: list[Image]) -> float:
    """Return the batched rate of two-picture queries, pictures given as they come."""
    queries = [Query(IDENTICAL_PROMPT, (crop, crop)) for crop in crops[:256]]
    observer.ask(queries[:32])
    started = time.perf_counter()
    observer.ask(queries)
    return len(queries) / (time.perf_counter() - started)


def main() -> None:
    """Run every measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--crops", type=int, default=150)
    parser.add_argument("--catch", type=int, default=450)
    parser.add_argument("--scenes", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    observer = load_embedded(options.model)
    crops = random_crops(held_out_photographs(), options.catch, 96, np.random.default_rng(7))
    alarms = false_alarms(observer, crops)
    curves = {name: psychometric(observer, crops[: options.crops], name) for name in DISTORTIONS}
    tasks = task_accuracy(observer, options.scenes)
    size = sum(path.stat().st_size for path in options.model.iterdir() if path.is_file())
    worst_hit = min(float(curve["hit_at_max"]) for curve in curves.values())
    seen, blanked = (float(np.mean(list(tasks[key].values()))) for key in ("seen", "blanked"))
    figures = {
        "benchmark": "embedded_observer",
        "false_alarm": round(float(np.mean(list(alarms.values()))), 4),
        "false_alarm_worst_prompt": round(max(alarms.values()), 4),
        "hit_at_strongest_mean": round(float(np.mean([float(c["hit_at_max"]) for c in curves.values()])), 4),
        "hit_at_strongest_worst": worst_hit,
        "largest_fall_se": max(float(curve["largest_fall_se"]) for curve in curves.values()),
        "task_accuracy": round(seen, 3),
        "task_accuracy_blanked": round(blanked, 3),
        "megabytes": round(size / 1e6, 2),
        "queries_per_second": round(queries_per_second(observer, crops), 1),
    }
    floors = {
        "false_alarm": figures["false_alarm_worst_prompt"] <= 0.05,
        "hit_at_strongest_pooled": figures["hit_at_strongest_mean"] >= 0.97,
        "hit_at_strongest_every_distortion": worst_hit >= 0.97,
        "monotone": figures["largest_fall_se"] <= 3.0,
        "task_accuracy": seen >= 0.85 and blanked <= 0.40,
        "size": size <= 10_000_000,
        "speed": figures["queries_per_second"] >= 100,
    }
    between = {
        name: {"ours": curves[name]["threshold"], "human_to_gemini": bounds} for name, bounds in PAPER.items()
    }
    details = {
        "false_alarm_by_prompt": alarms,
        "hit_by_prompt": hits_by_prompt(observer, crops),
        "curves": curves,
        "tasks": tasks,
        "paper": between,
    }
    print(json.dumps(figures | {"floors": floors, "details": details}))


if __name__ == "__main__":
    main()
