"""Pairs of successive pictures, for a benchmark: what people do to them, and what attackers do.

Screens are drawn; whoever calls brings the photographs. Nothing here knows a detector.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageEnhance, ImageFilter, ImageFont

from calibration.image import Image, decode, encode_jpeg

Pixels = npt.NDArray[np.uint8]
Change = Callable[[PillowImage.Image, np.random.Generator], PillowImage.Image]

SCREEN_SIZE = (1024, 640)
_TEXT = "the gateway keeps a picture of every screen and compares it with what came before it"
_WORDS = tuple(_TEXT.split())


@dataclass(frozen=True)
class Pair:
    """A picture and what came after it."""

    name: str  # of the change
    first: Image
    second: Image


def screen_pairs(count: int) -> Iterator[Pair]:
    """Draw screens and what happens on them."""
    for number in range(count):
        for name, change in SCREEN_CHANGES.items():
            yield _pair(name, screen(number), change, number)


def photograph_pairs(photographs: list[Image]) -> Iterator[Pair]:
    """Edit photographs as people do."""
    for number, photograph in enumerate(photographs):
        for name, change in PHOTOGRAPH_EDITS.items():
            yield _pair(name, PillowImage.fromarray(photograph.pixels), change, number)


def attack_pairs(pictures: list[Image]) -> Iterator[Pair]:
    """Hide something in pictures."""
    for number, picture in enumerate(pictures):
        for name, change in ATTACKS.items():
            yield _pair(name, PillowImage.fromarray(picture.pixels), change, number)


def retake_pairs(photographs: list[Image]) -> Iterator[Pair]:
    """Take each scene twice, as a still camera does: noise of its own in each."""
    for number, photograph in enumerate(photographs):
        rng = np.random.default_rng(number)
        calm = cv2.GaussianBlur(photograph.pixels, (0, 0), 1.0).astype(np.float32)
        takes = [
            np.clip(np.rint(calm + rng.normal(0, 1 + number % 3, calm.shape)), 0, 255).astype(np.uint8)
            for _ in range(2)
        ]
        yield Pair("second take", Image(takes[0]), Image(takes[1]))


def beside_pairs(count: int) -> Iterator[Pair]:
    """Draw screens where something visible happens, and noise is hidden beside it; known pictures only."""
    for number in range(count):
        for name, change in SCREEN_CHANGES.items():
            if name in _OTHER_PICTURES:
                continue
            pair = _pair(name, screen(number), change, number)
            noisy = _noise(4)(PillowImage.fromarray(pair.second.pixels), np.random.default_rng(number))
            yield Pair(f"{name} + noise 4", pair.first, Image(np.asarray(noisy)))


def _pair(name: str, first: PillowImage.Image, change: Change, number: int) -> Pair:
    second = change(first.copy(), np.random.default_rng(number))
    return Pair(name, Image(np.asarray(first)), Image(np.asarray(second)))


def screen(number: int) -> PillowImage.Image:
    """Draw a page: a bar, a list at the left, lines of text, a picture, a form."""
    rng = np.random.default_rng(number)
    dark = number % 3 == 2
    ground, ink = ((28, 30, 34), (220, 220, 220)) if dark else ((250, 250, 252), (30, 30, 30))
    page = PillowImage.new("RGB", SCREEN_SIZE, ground)
    draw = ImageDraw.Draw(page)
    accent = tuple(int(v) for v in rng.integers(40, 200, 3))
    draw.rectangle((0, 0, SCREEN_SIZE[0], 40), fill=accent)
    draw.text((20, 10), f"Project {number} - overview", font=_font(18), fill=(255, 255, 255))
    for row in range(8):
        draw.text((16, 60 + 30 * row), str(rng.choice(_WORDS)), font=_font(14), fill=ink)
    for row in range(14):
        words = " ".join(rng.choice(_WORDS, 9))
        draw.text((180, 60 + 24 * row), words, font=_font(14), fill=ink)
    noise = cv2.GaussianBlur(rng.integers(0, 256, (160, 220, 3), dtype=np.uint8), (0, 0), 3)
    stretched = np.clip((noise.astype(np.float32) - 128) * 5 + 128, 0, 255).astype(np.uint8)
    page.paste(PillowImage.fromarray(stretched), (760, 70))
    draw.rectangle((180, 440, 640, 470), outline=ink)
    draw.rectangle((660, 440, 760, 470), fill=accent)
    draw.text((680, 446), "Send", font=_font(14), fill=(255, 255, 255))
    return page


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _cursor(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    x, y = int(rng.integers(200, 900)), int(rng.integers(100, 560))
    shape = [(x, y), (x, y + 16), (x + 4, y + 12), (x + 10, y + 12)]
    ImageDraw.Draw(page).polygon(shape, fill=(0, 0, 0), outline=(255, 255, 255))
    return page


def _caret(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    x = int(rng.integers(190, 600))
    ink = page.getpixel((180, 455))
    ImageDraw.Draw(page).rectangle((x, 446, x + 1, 464), fill=ink)
    return page


def _typed(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    ink = page.getpixel((180, 455))
    words = " ".join(rng.choice(_WORDS, int(rng.integers(1, 6))))
    ImageDraw.Draw(page).text((190, 446), words, font=_font(14), fill=ink)
    return page


def _hover(page: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    button = page.crop((660, 440, 761, 471))
    page.paste(ImageEnhance.Brightness(button).enhance(1.25), (660, 440))
    return page


def _row_hover(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    top = 54 + 30 * int(rng.integers(8))
    row = np.asarray(page.crop((8, top, 168, top + 28)), dtype=np.int16)
    step = -16 if row.mean() > 128 else 16
    page.paste(PillowImage.fromarray(np.clip(row + step, 0, 255).astype(np.uint8)), (8, top))
    return page


def _scroll(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    step = int(rng.integers(2, 60))
    page.paste(page.crop((170, 50 + step, 750, 430)), (170, 50))
    return page


def _clock(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    time = f"{int(rng.integers(10, 24))}:{int(rng.integers(10, 60))}"
    ImageDraw.Draw(page).text((950, 10), time, font=_font(18), fill=(255, 255, 255))
    return page


def _progress(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    ImageDraw.Draw(page).rectangle((180, 500, int(rng.integers(220, 760)), 512), fill=(60, 150, 90))
    return page


def _popup(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    shade = PillowImage.blend(page, PillowImage.new("RGB", page.size), float(rng.choice([0, 0.4])))
    draw = ImageDraw.Draw(shade)
    draw.rectangle((300, 180, 720, 420), fill=(255, 255, 255), outline=(120, 120, 120))
    draw.text((330, 220), "Save before leaving?", font=_font(20), fill=(20, 20, 20))
    return shade


def _selection(page: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    top = 58 + 24 * int(rng.integers(14))
    box = (180, top, int(rng.integers(260, 700)), top + 22)
    blue = PillowImage.new("RGB", page.size, (60, 120, 220))
    page.paste(PillowImage.blend(page, blue, 0.35).crop(box), box[:2])
    return page


def _theme(page: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    return PillowImage.fromarray((255 - np.asarray(page)).astype(np.uint8))


def _brighter(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    return ImageEnhance.Brightness(picture).enhance(float(rng.uniform(1.04, 1.2)))


def _contrast(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    return ImageEnhance.Contrast(picture).enhance(float(rng.uniform(1.05, 1.25)))


def _warmer(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    gains = np.array([1.06, 1.0, 0.93])
    return PillowImage.fromarray(np.clip(np.rint(np.asarray(picture) * gains), 0, 255).astype(np.uint8))


def _saturated(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    return ImageEnhance.Color(picture).enhance(float(rng.uniform(1.15, 1.4)))


def _sepia(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    mixing = np.array([[0.39, 0.77, 0.19], [0.35, 0.69, 0.17], [0.27, 0.53, 0.13]])
    return PillowImage.fromarray(np.clip(np.asarray(picture) @ mixing.T, 0, 255).astype(np.uint8))


def _caption(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    words = " ".join(rng.choice(_WORDS, 4))
    place = (picture.width // 10, picture.height * 8 // 10)
    size = max(14, picture.height // 16)
    ImageDraw.Draw(picture).text(
        place, words, font=_font(size), fill="white", stroke_width=1, stroke_fill="black"
    )
    return picture


def _arrow(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    draw = ImageDraw.Draw(picture)
    x, y = picture.width // 3, picture.height // 3
    draw.line((x, y, x + 80, y + 60), fill=(230, 30, 30), width=5)
    draw.line((x + 80, y + 60, x + 55, y + 60), fill=(230, 30, 30), width=5)
    return picture


def _face(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    box = (picture.width // 3, picture.height // 4, picture.width * 2 // 3, picture.height * 2 // 3)
    page = picture.crop(box).filter(ImageFilter.GaussianBlur(max(8, picture.height // 30)))
    picture.paste(page, box[:2])
    return picture


def _watermark(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    marked = picture.copy()
    size = max(16, picture.height // 10)
    ImageDraw.Draw(marked).text(
        (picture.width // 5, picture.height // 2), "(c) studio", font=_font(size), fill="white"
    )
    return PillowImage.blend(picture, marked, 0.4)


def _crop(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    share = float(rng.uniform(0.02, 0.1))
    x, y = round(picture.width * share), round(picture.height * share)
    return picture.crop((x, y, picture.width - x // 2, picture.height - y // 2))


def _smaller(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    return picture.resize((picture.width * 7 // 10, picture.height * 7 // 10), PillowImage.Resampling.BICUBIC)


def _sharper(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    return ImageEnhance.Sharpness(picture).enhance(1.4)


def _saved(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    encoded = encode_jpeg(Image(np.asarray(picture)), int(rng.integers(60, 90)))
    return PillowImage.fromarray(decode(encoded).image.pixels)


def _noise(strength: int) -> Change:
    def add(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
        pixels = np.asarray(picture, dtype=np.int16)
        noise = rng.choice(np.array([-strength, strength], dtype=np.int16), pixels.shape)
        return PillowImage.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))

    return add


def _smooth_noise(strength: int) -> Change:
    """Signs of a smooth field: as gradient attacks through a resize come out."""

    def add(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
        pixels = np.asarray(picture, dtype=np.float32)
        field = cv2.GaussianBlur(rng.normal(size=pixels.shape), (0, 0), 1.5)
        return PillowImage.fromarray(np.clip(pixels + strength * np.sign(field), 0, 255).astype(np.uint8))

    return add


def _code(strength: int) -> Change:
    def add(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
        pixels = np.array(picture, dtype=np.int16)
        side = min(picture.size) // 2
        cells = rng.choice(np.array([-1, 1], dtype=np.int8), (25, 25))
        code = cv2.resize(cells, (side, side), interpolation=cv2.INTER_NEAREST).astype(np.int16)
        top, left = (picture.height - side) // 2, (picture.width - side) // 2
        pixels[top : top + side, left : left + side] += strength * code[..., None]
        return PillowImage.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))

    return add


def _hidden_words(strength: int) -> Change:
    def add(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
        sheet = PillowImage.new("L", picture.size)
        size = max(20, picture.height // 12)
        for row in range(4):
            text = " ".join(rng.choice(_WORDS, 4))
            ImageDraw.Draw(sheet).text((20, picture.height // 5 * row + 20), text, font=_font(size), fill=255)
        pixels = np.asarray(picture, dtype=np.float32)
        raised = pixels + strength * (np.asarray(sheet, dtype=np.float32) / 255)[..., None]
        return PillowImage.fromarray(np.clip(np.rint(raised), 0, 255).astype(np.uint8))

    return add


def _retouch(picture: PillowImage.Image, _rng: np.random.Generator) -> PillowImage.Image:
    pixels = np.asarray(picture, dtype=np.float32)
    rows, columns = np.mgrid[0 : picture.height, 0 : picture.width]
    middle, radius = (picture.height * 0.4, picture.width * 0.6), min(picture.size) * 0.1
    weight = np.exp(-((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2) / (2 * radius**2))[..., None]
    changed = pixels + weight * 6 * np.array([1, 0.25, -1])
    return PillowImage.fromarray(np.clip(np.rint(changed), 0, 255).astype(np.uint8))


SCREEN_CHANGES: dict[str, Change] = {
    "cursor": _cursor,
    "caret": _caret,
    "typed words": _typed,
    "hovered button": _hover,
    "hovered row": _row_hover,
    "scroll": _scroll,
    "clock": _clock,
    "progress": _progress,
    "popup": _popup,
    "selection": _selection,
    "theme": _theme,
}
_OTHER_PICTURES = {"popup", "theme"}  # of which no earlier version is known
PHOTOGRAPH_EDITS: dict[str, Change] = {
    "brighter": _brighter,
    "contrast": _contrast,
    "warmer": _warmer,
    "saturated": _saturated,
    "sepia": _sepia,
    "caption": _caption,
    "arrow": _arrow,
    "blurred face": _face,
    "watermark": _watermark,
    "crop": _crop,
    "smaller": _smaller,
    "sharper": _sharper,
    "saved again": _saved,
}
ATTACKS: dict[str, Change] = {
    "noise 4": _noise(4),
    "noise 8": _noise(8),
    "smooth noise 4": _smooth_noise(4),
    "smooth noise 8": _smooth_noise(8),
    "code 3": _code(3),
    "hidden words 4": _hidden_words(4),
    "retouch 6": _retouch,
}
