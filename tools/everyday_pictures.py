"""Make benign pictures as files, of every stratum in which detection is calibrated, from photographs or none.

Photographs are cropped and treated as the residual detector's training treats them; screens, pages and charts
are drawn; any of them may become dither, halftone, a palette or a thumbnail. Nothing here is an attack.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from calibration.image import (
    Image,
    encode_jpeg,
    encode_png_fast,
    encode_png_palette,
    encode_webp,
    save_pillow,
)
from gateway.detection.strata import THUMBNAIL, kind_of
from predictor.learning.residual.benign_pictures import draw_graphic, treat

Pixels = npt.NDArray[np.uint8]

_SIDES = (192, 384)  # pixels: what is judged is judged on a few tiles, whatever the size
_QUALITIES = (
    ("finest", (94, 100)),
    ("fine", (88, 94)),
    ("coarsest", (50, 78)),
    ("coarse", (78, 88)),
)
_SENT_AS = {  # of a pair's strata
    "fine JPEG": ("finest JPEG", "fine JPEG"),
    "coarse JPEG": ("coarse JPEG", "coarsest JPEG"),
}
_SMALL_SIDES = (48, 159)
_TRIES = 6  # at a photograph that is none of the small or of few colours
_GRAPHIC_SHARE = (
    0.75  # of what is made for strata of graphics; the rest are photographs with much even ground
)


def make_file(photographs: Sequence[Pixels], stratum: str, rng: np.random.Generator) -> bytes:
    """Make one file that mostly falls into a stratum; which it does is for the caller to see."""
    pixels = _content(photographs, stratum, rng)
    if stratum == "lossless few colours":
        return _reduced(pixels, rng)
    if stratum == "small lossless" and rng.random() < 0.2:
        return _reduced(pixels, rng)
    return encode(pixels, stratum, rng)


def encode(pixels: Pixels, stratum: str, rng: np.random.Generator) -> bytes:
    """Store pixels in a codec that a stratum names."""
    image = Image(np.ascontiguousarray(pixels))
    if "lossless" in stratum:
        return encode_png_fast(image)
    if "other" in stratum or ("small" in stratum and rng.random() < 0.2):
        return encode_webp(image, int(rng.integers(50, 97)))
    low, high = next((each for name, each in _QUALITIES if name in stratum), (50, 100))
    return encode_jpeg(
        image,
        int(rng.integers(low, high)),
        progressive=bool(rng.random() < 0.3),
        full_chroma=bool(rng.random() < 0.3),
    )


def resave(pixels: Pixels, stratum: str, rng: np.random.Generator) -> bytes:
    """Deliver a picture once more as honest senders do: resized, saved on the way, and saved again."""
    if rng.random() < 0.4:
        scale = float(rng.uniform(0.45, 1.6))
        size = (max(48, round(pixels.shape[1] * scale)), max(48, round(pixels.shape[0] * scale)))
        kernels = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=int(rng.choice(kernels))), dtype=np.uint8)
    if rng.random() < 0.35:
        quality = int(rng.integers(50, 97))
        _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
    stratum = str(rng.choice(_SENT_AS.get(stratum, (stratum,))))
    if stratum == "lossless" and rng.random() < 0.1:
        palette = encode_png_palette(_few(pixels, rng))
        if palette is not None:
            return palette
    return encode(pixels, stratum, rng)


def _content(photographs: Sequence[Pixels], stratum: str, rng: np.random.Generator) -> Pixels:
    is_drawn = rng.random() < (
        _GRAPHIC_SHARE if "graphic" in stratum else 0.4 if "photo" not in stratum else 0.0
    )
    if is_drawn or not photographs:
        pixels = draw(rng)
        if rng.random() < 0.15:
            pixels = treat(pixels, rng)[0]
    else:
        pixels = _treated(photographs[int(rng.integers(len(photographs)))], rng)
        for _ in range(_TRIES if "photograph" in stratum else 0):
            if (
                min(pixels.shape[:2]) >= THUMBNAIL
                and kind_of(Image(pixels), is_lossless=True) == "photograph"
            ):
                break
            pixels = _treated(photographs[int(rng.integers(len(photographs)))], rng)
    return _thumbnail(pixels, rng) if "small" in stratum else pixels


def _treated(photograph: Pixels, rng: np.random.Generator) -> Pixels:
    return np.ascontiguousarray(treat(_crop(photograph, rng), rng)[0])


def _crop(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    rows, columns = (int(min(side, rng.integers(*_SIDES))) for side in pixels.shape[:2])
    top, left = (
        int(rng.integers(0, had - kept + 1)) for had, kept in zip(pixels.shape, (rows, columns), strict=False)
    )
    return np.ascontiguousarray(pixels[top : top + rows, left : left + columns])


def _thumbnail(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    side = int(rng.integers(*_SMALL_SIDES))
    scale = side / min(pixels.shape[:2])
    size = (max(side, round(pixels.shape[1] * scale)), max(side, round(pixels.shape[0] * scale)))
    kernels = (cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
    return np.asarray(cv2.resize(pixels, size, interpolation=int(rng.choice(kernels))), dtype=np.uint8)


def _reduced(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Reduce to few colours: dithered or plain palettes, greys, two tones, halftone; as PNG or GIF."""
    picture = PillowImage.fromarray(pixels)
    way = rng.random()
    if way < 0.5:
        dither = PillowImage.Dither.FLOYDSTEINBERG if rng.random() < 0.6 else PillowImage.Dither.NONE
        colours = int(rng.choice([8, 16, 32, 64, 128, 256]))
        reduced = picture.convert("P", dither=dither, palette=PillowImage.Palette.ADAPTIVE, colors=colours)
    elif way < 0.65:
        reduced = picture.convert("1")
    elif way < 0.75:
        reduced = PillowImage.fromarray(_ordered(np.asarray(picture.convert("L")), rng))
    else:
        step = int(rng.choice([8, 16, 32, 64]))  # grey levels
        reduced = picture.convert("L").point([level // step * step for level in range(256)])
    return save_pillow(reduced, "GIF" if rng.random() < 0.5 else "PNG")


def _ordered(grey: Pixels, rng: np.random.Generator) -> Pixels:
    """Dither in order, by Bayer's matrix, to 2 to 5 tones."""
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.float32) / 16
    tiled = np.tile(bayer, (grey.shape[0] // 4 + 1, grey.shape[1] // 4 + 1))[: grey.shape[0], : grey.shape[1]]
    steps = int(rng.integers(1, 5))
    return np.asarray(np.floor(grey / 255.0 * steps + tiled * 0.999).clip(0, steps) * (255 / steps), np.uint8)


def _few(pixels: Pixels, rng: np.random.Generator) -> Image:
    palette = PillowImage.fromarray(np.ascontiguousarray(pixels)).quantize(int(rng.choice([32, 64, 128])))
    return Image(np.asarray(palette.convert("RGB")))


def draw(rng: np.random.Generator) -> Pixels:
    """Draw a screen, a page, a chart or shapes."""
    height, width = (int(side) for side in rng.integers(*_SIDES, 2))
    maker = (_screen, _page, _chart)[int(rng.integers(3))]
    if rng.random() < 0.2:
        return draw_graphic(rng, side=int(rng.integers(*_SIDES)))
    return maker(height, width, rng)


def _screen(height: int, width: int, rng: np.random.Generator) -> Pixels:
    is_dark = rng.random() < 0.4
    ground = np.asarray(rng.integers(10, 50, 3) if is_dark else rng.integers(225, 256, 3))
    canvas = np.empty((height, width, 3), dtype=np.uint8)
    canvas[:] = ground
    ink = tuple(int(each) for each in (230 - ground // 4 if is_dark else ground // 6))
    bar = tuple(int(each) for each in rng.integers(0, 256, 3))
    cv2.rectangle(canvas, (0, 0), (width, int(rng.integers(12, 40))), bar, -1)
    if rng.random() < 0.6:
        side = tuple(int(each) for each in np.clip(ground.astype(int) + rng.integers(-20, 21), 0, 255))
        cv2.rectangle(canvas, (0, 30), (width // 5, height), side, -1)
    for top in range(50, height - 10, int(rng.integers(14, 30))):
        words = _words(rng)
        cv2.putText(
            canvas,
            words,
            (width // 5 + 10, top),
            int(rng.integers(0, 4)),
            rng.uniform(0.3, 0.6),
            ink,
            1,
            cv2.LINE_AA,
        )
    for _ in range(int(rng.integers(0, 5))):
        left, top = int(rng.integers(0, width - 40)), int(rng.integers(0, height - 20))
        colour = tuple(int(each) for each in rng.integers(0, 256, 3))
        cv2.rectangle(canvas, (left, top), (left + int(rng.integers(20, 90)), top + 18), colour, -1)
    return canvas


def _page(height: int, width: int, rng: np.random.Generator) -> Pixels:
    paper = rng.uniform(225, 255) + np.linspace(0, rng.uniform(-12, 12), width)[None, :, None]
    canvas = np.broadcast_to(paper, (height, width, 3)).clip(0, 255).astype(np.uint8).copy()
    size, font = rng.uniform(0.3, 0.7), int(rng.integers(0, 8))
    for top in range(24, height - 8, int(40 * size) + 4):
        cv2.putText(canvas, _words(rng), (14, top), font, size, (25, 25, 30), 1, cv2.LINE_AA)
    if rng.random() < 0.5:  # scanned
        noise = rng.standard_normal((height, width, 1), dtype=np.float32) * rng.uniform(0.5, 4)
        canvas = (
            (cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 0.9)) + noise)
            .clip(0, 255)
            .round()
            .astype(np.uint8)
        )
    return canvas


def _chart(height: int, width: int, rng: np.random.Generator) -> Pixels:
    is_dark = rng.random() < 0.4
    canvas = np.full((height, width, 3), 28 if is_dark else 255, dtype=np.uint8)
    grid, ink = ((60,) * 3, (200,) * 3) if is_dark else ((225,) * 3, (40,) * 3)
    for step in range(1, 6):
        cv2.line(canvas, (30, step * height // 6), (width - 8, step * height // 6), grid, 1)
        cv2.putText(
            canvas, str(int(rng.integers(1, 999))), (2, step * height // 6), 0, 0.3, ink, 1, cv2.LINE_AA
        )
    for _ in range(int(rng.integers(1, 5))):
        colour = tuple(int(each) for each in rng.integers(0, 256, 3))
        values = np.cumsum(rng.standard_normal(40)) * height / 30 + height / 2
        points = np.stack([np.linspace(30, width - 8, 40), values.clip(8, height - 8)], axis=1)
        if rng.random() < 0.7:
            cv2.polylines(
                canvas, [points.astype(np.int32)], False, colour, int(rng.integers(1, 3)), cv2.LINE_AA
            )
        else:
            for left, top in points[::4].astype(int):
                cv2.rectangle(canvas, (left, top), (left + 6, height - 8), colour, -1)
    return canvas


def _words(rng: np.random.Generator) -> str:
    letters = rng.integers(97, 123, int(rng.integers(10, 45)))
    return "".join(" " if rng.random() < 0.16 else chr(int(code)) for code in letters)
