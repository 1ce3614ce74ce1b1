"""How often a picture is told to be unlike the photographs that the critic learned from, by its kind.

Fitted (`--fit` prints the weights of `predictor.critic.outside`) on photographs of the critic's training
thirds, some of them damaged as KADID-10k's are, against every second of the screens, charts and documents of
../shared/data and pictures drawn with one seed; reported are the photographs that the critic's split holds
out, Kodak's, CIFAR-10's of 32 pixels, the other half, and pictures drawn with another seed. Damaged
photographs stand beside: almost black and posterised ones have few tones too. The last line is JSON. Takes
two minutes on one core.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
from detection_benign_drawn import DRAWN
from detection_benign_graphics import GRAPHICS
from detection_benign_patterns import PATTERNS

from calibration.image import Image, ImageError, decode, encode_jpeg, load
from predictor.critic.measures import measure
from predictor.critic.outside import Signs, signs_of, unlikeness
from predictor.critic.specialist import SMALLEST_JUDGED
from predictor.learning.critic.kadid import KINDS, damaged
from predictor.learning.critic.split import is_held_out
from predictor.one_thread import use_one_thread

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = ("screens", "charts", "documents/sroie", "documents/easyocr")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
DRAWN_EACH, DAMAGED_EACH = 8, 11
TOLD = 0.007  # of the photographs fitted on


def drawn(seed: int) -> Iterator[tuple[str, Image]]:
    """Draw charts, pages, windows, tables; logos and icons too with any seed but the fitted one."""
    rng = np.random.default_rng(seed)
    for name, draw in {**DRAWN, **(GRAPHICS if seed else {})}.items():
        for _ in range(DRAWN_EACH):
            kind = "patterns" if name in PATTERNS else "graphics" if name in GRAPHICS else "drawn"
            yield kind, decode(draw(rng)).image


def real(half: int) -> Iterator[tuple[str, Image]]:
    """Read every second screen, chart and document."""
    for folder in FOLDERS:
        files = [path for path in sorted((SHARED / folder).rglob("*")) if path.suffix.lower() in SUFFIXES]
        for path in files[half::2]:
            try:
                yield folder, load(path)
            except ImageError as error:
                print(f"{path.name}: {error}", file=sys.stderr)


def harmed(files: list[Path]) -> Iterator[tuple[str, Image]]:
    """Damage some photographs, differently each."""
    for kind in KINDS:
        for number, path in enumerate(files[kind :: len(files) // DAMAGED_EACH]):
            rng = np.random.default_rng((kind, number))
            yield f"KADID type {kind}", damaged(load(path), kind=kind, level=3 + 2 * (number % 2), rng=rng)
    for path in files[:: len(files) // 40]:
        photograph = load(path)
        yield "JPEG 10", decode(encode_jpeg(photograph, 10)).image
        yield "almost black", Image((photograph.pixels * 0.15).astype(np.uint8))
        yield "blurred", Image(np.asarray(cv2.GaussianBlur(photograph.pixels, (0, 0), 6)))


def signs(pictures: Iterable[tuple[str, Image]]) -> dict[str, list[tuple[float, ...]]]:
    """Measure, by kind."""
    found = defaultdict(list)
    for kind, image in pictures:
        if min(image.width, image.height) >= SMALLEST_JUDGED:
            found[kind].append(astuple(signs_of(measure(image))))
    return found


def fit(photographs: np.ndarray, damage: np.ndarray, others: np.ndarray) -> tuple[list[float], float]:
    """Return weights and constant: a logistic regression, its threshold where few photographs lie above."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - only this needs it
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    rows = np.concatenate([photographs, damage, others])
    is_other = np.arange(len(rows)) >= len(photographs) + len(damage)
    scale = StandardScaler().fit(rows)
    model = LogisticRegression(class_weight="balanced").fit(scale.transform(rows), is_other)
    weights = np.round(model.coef_[0] / scale.scale_, 2)
    return weights.tolist(), -round(float(np.quantile(photographs @ weights, 1 - TOLD)), 2)


def share(rows: list[tuple[float, ...]]) -> dict[str, float | int]:
    """Count who is told."""
    told = [unlikeness(Signs(*row)) > 0 for row in rows]
    return {"told": round(float(np.mean(told)), 4), "pictures": len(told)}


def main() -> None:
    """Fit or measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="print weights, and measure nothing")
    options = parser.parse_args()
    use_one_thread()
    files = sorted((SHARED / "photos" / "biq2021").glob("*.jpg"))
    learnt = [path for path in files if not is_held_out(path.name)]
    if options.fit:
        photographs = signs(("photographs", load(path)) for path in learnt)["photographs"]
        damage, others = signs(harmed(learnt)), signs(drawn(0)) | signs(real(0))
        pooled = (np.array([row for rows in one.values() for row in rows]) for one in (damage, others))
        weights, constant = fit(np.array(photographs), *pooled)
        print(json.dumps({"weights": weights, "constant": constant}))
        return
    held = [path for path in files if is_held_out(path.name)]
    small = sorted((SHARED / "authenticity" / "cifake32" / "real").glob("*.jpg"))[:100]
    photographs = (
        *(("photographs", path) for path in held),
        *(("Kodak", path) for path in sorted((SHARED / "photos" / "kodak").glob("*.png"))),
        *(("32 pixels", path) for path in small),
    )
    found = signs((kind, load(path)) for kind, path in photographs)
    found |= signs(real(1)) | signs(drawn(1)) | signs(harmed(held))
    told = {kind: share(rows) for kind, rows in found.items()}
    for kind, counted in told.items():
        print(kind, counted, file=sys.stderr)
    print(
        json.dumps(
            {
                "benchmark": "critic_outside",
                "told": told,
                "floor_met": told["photographs"]["told"] <= 0.01,
            }
        )
    )


if __name__ == "__main__":
    main()
