"""Benign photographs: cameras of many makers, what people and programs do to them, how they are stored."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from detection_benign_encodings import either, jpeg, opened, png, saved
from detection_benign_makers import bounded as _bounded
from detection_benign_makers import maker
from detection_benign_makers import scene as _scene
from PIL import Image as PillowImage
from PIL import ImageEnhance, ImageFilter, ImageOps

Pixels = npt.NDArray[np.uint8]
Make = Callable[[Pixels, np.random.Generator], bytes]
Floats = npt.NDArray[np.float32]

_KERNELS = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA, cv2.INTER_LANCZOS4)


def _again(quality: int, first: int) -> Make:
    return lambda pixels, rng: jpeg(opened(jpeg(_shifted(pixels, rng), first)), quality)


def _shifted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    top, left = rng.integers(0, 40, 2)
    return np.ascontiguousarray(pixels[top : top + 440, left : left + 460])


def _turned(pixels: Pixels, rng: np.random.Generator) -> bytes:
    width, height = (600, 450) if rng.random() < 0.7 else (450, 600)
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    first = opened(jpeg(np.asarray(small), 91, 0))
    return jpeg(first.transpose(PillowImage.Transpose.ROTATE_90), 93, 2)


def _turned_from_mosaic(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Turn a photograph that was reduced from a larger one, as a phone's is for the web."""
    large = np.concatenate(
        [np.concatenate([pixels, pixels[:, ::-1]], 1), np.concatenate([pixels[::-1], pixels], 1)]
    )
    sharp = cv2.resize(large, (600, 450), interpolation=int(rng.choice(_KERNELS[1:])))
    first = opened(jpeg(np.asarray(sharp), 91, 0))
    return jpeg(first.transpose(PillowImage.Transpose.ROTATE_270), 93, 2)


def _thumbnail(pixels: Pixels, rng: np.random.Generator) -> bytes:
    side = int(rng.integers(24, 160))
    small = cv2.resize(pixels, (side, int(side * rng.uniform(0.6, 1)) + 1), interpolation=cv2.INTER_AREA)
    return either(np.asarray(small), rng)


def _resampled(low: float, high: float, kernels: tuple[int, ...]) -> Make:
    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        scale = rng.uniform(low, high)
        kernel = int(rng.choice(kernels))
        return either(np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=kernel)), rng)

    return make


def _grain(pixels: Pixels, rng: np.random.Generator) -> bytes:
    scene = _scene(pixels, 0.9)
    noise = cv2.GaussianBlur(
        rng.normal(size=scene.shape[:2]).astype(np.float32), (0, 0), rng.uniform(0.4, 1.2)
    )
    strength = rng.uniform(3, 14) / noise.std()
    return either(_bounded(scene + strength * noise[..., None]), rng)


def _iso(pixels: Pixels, rng: np.random.Generator) -> bytes:
    scene = _scene(pixels, 0.9)
    noise = rng.normal(size=scene.shape) * rng.uniform(2, 16) * np.sqrt(0.2 + scene / 160)
    return either(_bounded(scene + noise), rng)


def _denoised(pixels: Pixels, rng: np.random.Generator) -> bytes:
    kind = int(rng.integers(3))
    if kind == 0:
        return either(np.asarray(cv2.medianBlur(pixels, 3)), rng)
    if kind == 1:
        return either(np.asarray(cv2.bilateralFilter(pixels, 7, 30, 5)), rng)
    small = np.ascontiguousarray(pixels[:256, :256])
    return either(np.asarray(cv2.fastNlMeansDenoisingColored(small, None, 5, 5, 5, 11)), rng)


def _with_filter(change: Callable[[PillowImage.Image, np.random.Generator], PillowImage.Image]) -> Make:
    return lambda pixels, rng: either(change(PillowImage.fromarray(pixels), rng).convert("RGB"), rng)


