"""Benign pictures as the world stores them, for `residual.py`: real files, by other code than training uses.

Every kind was flagged too often once, or is its sibling. Sources are photographs nobody trained on.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageEnhance, ImageFilter

Picture = PillowImage.Image
LANCZOS, BICUBIC, NEAREST = (
    PillowImage.Resampling.LANCZOS,
    PillowImage.Resampling.BICUBIC,
    PillowImage.Resampling.NEAREST,
)


def saved(picture: Picture, kind: str, **options: object) -> bytes:
    """Encode with Pillow."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Picture:
    """Decode again, as the next program does."""
    return PillowImage.open(io.BytesIO(data)).convert("RGB")


def _four_to_three(picture: Picture) -> Picture:
    width, height = picture.size
    tall = min(height, width * 3 // 4)
    return picture.crop((0, 0, width, tall)).resize((600, 450), LANCZOS)


def _turned(picture: Picture) -> bytes:
    first = opened(saved(_four_to_three(picture), "JPEG", quality=91, subsampling=0))
    return saved(first.transpose(PillowImage.Transpose.ROTATE_90), "JPEG", quality=93, subsampling=2)


def _mirrored(picture: Picture) -> bytes:
    first = opened(saved(picture.crop((3, 5, 480, 400)), "JPEG", quality=88, subsampling=1))
    return saved(first.transpose(PillowImage.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=95, subsampling=0)


def _cropped(picture: Picture) -> bytes:
    first = opened(saved(picture, "JPEG", quality=80, subsampling=2)).crop((5, 3, 437, 411))
    return saved(first, "JPEG", quality=90, subsampling=0)


def _web_colours(picture: Picture) -> bytes:
    return saved(picture.convert("P"), "GIF")


def _own_colours(picture: Picture) -> bytes:
    palette = picture.quantize(64)
    return saved(picture.quantize(64, palette=palette, dither=PillowImage.Dither.FLOYDSTEINBERG), "PNG")


def _one_bit(picture: Picture) -> bytes:
    return saved(picture.convert("1"), "PNG")


def _halftone_scan(picture: Picture) -> bytes:
    dots = picture.convert("1").convert("L").filter(ImageFilter.GaussianBlur(0.8))
    return saved(dots.convert("RGB"), "JPEG", quality=85)


def _thumbnail(side: int) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        small = picture.copy()
        small.thumbnail((side, side), LANCZOS)
        return saved(small, "JPEG", quality=85)

    return make


def _enlarged(picture: Picture) -> bytes:
    small = picture.copy()
    small.thumbnail((150, 150), BICUBIC)
    return saved(small.resize((512, 512), BICUBIC), "JPEG", quality=90)


def _webp_then_jpeg(picture: Picture) -> bytes:
    return saved(opened(saved(picture, "WEBP", quality=80)), "JPEG", quality=92)


def _on_screen(picture: Picture) -> bytes:
    screen = PillowImage.new("RGB", (800, 600), (246, 246, 248))
    screen.paste(picture.resize((420, 420), BICUBIC), (60, 90))
    pen = ImageDraw.Draw(screen)
    for line in range(12):
        pen.text((510, 100 + 24 * line), "A line of text beside it", fill=(40, 40, 40))
    return saved(screen, "PNG")


def _render(picture: Picture) -> bytes:
    soft = picture.filter(ImageFilter.GaussianBlur(18))
    return saved(ImageEnhance.Contrast(soft).enhance(1.6), "PNG")


def _pixel_art(picture: Picture) -> bytes:
    few = picture.resize((64, 64), BICUBIC).quantize(24).convert("RGB")
    return saved(few.resize((512, 512), NEAREST), "PNG")


def _gradient_chart(picture: Picture) -> bytes:
    ground = np.linspace(250, 180, 480)[:, None, None] * np.ones((1, 640, 3)) * np.array([1.0, 0.99, 0.97])
    chart = PillowImage.fromarray(np.rint(ground).astype(np.uint8))
    pen = ImageDraw.Draw(chart)
    heights = np.asarray(picture.convert("L").resize((16, 1)))[0]
    for index, height in enumerate(heights):
        pen.rectangle(
            (30 + 36 * index, 460 - int(height), 56 + 36 * index, 460), fill=(40, 90, 30 + 14 * index)
        )
    return saved(chart, "JPEG", quality=90)


def _maker(strength: float, subsampling: int, quality: int, radius: float) -> Callable[[Picture], bytes]:
    """A camera's own tables, sharpening and smoothing; the photograph is shrunk first, to have new noise."""

    def make(picture: Picture) -> bytes:
        developed = picture.resize((384, 384), LANCZOS)
        grain = np.random.default_rng(int(np.asarray(picture)[0, 0, 0])).normal(0, 1.4, (384, 384, 3))
        noisy = np.asarray(developed) + np.asarray(grain) * np.sqrt(np.asarray(developed) / 128.0 + 0.2)
        noisy_picture = PillowImage.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
        smoothed = noisy_picture.filter(ImageFilter.GaussianBlur(radius))
        sharp = smoothed.filter(ImageFilter.UnsharpMask(1.2, int(100 * strength), 0))
        base = np.add.outer(np.arange(8), np.arange(8)) ** 1.3 * 5.0 + 12.0
        steps = np.clip(np.rint(base * (200 - 2 * quality) / 100.0), 1, 255).astype(int).ravel().tolist()
        return saved(sharp, "JPEG", qtables=[steps, steps], subsampling=subsampling)

    return make


KINDS: dict[str, Callable[[Picture], bytes]] = {
    "turned and saved again": _turned,
    "mirrored and saved again": _mirrored,
    "cropped and saved again": _cropped,
    "GIF of web colours": _web_colours,
    "dithered PNG8": _own_colours,
    "one bit": _one_bit,
    "halftone, scanned": _halftone_scan,
    "thumbnail of 150": _thumbnail(150),
    "thumbnail of 110": _thumbnail(110),
    "enlarged thumbnail": _enlarged,
    "WebP, then JPEG": _webp_then_jpeg,
    "photograph on a screen": _on_screen,
    "smooth render": _render,
    "pixel art": _pixel_art,
    "chart with a gradient": _gradient_chart,
    "camera 4:2:2, sharp": _maker(0.9, 1, 94, 0.3),
    "camera 4:2:0, smooth": _maker(0.3, 2, 88, 0.8),
    "camera 4:4:4, fine": _maker(0.6, 0, 97, 0.5),
}


def travelled(paths: list[Path]) -> Iterator[tuple[str, str, bytes]]:
    """Yield (source, kind, file) of every kind of every photograph."""
    for path in paths:
        picture = PillowImage.open(path).convert("RGB")
        for name, make in KINDS.items():
            yield path.stem, name, make(picture)
