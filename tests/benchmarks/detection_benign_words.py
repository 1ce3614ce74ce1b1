"""Benign photographs with words and marks on them, printed, scanned, shown on screens."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import either, jpeg, png
from detection_fonts import any_face, face, words
from PIL import Image as PillowImage
from PIL import ImageDraw

Pixels = npt.NDArray[np.uint8]
Make = Callable[[Pixels, np.random.Generator], bytes]


def _drawn(draw: Callable[[PillowImage.Image, np.random.Generator], PillowImage.Image | None]) -> Make:
    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        picture = PillowImage.fromarray(pixels)
        return either((draw(picture, rng) or picture).convert("RGB"), rng)

    return make


def _meme(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    pen = ImageDraw.Draw(picture)
    font = face("DejaVuSans-Bold", int(rng.integers(24, 48)))
    for top in (0.04, 0.84):
        text = words(rng, 3).upper()
        left = max(4, (picture.width - pen.textlength(text, font)) / 2)
        pen.text((left, top * picture.height), text, "white", font, stroke_width=3, stroke_fill="black")


def _subtitle(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    font = any_face(rng, int(rng.integers(16, 28)))
    pen = ImageDraw.Draw(picture)
    text = words(rng, 6)
    place = ((picture.width - pen.textlength(text, font)) / 2, picture.height * 0.88)
    if rng.random() < 0.5:
        left, top, right, bottom = pen.textbbox(place, text, font)
        pen.rectangle((left - 6, top - 4, right + 6, bottom + 4), fill="black")
    pen.text(place, text, "white", font, stroke_width=int(rng.integers(0, 3)), stroke_fill="black")


def _mark(low: float, high: float, *, tiled: bool) -> Callable[..., PillowImage.Image]:
    """Lay a watermark over the picture at some opacity: plain, turned, or tiled as stock agencies do."""

    def draw(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
        layer = PillowImage.new("RGBA", picture.size, (255, 255, 255, 0))
        shade = (255, 255, 255) if rng.random() < 0.6 else (0, 0, 0)
        colour = (*shade, int(255 * rng.uniform(low, high)))
        text = str(rng.choice(["DRAFT", "CONFIDENTIAL", "SAMPLE", "© Studio Nord", "PROOF", "stockphoto"]))
        pen = ImageDraw.Draw(layer)
        if tiled:
            font = any_face(rng, int(rng.integers(18, 30)))
            for top in range(0, layer.height, 90):
                for left in range(-40 + top % 80, layer.width, 200):
                    pen.text((left, top), text, colour, font)
        else:
            font = any_face(rng, int(rng.integers(40, 90)))
            pen.text((layer.width * 0.08, layer.height * rng.uniform(0.3, 0.6)), text, colour, font)
            if rng.random() < 0.6:
                layer = layer.rotate(float(rng.uniform(15, 45)), PillowImage.Resampling.BICUBIC)
        return PillowImage.alpha_composite(picture.convert("RGBA"), layer)

    return draw


def _signature(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    font = face("DejaVuSerif", int(rng.integers(10, 16)))
    pen = ImageDraw.Draw(picture)
    pen.text((picture.width * 0.7, picture.height * 0.94), "© " + words(rng, 2), (235, 235, 235), font)


def _dated(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    day, hour = rng.integers(1, 13, 3), rng.integers(0, 24, 2)
    stamp = f"{day[0]}/{day[1]}/20{9 + day[2]} {hour[0]:02d}:{hour[1]:02d}"
    place = (picture.width * 0.62, picture.height * 0.92)
    ImageDraw.Draw(picture).text(place, stamp, (255, 160, 40), face("DejaVuSansMono", 17))


def _annotated(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    pen = ImageDraw.Draw(picture)
    left, top = rng.uniform(0.1, 0.5, 2) * min(picture.size)
    pen.rectangle((left, top, left + 120, top + 80), outline=(230, 30, 30), width=3)
    pen.line((left + 200, top + 160, left + 124, top + 84), fill=(230, 30, 30), width=4)
    pen.text((left + 204, top + 160), words(rng, 2), (230, 30, 30), face("DejaVuSans-Bold", 18))


def _boxed(picture: PillowImage.Image, rng: np.random.Generator) -> None:
    """Draw what an object detector found."""
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 7))):
        left, top = rng.uniform(0, 0.7, 2) * np.array(picture.size)
        colour = tuple(int(value) for value in rng.integers(60, 256, 3))
        pen.rectangle(
            (left, top, left + rng.uniform(30, 150), top + rng.uniform(30, 150)), outline=colour, width=2
        )
        pen.text(
            (left + 2, top + 1), f"{words(rng, 1)} {rng.uniform(0.4, 1):.2f}", colour, face("DejaVuSans", 11)
        )


def _on_a_page(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    page = PillowImage.new("RGB", (800, 620), (255, 255, 255) if rng.random() < 0.6 else (24, 26, 30))
    pen = ImageDraw.Draw(page)
    ink = (40, 40, 44) if page.getpixel((0, 0)) == (255, 255, 255) else (215, 215, 220)
    pen.rectangle((0, 0, 800, 44), fill=(60, 90, 150))
    pen.text((14, 10), words(rng, 3).title(), "white", face("DejaVuSans", 18))
    page.paste(picture.resize((380, 380)), (24, 70))
    for row in range(14):
        pen.text((430, 74 + 26 * row), words(rng, 5), ink, face("DejaVuSans", 14))
    return page


def _collage(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    page = PillowImage.new("RGB", (640, 640), "white")
    for number in range(4):
        tile = picture.rotate(90 * int(rng.integers(4))).resize((306, 306))
        page.paste(tile, (8 + number % 2 * 316, 8 + number // 2 * 316))
    return page


def _blurred_face(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    left, top = (int(value) for value in rng.uniform(40, 250, 2))
    box = (left, top, left + 110, top + 130)
    part = picture.crop(box)
    if rng.random() < 0.5:
        hidden = part.resize((8, 9)).resize(part.size, PillowImage.Resampling.NEAREST)
    else:
        hidden = PillowImage.fromarray(cv2.GaussianBlur(np.asarray(part), (0, 0), 9))
    picture.paste(hidden, box)
    return picture


def _printed(cell: float, *, colour: bool) -> Make:
    """Print with a dot screen, an angle for each ink, and scan."""

    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        angles = np.deg2rad([15, 75, 0] if colour else [45, 45, 45])
        source = pixels if colour else np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)
        rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]].astype(np.float32)
        pitch = cell * rng.uniform(0.85, 1.2)
        inks = []
        for channel, angle in enumerate(angles):
            across = np.cos(2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle)) / pitch)
            along = np.cos(2 * np.pi * (rows * np.cos(angle) - columns * np.sin(angle)) / pitch)
            screen = (across + along) / 4 + 0.5
            inks.append(np.clip((source[..., channel] / 255 - screen) * 6 + 0.5, 0, 1))
        dots = np.clip(255 * np.stack(inks, 2), 0, 255).astype(np.uint8)
        return either(np.asarray(cv2.GaussianBlur(dots, (0, 0), rng.uniform(0.4, 1.1))), rng)

    return make


def _scanned(pixels: Pixels, rng: np.random.Generator) -> bytes:
    paper = cv2.GaussianBlur(rng.normal(size=pixels.shape[:2]).astype(np.float32), (0, 0), 1.4)
    faded = 30 + pixels.astype(np.float32) * 0.82 + (paper / paper.std() * rng.uniform(2, 7))[..., None]
    scan = np.clip(faded + rng.normal(size=pixels.shape) * rng.uniform(0.5, 3), 0, 255).astype(np.uint8)
    return jpeg(scan, int(rng.integers(70, 95)))


def _off_a_screen(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Photograph a screen: stripes of its pixels, turned and shrunk into moiré."""
    large = cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    stripes = np.full((1, 3, 3), 0.45, np.float32)
    stripes[0, range(3), range(3)] = 1.3
    lit = large * np.tile(stripes, (large.shape[0], large.shape[1] // 3, 1))
    angle, scale = float(rng.uniform(-4, 4)), float(rng.uniform(0.3, 0.5))
    turn = cv2.getRotationMatrix2D((large.shape[1] / 2, large.shape[0] / 2), angle, scale)
    shot = cv2.warpAffine(lit, turn, (large.shape[1], large.shape[0]), flags=cv2.INTER_AREA)
    middle, half = large.shape[0] // 2, int(large.shape[0] * scale * 0.44)
    cut = shot[middle - half : middle + half, middle - half : middle + half]
    return jpeg(
        np.clip(cut + rng.normal(size=cut.shape) * 2, 0, 255).astype(np.uint8), int(rng.integers(80, 96))
    )


def _pixel_art(pixels: Pixels, rng: np.random.Generator) -> bytes:
    side = int(rng.choice([24, 32, 48, 64, 96]))
    small = PillowImage.fromarray(pixels).resize((side, side)).quantize(int(rng.choice([8, 16, 32])))
    factor = int(rng.choice([4, 6, 8, 10]))
    large = small.resize((side * factor,) * 2, PillowImage.Resampling.NEAREST)
    return png(large if rng.random() < 0.6 else large.convert("RGB"))


WORDS: dict[str, Make] = {
    "meme": _drawn(_meme),
    "subtitle": _drawn(_subtitle),
    "watermark 8-20 %": _drawn(_mark(0.08, 0.2, tiled=False)),
    "watermark 20-50 %": _drawn(_mark(0.2, 0.5, tiled=False)),
    "stock watermark 8-20 %": _drawn(_mark(0.08, 0.2, tiled=True)),
    "signature": _drawn(_signature),
    "date stamp": _drawn(_dated),
    "annotated": _drawn(_annotated),
    "boxes of a detector": _drawn(_boxed),
    "photograph on a page": _drawn(_on_a_page),
    "collage": _drawn(_collage),
    "blurred face": _drawn(_blurred_face),
    "halftone colour": _printed(5.0, colour=True),
    "halftone grey": _printed(6.5, colour=False),
    "scan with paper grain": _scanned,
    "photographed off a screen": _off_a_screen,
    "pixel art": _pixel_art,
}