def _clahe(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    lab = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(float(rng.uniform(1.5, 4)), (8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    return PillowImage.fromarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def _rotated(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    return picture.rotate(
        float(rng.uniform(-12, 12)), PillowImage.Resampling.BICUBIC, expand=bool(rng.integers(2))
    )


def _night(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    dark = np.asarray(picture, np.float32) ** 1.6 / 255**0.6 * 0.35
    return PillowImage.fromarray(_bounded(dark + rng.normal(size=dark.shape) * rng.uniform(0.5, 4)))


def _blurred(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 4))))


def _sharpened(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    strength = int(rng.integers(60, 260))
    return picture.filter(
        ImageFilter.UnsharpMask(float(rng.uniform(0.6, 3)), strength, int(rng.integers(0, 4)))
    )


def _tone(picture: PillowImage.Image, rng: np.random.Generator) -> PillowImage.Image:
    bright = ImageEnhance.Brightness(picture).enhance(float(rng.uniform(0.7, 1.4)))
    return ImageEnhance.Color(ImageEnhance.Contrast(bright).enhance(float(rng.uniform(0.8, 1.5)))).enhance(
        1.4
    )


def _gif(pixels: Pixels, rng: np.random.Generator) -> bytes:
    picture = PillowImage.fromarray(pixels).quantize(int(rng.choice([16, 32, 64, 128, 256])))
    return saved(picture, format="GIF")


def _dithered(colours: tuple[int, ...], format_name: str, *, web: bool) -> Make:
    def make(pixels: Pixels, rng: np.random.Generator) -> bytes:
        picture = PillowImage.fromarray(pixels)
        if web:
            return saved(picture.convert("P"), format=format_name)
        palette = picture.quantize(int(rng.choice(colours)), dither=PillowImage.Dither.NONE)
        return saved(
            picture.quantize(palette=palette, dither=PillowImage.Dither.FLOYDSTEINBERG), format=format_name
        )

    return make


def _one_bit(pixels: Pixels, rng: np.random.Generator) -> bytes:
    grey = PillowImage.fromarray(pixels).convert("L")
    if rng.random() < 0.3:
        return png(grey.point(lambda level: 255 * (level > 120)).convert("1"))
    return saved(grey.convert("1"), format="PNG" if rng.random() < 0.6 else "GIF")


def _ordered(pixels: Pixels, rng: np.random.Generator) -> bytes:
    """Dither with Bayer's matrix, as old programs and e-readers do."""
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16 - 0.5
    height, width = pixels.shape[:2]
    tiled = np.tile(bayer, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    levels = int(rng.choice([2, 4, 8, 16]))
    steps = np.rint(pixels / 255 * (levels - 1) + tiled)
    return png(_bounded(np.clip(steps, 0, levels - 1) * 255 / (levels - 1)))


def _webp(pixels: Pixels, rng: np.random.Generator) -> bytes:
    return saved(PillowImage.fromarray(pixels), format="WEBP", quality=int(rng.integers(50, 96)))


def _grey(pixels: Pixels) -> PillowImage.Image:
    return PillowImage.fromarray(pixels).convert("L")


PHOTOGRAPHS: dict[str, Make] = {
    "maker A mosaic fine 4:2:2": maker(1.5, 0.6, 0.8, 0.12, 0.9, 1, mosaic=True),
    "maker B sharp 4:2:0": maker(2.5, 1.3, 0.6, 0.2, 1.0, 2, mosaic=False),
    "maker C flat tables 4:4:4": maker(2.0, 0.4, 1.2, 0.1, 0.3, 0, mosaic=True),
    "maker D denoised phone 4:2:0": maker(5.0, 1.6, 1.0, 0.25, 1.1, 2, mosaic=True),
    "maker E coarse high frequencies": maker(3.0, 0.8, 0.7, 0.3, 1.5, 2, mosaic=False),
    "maker F old 4:2:2 noisy": maker(6.0, 1.0, 0.9, 0.35, 0.8, 1, mosaic=True),
    "png": lambda pixels, rng: png(_shifted(pixels, rng)),
    "png reduced": lambda pixels, rng: png(_bounded(_scene(pixels, rng.uniform(0.6, 0.9)))),
    "jpeg 30-60": lambda pixels, rng: jpeg(_shifted(pixels, rng), int(rng.integers(30, 60))),
    "jpeg 98-100 4:4:4": lambda pixels, rng: jpeg(_shifted(pixels, rng), int(rng.integers(98, 101)), 0),
    "webp lossy": _webp,
    "webp lossless": lambda pixels, _: saved(PillowImage.fromarray(pixels), format="WEBP", lossless=True),
    "jpeg 75 then 95": _again(95, 75),
    "jpeg 95 then 80": _again(80, 95),
    "jpeg 85 then png": lambda pixels, rng: png(opened(jpeg(_shifted(pixels, rng), 85))),
    "600x450 q91 turned q93": _turned,
    "600x450 from larger, turned": _turned_from_mosaic,
    "thumbnail": _thumbnail,
    "reduced, all kernels": _resampled(0.3, 0.9, _KERNELS),
    "enlarged": _resampled(1.2, 2.5, _KERNELS[1:]),
    "enlarged by nearest": _resampled(1.2, 3.0, (cv2.INTER_NEAREST,)),
    "film grain": _grain,
    "sensor noise": _iso,
    "denoised": _denoised,
    "sharpened": _with_filter(_sharpened),
    "blurred": _with_filter(_blurred),
    "night": _with_filter(_night),
    "local contrast": _with_filter(_clahe),
    "tone": _with_filter(_tone),
    "rotated": _with_filter(_rotated),
    "equalised": _with_filter(lambda picture, _: ImageOps.equalize(picture)),
    "posterised": _with_filter(lambda picture, rng: ImageOps.posterize(picture, int(rng.integers(2, 6)))),
    "gif": _gif,
    "gif dithered": _dithered((8, 16, 32, 64, 128, 256), "GIF", web=False),
    "gif web palette": _dithered((256,), "GIF", web=True),
    "palette png dithered": _dithered((16, 64, 256), "PNG", web=False),
    "one bit": _one_bit,
    "ordered dither": _ordered,
    "grey png": lambda pixels, _: png(_grey(pixels)),
    "grey jpeg": lambda pixels, rng: jpeg(_grey(pixels), int(rng.integers(70, 97)), 0),
}  # fmt: skip
