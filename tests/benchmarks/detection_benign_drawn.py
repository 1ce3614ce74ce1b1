"""Benign pictures that programs draw: patterns, charts, screens, pages, codes."""

import io
from collections.abc import Callable

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import either, jpeg
from detection_benign_patterns import PATTERNS
from detection_fonts import any_face, face, lines, words
from matplotlib import style as mpl_style
from matplotlib.figure import Figure
from PIL import Image as PillowImage
from PIL import ImageDraw

Pixels = npt.NDArray[np.uint8]
Draw = Callable[[np.random.Generator], bytes]

mpl.use("Agg")
_LIGHT, _DARK = ((255, 255, 255), (30, 30, 34)), ((28, 30, 36), (214, 216, 222))


def _bounded(values: npt.NDArray[np.generic]) -> Pixels:
    return np.clip(np.rint(values.astype(np.float64)), 0, 255).astype(np.uint8)


def _plot(rng: np.random.Generator) -> bytes:
    style = str(rng.choice(["default", "dark_background", "ggplot", "bmh"]))
    with mpl_style.context(style):
        figure = Figure(
            figsize=(float(rng.uniform(4, 8)), float(rng.uniform(3, 6))), dpi=int(rng.choice([72, 100, 144]))
        )
        axes = figure.subplots()
        kind = int(rng.integers(5))
        x = np.linspace(0, 10, 60)
        if kind == 0:
            for _ in range(int(rng.integers(1, 6))):
                axes.plot(x, np.cumsum(rng.normal(size=60)), label=words(rng, 1))
            axes.legend()
        elif kind == 1:
            axes.bar([words(rng, 1) + str(n) for n in range(5)], rng.uniform(1, 9, 5))
        elif kind == 2:
            axes.scatter(rng.normal(size=300), rng.normal(size=300), s=9, alpha=0.5)
        elif kind == 3:
            figure.colorbar(
                axes.imshow(rng.normal(size=(12, 16)), cmap=str(rng.choice(["viridis", "coolwarm"])))
            )
        else:
            axes.fill_between(x, x * 0, np.abs(np.cumsum(rng.normal(size=60))), alpha=0.3)
            axes.grid(visible=True, alpha=0.3)
        axes.set_title(words(rng, 4))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    picture = PillowImage.open(buffer)
    return buffer.getvalue() if rng.random() < 0.5 else either(picture.convert("RGB"), rng)


def _page(rng: np.random.Generator) -> bytes:
    paper = tuple(int(v) for v in (255, 255, 255 - rng.integers(0, 30)))
    page = PillowImage.new("RGB", (int(rng.integers(500, 900)), int(rng.integers(600, 1100))), paper)
    pen = ImageDraw.Draw(page)
    pen.text((50, 40), words(rng, 4).title(), (10, 10, 10), any_face(rng, 26))
    size = int(rng.integers(11, 18))
    text = lines(rng, int(page.height / size / 1.9), 9, cyrillic=bool(rng.random() < 0.25))
    pen.multiline_text((50, 100), text, (30, 30, 30), any_face(rng, size), spacing=size * 0.4)
    return either(page, rng)


def _scanned_page(rng: np.random.Generator) -> bytes:
    page = np.asarray(PillowImage.open(io.BytesIO(_page(rng))).convert("RGB")).astype(np.float32)
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-2, 2)), 1)
    lit = cv2.warpAffine(page, turn, (width, height), borderValue=(235, 235, 235)) * 0.86 + 18
    light = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 80)
    fibres = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 1.2)
    shaded = lit + (light / light.std() * 5 + fibres / fibres.std() * rng.uniform(1, 4))[..., None]
    through = cv2.flip(page, 1)  # the other side shines through
    shaded -= (255 - cv2.GaussianBlur(through, (0, 0), 2.5)) * rng.uniform(0, 0.07)
    return jpeg(_bounded(shaded + rng.normal(size=shaded.shape)), int(rng.integers(60, 95)))


