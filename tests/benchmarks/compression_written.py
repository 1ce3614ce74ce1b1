"""Pictures with words on them: documents, screens, charts of the data; pages and charts of known words."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path

import matplotlib as mpl
import numpy as np
from compression_pictures import DATA, Picture
from matplotlib.figure import Figure
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from calibration.image import Image, encode_jpeg, encode_png, load

# The number says how many at most.
_FOLDERS = (
    ("document", "documents/sroie/img", 7),
    ("screen", "screens/uied", 4),
    ("chart", "charts/Helicone", 3),
    ("document", "documents/easyocr", 3),
    ("screen", "screens/omniparser", 2),
    ("chart", "charts/envoyproxy", 3),
)
_LATIN = ("english.png", "example.png", "french.jpg")  # what the reader's small model reads with confidence
# fmt: off
_WORDS = (
    "account", "amount", "balance", "branch", "budget", "carrier", "charge", "column", "contract", "credit",
    "currency", "customer", "deadline", "delivery", "deposit", "discount", "document", "estimate",
    "exchange", "freight", "holding", "invoice", "journal", "ledger", "margin", "merchant", "monthly",
    "network", "number", "office", "payment", "percent", "period", "product", "purchase", "quarter",
    "receipt", "record", "refund", "region", "report", "reserve", "revenue", "schedule", "service",
    "shipment", "statement", "storage", "subtotal", "supply", "total", "transfer", "transit", "unit",
    "vendor", "volume", "warehouse", "weight", "yearly",
)
# fmt: on
_DRAWN = 3  # of each kind
_FOUR_K = (3840, 2160)


@dataclass(frozen=True, eq=False)
class Written:
    """One picture, and the words drawn on it where they are known."""

    picture: Picture
    words: tuple[str, ...] = ()


def written(count: int) -> list[Written]:
    """Return documents, screens and charts, class after class in turn."""
    shelves = [_shelf(group, folder, most) for group, folder, most in _FOLDERS]
    shelves += [
        [partial(chart, seed) for seed in range(_DRAWN)],
        [partial(page, seed) for seed in range(_DRAWN)],
    ]
    turns = (one for turn in zip_longest(*shelves) for one in turn if one is not None)
    return [make() for make in islice(turns, count)]


def _shelf(group: str, folder: str, most: int) -> list[Callable[[], Written]]:
    def read(path: Path) -> Written:
        return Written(Picture(path.name, path.read_bytes(), group))

    return [partial(read, path) for path in _chosen(DATA / folder)[:most]]


def page(seed: int) -> Written:
    """Draw a page of text in three sizes, saved as a scanner saves it."""
    rng = np.random.default_rng(seed)
    sheet = PillowImage.new("RGB", (1240, 1600), "white")
    pen = ImageDraw.Draw(sheet)
    words: list[str] = []
    top = 60
    while top < 1500:
        size = int(rng.choice((18, 24, 34)))
        line = [str(word) for word in rng.choice(_WORDS, int(150 / size))] + [
            f"{rng.integers(10_000) / 100:.2f}"
        ]
        pen.text((70, top), " ".join(line), fill=(20, 20, 24), font=_font(size))
        words += line
        top += round(size * 1.9)
    data = encode_jpeg(Image(np.asarray(sheet)), 92, progressive=False, full_chroma=True)
    return Written(Picture(f"page_{seed}", data, "document"), tuple(words))


def chart(seed: int) -> Written:
    """Draw bars with names and values."""
    rng = np.random.default_rng(100 + seed)
    names = [str(word) for word in rng.choice(_WORDS, 9, replace=False)]
    values = [f"{value:.1f}" for value in rng.uniform(5, 100, 9)]
    figure = Figure(figsize=(12, 7), dpi=110)
    axes = figure.subplots()
    bars = axes.barh(names, [float(value) for value in values], color="#31688e")
    axes.bar_label(bars, values, padding=3)
    axes.set_xticks([])
    target = io.BytesIO()
    figure.savefig(target, format="png")
    return Written(Picture(f"chart_{seed}", target.getvalue(), "chart"), (*names, *values))


def screenshot_4k() -> Picture:
    """Lay windows of real programs side by side on a screen of 3840 x 2160, as PNG."""
    screen = np.full((_FOUR_K[1], _FOUR_K[0], 3), (36, 60, 92), dtype=np.uint8)
    windows = [load(DATA / "screens" / "omniparser" / name).pixels for name in ("word.png", "excel.png")]
    for index, (top, left) in enumerate(((0, 0), (0, 1920), (1080, 0), (1080, 1920))):
        window = windows[(index + index // 2) % 2]
        screen[top : top + window.shape[0], left : left + window.shape[1]] = window
    return Picture("screenshot_4k", encode_png(Image(screen)), "screen")


def _chosen(folder: Path) -> list[Path]:
    files: Iterable[Path] = (path for path in folder.iterdir() if path.suffix in (".jpg", ".jpeg", ".png"))
    if folder.name == "easyocr":
        files = (path for path in files if path.name in _LATIN)
    return sorted(files, reverse=folder.name == "omniparser")


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)
