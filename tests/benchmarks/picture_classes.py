"""How often a photograph, a screen, a document or a chart is taken for another, on pictures not fitted to.

The classifier's weights are fitted on every second picture of a folder with `photos`, `screens`, `charts` and
`documents/sroie` (`--fit` prints them); what is reported is the other half. Photographs are seen as they are
and some without colour, or as a camera would write them: enlarged to twelve megapixels, with grain, as JPEG
of quality 92. The others are seen as they are and as JPEG of quality 80, as people forward them.
A screen that shows little but a photograph counts as a screen here, and is taken for a photograph.

Needs ../shared/data, or `--data`. The last line is JSON. Takes about three minutes on one core.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np

# The script beside this one that is named `gateway` would stand for the package.
sys.path[0] = str(Path(__file__).parents[2])

from calibration.image import Decoded, Image, decode, encode_jpeg, encode_png, resize  # noqa: E402
from gateway.compression.picture_class import CLASSES, PictureClass, classify, measure_signs  # noqa: E402
from predictor.one_thread import use_one_thread  # noqa: E402

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS: dict[str, PictureClass] = {
    "photos": "photograph",
    "screens": "screen",
    "documents/sroie": "document",
    "charts": "chart",
}
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})
MOST_PHOTOGRAPHS = 400
PAGES = 10  # drawn, in each half
CAMERA_WIDTH = 4000  # pixels
GRAIN = 2.0  # grey levels
PENALTY = 1e-3  # of squared weights, per picture
STEPS = 8000


def pictures(folder: Path, *, half: int) -> Iterator[tuple[PictureClass, str, Decoded]]:
    """Yield one half of the opaque still pictures, each as it is and as it is often met."""
    rng = np.random.default_rng(half)
    for name, kind in FOLDERS.items():
        files = [file for file in sorted((folder / name).rglob("*")) if file.suffix.lower() in SUFFIXES]
        if kind == "photograph":
            files = files[:: max(1, len(files) // MOST_PHOTOGRAPHS)]
        for number, file in enumerate(files[half::2]):
            decoded = decode(file.read_bytes())
            if decoded.source.has_alpha:
                continue
            yield kind, str(file.relative_to(folder)), decoded
            for variant in variants(kind, decoded.image, number, rng):
                yield kind, f"{file.relative_to(folder)}, changed", decode(variant)
    for number in range(PAGES):
        yield "document", f"drawn page {number}", decode(encode_png(drawn_page(rng)))


def variants(kind: PictureClass, image: Image, number: int, rng: np.random.Generator) -> Iterator[bytes]:
    """Make of a picture what it may have become on its way."""
    if kind != "photograph":
        yield encode_jpeg(image, 80)
    elif number % 10 == 0:
        yield encode_jpeg(as_camera(image, rng), 92)
    elif number % 5 == 1:
        grey = np.rint(image.pixels.mean(axis=2)).astype(np.uint8)
        yield encode_jpeg(Image(np.dstack([grey] * 3)), 92)


def drawn_page(rng: np.random.Generator) -> Image:
    """Draw lines of text on paper, as a page rendered to a picture has them."""
    height, width = int(rng.integers(500, 1600)), int(rng.integers(500, 1200))
    paper = int(rng.integers(235, 256))
    ink = [int(rng.integers(0, 80))] * 3
    size = float(rng.uniform(0.4, 1.0))
    canvas = np.full((height, width, 3), paper, np.uint8)
    for row in range(50, height - 40, round(45 * size)):
        letters = "".join(rng.choice(list("abcdefghij klmno prstuv 0123."), size=int(rng.integers(5, 90))))
        cv2.putText(canvas, letters, (40, row), cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    return Image(canvas)


def as_camera(image: Image, rng: np.random.Generator) -> Image:
    """Enlarge to twelve megapixels and add grain."""
    large = resize(image, CAMERA_WIDTH, round(image.height * CAMERA_WIDTH / image.width), "bicubic").pixels
    grain = rng.normal(0, GRAIN, large.shape).astype(np.float32)
    return Image(np.clip(np.rint(large + grain), 0, 255).astype(np.uint8))


def fit(folder: Path) -> dict[str, list[float]]:
    """Fit one weight per kind and sign: multinomial logistic regression, every kind counting alike."""
    kinds = list(FOLDERS.values())
    found = [
        (kinds.index(kind), astuple(measure_signs(picture.image)))
        for kind, _, picture in pictures(folder, half=0)
    ]
    target = np.array([kind for kind, _ in found])
    signs = np.array([values for _, values in found])
    center, spread = signs.mean(axis=0), signs.std(axis=0)
    inputs = np.column_stack([np.ones(len(signs)), (signs - center) / spread])
    share = 1 / np.bincount(target)[target] / len(kinds)
    truth = np.eye(len(kinds))[target]
    weights = np.zeros((inputs.shape[1], len(kinds)))
    for _ in range(STEPS):
        scores = inputs @ weights
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        weights -= 0.5 * (inputs.T @ (share[:, None] * (likely - truth)) + PENALTY * weights)
    raw = weights.copy()
    raw[1:] /= spread[:, None]
    raw[0] -= (center / spread) @ weights[1:]
    return {kind: [round(float(value), 2) for value in raw[:, index]] for index, kind in enumerate(kinds)}


def report(folder: Path) -> dict[str, object]:
    """Classify the half that nothing was fitted to."""
    table: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    milliseconds: list[float] = []
    for kind, file, picture in pictures(folder, half=1):
        started = time.perf_counter()
        named = classify(picture)
        milliseconds.append((time.perf_counter() - started) * 1000)
        table[kind, named] += 1
        if (kind == "photograph") != (named == "photograph"):
            wrong.append(f"{file}: {named}")
    kinds = [kind for kind in CLASSES if kind in FOLDERS.values()]
    print(f"{'is / is called':16}" + "".join(f"{kind:>12}" for kind in kinds))
    for kind in kinds:
        print(f"{kind:16}" + "".join(f"{table[kind, named]:12}" for named in kinds))
    print("photograph or not, mistaken:", *wrong[:40], sep="\n  ")
    totals = {kind: sum(table[kind, named] for named in kinds) for kind in kinds}
    drawn = [kind for kind in kinds if kind != "photograph"]
    return {
        "benchmark": "picture_classes",
        "pictures": totals,
        "right": {kind: round(table[kind, kind] / max(1, totals[kind]), 4) for kind in kinds},
        "photographs_taken_for_another": round(
            1 - table["photograph", "photograph"] / totals["photograph"], 4
        ),
        "others_taken_for_photographs": round(
            sum(table[kind, "photograph"] for kind in drawn) / sum(totals[kind] for kind in drawn), 4
        ),
        "documents_taken_for_photographs": round(table["document", "photograph"] / totals["document"], 4),
        "milliseconds_median": round(float(np.median(milliseconds)), 2),
        "milliseconds_largest": round(max(milliseconds), 2),
    }


def main() -> None:
    """Fit or report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=SHARED, help="folder with photos, screens, documents, charts"
    )
    parser.add_argument("--fit", action="store_true", help="print weights instead of a report")
    options = parser.parse_args()
    use_one_thread()
    if options.fit:
        for kind, weights in fit(options.data).items():
            print(f'    "{kind}": ({", ".join(str(weight) for weight in weights)}),')
        return
    if not options.data.is_dir():
        print(json.dumps({"benchmark": "picture_classes", "skipped": f"the data {options.data} is missing"}))
        return
    print(json.dumps(report(options.data)))


if __name__ == "__main__":
    main()