def _window(rng: np.random.Generator) -> bytes:
    """Draw an application's window: bars, a list, a form with grey placeholders, a dim button."""
    paper, ink = _LIGHT if rng.random() < 0.5 else _DARK
    page = PillowImage.new("RGB", (int(rng.integers(700, 1300)), int(rng.integers(500, 800))), paper)
    pen = ImageDraw.Draw(page)
    dim = tuple(round(p + (i - p) * rng.uniform(0.06, 0.35)) for p, i in zip(paper, ink, strict=True))
    pen.rectangle((0, 0, page.width, 36), fill=dim)
    pen.rectangle(
        (0, 36, 180, page.height),
        fill=tuple(round(0.97 * p + 0.03 * i) for p, i in zip(paper, ink, strict=True)),
    )
    for row in range(12):
        pen.text((16, 56 + 30 * row), words(rng, 2), ink, face("DejaVuSans", 13))
    for row in range(5):
        top = 80 + 78 * row
        pen.text((220, top), words(rng, 2).title(), ink, face("DejaVuSans", 14))
        pen.rounded_rectangle((220, top + 22, 620, top + 54), 5, outline=dim)
        pen.text((230, top + 30), words(rng, 4), dim, face("DejaVuSans", 14))
    pen.rounded_rectangle((220, page.height - 70, 340, page.height - 36), 6, fill=dim)
    pen.text((244, page.height - 62), words(rng, 1), paper, face("DejaVuSans-Bold", 14))
    return either(page, rng)


def _terminal(rng: np.random.Generator) -> bytes:
    page = PillowImage.new("RGB", (900, 560), (int(rng.integers(0, 40)),) * 3)
    pen = ImageDraw.Draw(page)
    size = int(rng.integers(12, 17))
    for row in range(int(540 / size / 1.35)):
        colour = tuple(
            int(v) for v in rng.choice([[200, 200, 200], [110, 200, 110], [90, 90, 96], [220, 180, 90]])
        )
        pen.text(
            (10, 8 + row * size * 1.35),
            words(rng, int(rng.integers(1, 10))),
            colour,
            face("DejaVuSansMono", size),
        )
    return either(page, rng)


def _pale_words(rng: np.random.Generator) -> bytes:
    """Print words meant to be pale but seen: footnotes, hints, DRAFT across a page, at 8 to 20 % contrast."""
    ground = float(rng.choice([255, 250, 240, 40, 22]))
    step = rng.uniform(0.08, 0.2) * (ground if ground > 128 else 140)
    shade = round(ground - step if ground > 128 else ground + step)
    page = PillowImage.new("RGB", (760, 520), (round(ground),) * 3)
    pen = ImageDraw.Draw(page)
    if rng.random() < 0.5:
        layer = PillowImage.new("L", page.size)
        ImageDraw.Draw(layer).text((90, 180), "DRAFT", 255, face("DejaVuSans-Bold", 150))
        page.paste((shade,) * 3, (0, 0), layer.rotate(float(rng.uniform(0, 40))))
    else:
        pen.multiline_text(
            (60, 300), lines(rng, 4, 6), (shade,) * 3, any_face(rng, int(rng.integers(12, 26)))
        )
    ink = (20, 20, 20) if ground > 128 else (225, 225, 225)
    pen.multiline_text((60, 40), lines(rng, 8, 7), ink, any_face(rng, 16))
    return either(page, rng)


def _code(rng: np.random.Generator) -> bytes:
    side, modules = int(rng.integers(3, 10)), int(rng.choice([21, 25, 29, 33]))
    cells = rng.integers(0, 2, (modules, modules)).astype(np.uint8)
    for top, left in ((0, 0), (0, modules - 7), (modules - 7, 0)):
        cells[top : top + 7, left : left + 7] = 1
        cells[top + 1 : top + 6, left + 1 : left + 6] = 0
        cells[top + 2 : top + 5, left + 2 : left + 5] = 1
    quiet = np.pad(cells, 4)
    return either(
        np.repeat((255 - 255 * np.kron(quiet, np.ones((side, side), np.uint8)))[..., None], 3, 2), rng
    )


def _table(rng: np.random.Generator) -> bytes:
    page = PillowImage.new("RGB", (820, 30 * int(rng.integers(8, 24))), "white")
    pen = ImageDraw.Draw(page)
    for row in range(page.height // 30):
        if row % 2:
            pen.rectangle((0, 30 * row, 820, 30 * row + 30), fill=(247, 248, 250))
        for column in range(5):
            text = words(rng, 1) if column == 0 else f"{rng.uniform(0, 9999):.2f}"
            pen.text((12 + 164 * column, 30 * row + 7), text, (40, 44, 52), face("DejaVuSans", 14))
    return either(page, rng)


DRAWN: dict[str, Draw] = {
    **PATTERNS,
    "plot": _plot,
    "page": _page,
    "scanned page": _scanned_page,
    "window with placeholders": _window,
    "terminal": _terminal,
    "pale words 8-20 %": _pale_words,
    "code": _code,
    "table": _table,
}
