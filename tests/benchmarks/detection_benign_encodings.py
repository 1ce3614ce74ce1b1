"""How programs save a picture: the encodings that benign strata and attacks are stored in."""

import io
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

Pixels = npt.NDArray[np.uint8]
Options = dict[str, object]

ENCODINGS: dict[str, Options] = {
    "png": {"format": "PNG"},
    "jpeg 95": {"format": "JPEG", "quality": 95},
    "jpeg 75": {"format": "JPEG", "quality": 75},
    "webp 80": {"format": "WEBP", "quality": 80},
}


def as_file(pixels: Pixels, options: Options) -> bytes:
    """Save as Pillow does."""
    return saved(PillowImage.fromarray(pixels), **options)


def saved(picture: PillowImage.Image, **options: object) -> bytes:
    """Save what Pillow holds."""
    buffer = io.BytesIO()
    picture.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def png(picture: PillowImage.Image | Pixels) -> bytes:
    return saved(_picture(picture), format="PNG")


def jpeg(picture: PillowImage.Image | Pixels, quality: int = 90, subsampling: int = 2) -> bytes:
    return saved(_picture(picture), format="JPEG", quality=quality, subsampling=subsampling)


def either(picture: PillowImage.Image | Pixels, rng: np.random.Generator) -> bytes:
    """Save as PNG, or as a JPEG of usual quality."""
    if rng.random() < 0.5:
        return png(picture)
    return jpeg(picture, int(rng.integers(72, 97)), int(rng.choice([0, 2])))


def encodings(pixels: Pixels) -> Iterator[tuple[str, bytes]]:
    """Store an attacked picture in every way it may be sent."""
    yield "png", png(pixels)
    for quality in (95, 90, 75):
        yield f"jpeg {quality}", jpeg(pixels, quality)
    yield "webp 90", saved(PillowImage.fromarray(pixels), format="WEBP", quality=90)
    small = cv2.resize(pixels, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    yield "resized .75", png(np.asarray(small))


def opened(data: bytes) -> PillowImage.Image:
    """Read as RGB."""
    return PillowImage.open(io.BytesIO(data)).convert("RGB")


def _picture(picture: PillowImage.Image | Pixels) -> PillowImage.Image:
    return picture if isinstance(picture, PillowImage.Image) else PillowImage.fromarray(picture)
