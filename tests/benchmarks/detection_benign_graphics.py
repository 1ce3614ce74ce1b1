"""Benign graphics with transparency: logos in dark and white ink, soft shadows, stickers, icons, charts."""

import io
from collections.abc import Callable

import numpy as np
from detection_benign_drawn import DRAWN
from detection_benign_encodings import opened, png, saved
from detection_fonts import face, words
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFilter

Draw = Callable[[np.random.Generator], bytes]
Ink = tuple[int, int, int]
Picture = PillowImage.Image

_OVER = 4  # drawn this much larger and shrunk: soft edges


def _size(rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(96, 640)), int(rng.integers(64, 420))


def _mark(rng: np.random.Generator, ink: Ink, size: tuple[int, int]) -> Picture:
    """Draw a mark and a name with soft edges on nothing; RGB under alpha 0 is as the program left it."""
    under = (0, 0, 0, 0) if rng.random() < 0.6 else (255, 255, 255, 0)
    page = PillowImage.new("RGBA", (size[0] * _OVER, size[1] * _OVER), under)
    pen = ImageDraw.Draw(page)
    height = size[1] * _OVER
    left = height * 0.1
    kind = int(rng.integers(3))
    box = (left, height * 0.2, left + height * 0.6, height * 0.8)
    if kind == 0:
        pen.ellipse(box, outline=(*ink, 255), width=max(8, height // 16))
    elif kind == 1:
        pen.rounded_rectangle(box, height * 0.12, fill=(*ink, 255))
    else:
        pen.polygon([(box[0], box[3]), ((box[0] + box[2]) / 2, box[1]), (box[2], box[3])], fill=(*ink, 255))
    name = words(rng, 1).title()
    pen.text(
        (box[2] + height * 0.1, height * 0.3),
        name,
        (*ink, 255),
        face("DejaVuSans-Bold", max(12, height // 4)),
    )
    return page.resize(size, PillowImage.Resampling.LANCZOS)


def _stored(picture: Picture, rng: np.random.Generator) -> bytes:
    kind = int(rng.integers(5))
    if kind == 0:
        return saved(picture, format="WEBP", lossless=True)
    if kind == 1:
        return saved(picture, format="WEBP", quality=85)
    if kind == 2:
        return saved(picture.quantize(128), format="PNG")
    return png(picture)


def _logo(low: int, high: int) -> Draw:
    def draw(rng: np.random.Generator) -> bytes:
        ink = tuple(int(v) for v in rng.integers(low, high, 3))
        return _stored(_mark(rng, (ink[0], ink[1], ink[2]), _size(rng)), rng)

    return draw


def _white(rng: np.random.Generator) -> bytes:
    return _stored(_mark(rng, (255, 255, 255), _size(rng)), rng)


def _black(rng: np.random.Generator) -> bytes:
    return _stored(_mark(rng, (0, 0, 0), _size(rng)), rng)


def _shadowed(rng: np.random.Generator) -> bytes:
    mark = _mark(rng, tuple(int(v) for v in rng.integers(0, 256, 3)), _size(rng))  # type: ignore[arg-type]
    shadow = PillowImage.new("RGBA", mark.size, (0, 0, 0, 0))
    shadow.putalpha(mark.getchannel("A").point(lambda level: int(level * 0.45)))
    soft = shadow.filter(ImageFilter.GaussianBlur(float(rng.uniform(2, 10))))
    moved = PillowImage.new("RGBA", mark.size, (0, 0, 0, 0))
    moved.paste(soft, (3, 4))
    return _stored(PillowImage.alpha_composite(moved, mark), rng)


def _sticker(rng: np.random.Generator) -> bytes:
    """Outline in white, as messengers' stickers are."""
    mark = _mark(rng, tuple(int(v) for v in rng.integers(0, 200, 3)), _size(rng))  # type: ignore[arg-type]
    rim = mark.getchannel("A").filter(ImageFilter.MaxFilter(9))
    white = PillowImage.new("RGBA", mark.size, (255, 255, 255, 0))
    white.putalpha(rim)
    return _stored(PillowImage.alpha_composite(white, mark), rng)


def _icon(rng: np.random.Generator) -> bytes:
    side = int(rng.choice([16, 24, 32, 48, 64, 128, 256]))
    ink = tuple(int(v) for v in rng.integers(0, 256, 3))
    return _stored(_mark(rng, ink, (side, side)), rng)  # type: ignore[arg-type]


def _clear_chart(rng: np.random.Generator) -> bytes:
    """Plot on a transparent ground."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    ink = str(rng.choice(["black", "white"]))
    figure = Figure(figsize=(5, 3.6), dpi=100)
    axes = figure.subplots()
    axes.plot(np.cumsum(rng.normal(size=(50, 3)), axis=0))
    axes.set_title(words(rng, 3), color=ink)
    axes.tick_params(colors=ink)
    for spine in axes.spines.values():
        spine.set_color(ink)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=True)
    return buffer.getvalue()


def _cut_out(rng: np.random.Generator) -> bytes:
    """Cut a thing out of its ground: the ground stays under alpha 0, as many editors leave it."""
    picture = opened(DRAWN["scientific"](rng)).resize((360, 300)).convert("RGBA")
    mask = PillowImage.new("L", picture.size)
    ImageDraw.Draw(mask).ellipse((60, 40, 300, 260), fill=255)
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3)))))
    return _stored(picture, rng)


def _fading(rng: np.random.Generator) -> bytes:
    """Fade a banner out, as web pages do."""
    width, height = _size(rng)
    colour = rng.integers(0, 256, 3)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = (
        np.linspace(255, 0, width)[None] if rng.random() < 0.5 else np.linspace(0, 255, height)[:, None]
    )
    picture = PillowImage.fromarray(pixels)
    ImageDraw.Draw(picture).text(
        (12, height / 3), words(rng, 2), (255, 255, 255, 255), face("DejaVuSans", 20)
    )
    return _stored(picture, rng)


def _rounded_screen(rng: np.random.Generator) -> bytes:
    """Take a window's picture with its round corners and shadow."""
    screen = opened(DRAWN["window with placeholders"](rng)).convert("RGBA")
    mask = PillowImage.new("L", screen.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, screen.width, screen.height), 12, fill=255)
    screen.putalpha(mask)
    page = PillowImage.new("RGBA", (screen.width + 80, screen.height + 80), (0, 0, 0, 0))
    page.paste((0, 0, 0, 110), (40, 52), mask)
    soft = page.filter(ImageFilter.GaussianBlur(16))
    soft.alpha_composite(screen, (40, 40))
    return png(soft)


def _glass(rng: np.random.Generator) -> bytes:
    """Draw translucent panels over one another, as design programs export them."""
    page = PillowImage.new("RGBA", _size(rng), (0, 0, 0, 0))
    for _ in range(4):
        layer = PillowImage.new("RGBA", page.size, (0, 0, 0, 0))
        left, top = rng.uniform(0, 0.5, 2) * np.array(page.size)
        colour = (*(int(v) for v in rng.integers(0, 256, 3)), int(rng.integers(25, 160)))
        ImageDraw.Draw(layer).rounded_rectangle(
            (left, top, left + page.width / 2, top + page.height / 2), 14, fill=colour
        )
        page = PillowImage.alpha_composite(page, layer)
    ImageDraw.Draw(page).text((10, 10), words(rng, 2), (255, 255, 255, 230), face("DejaVuSans", 16))
    return _stored(page, rng)


GRAPHICS: dict[str, Draw] = {
    "logo dark ink": _logo(0, 90),
    "logo bright ink": _logo(150, 256),
    "logo black": _black,
    "logo white": _white,
    "soft shadow": _shadowed,
    "sticker": _sticker,
    "icon": _icon,
    "chart on nothing": _clear_chart,
    "cut out": _cut_out,
    "fading banner": _fading,
    "window with shadow": _rounded_screen,
    "glass panels": _glass,
}
