"""Bodies of chat completions: a question, one with a photograph, and conversations of eight million bytes."""

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import orjson
import pybase64
from PIL import Image as Pillow
from sklearn.datasets import load_sample_image

from calibration.image import Image, encode_jpeg, encode_png, resize

MODEL = "gpt-4o"
ONE_MEGAPIXEL = (1224, 817)
LARGE_BYTES = 8_000_000
SMALL_PHOTOGRAPH_BYTES = (280_000, 300_000)


def text(*, stream: bool) -> bytes:
    """Return a question of two kilobytes."""
    return _chat("Tell me about noticing. " * 80, stream=stream)


def photograph(count: int) -> list[Image]:
    """Return photographs of one megapixel, each another cut of the same one."""
    base = resize(Image(np.ascontiguousarray(load_sample_image("china.jpg"))), *ONE_MEGAPIXEL)
    return [Image(np.ascontiguousarray(np.roll(base.pixels, 97 * index, axis=1))) for index in range(count)]


def about(data: bytes, media_type: str = "image/jpeg") -> bytes:
    """Return a question about one picture."""
    url = f"data:{media_type};base64," + pybase64.b64encode(data).decode()
    return _chat(
        [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    )


def small_photograph() -> bytes:
    """Return a question about a JPEG of 280 to 300 kilobytes."""
    picture = photograph(1)[0]
    files = (encode_jpeg(picture, quality) for quality in range(98, 40, -1))
    low, high = SMALL_PHOTOGRAPH_BYTES
    return about(next(data for data in files if low <= len(data) <= high))


@cache
def small_picture(seed: int = 0) -> bytes:
    """Return a question about a PNG of 64 by 64 pixels."""
    rows, columns = np.mgrid[0:64, 0:64]
    noise = np.random.default_rng(seed).integers(0, 16, (64, 64))
    channels = np.stack([rows * 3 + noise, columns * 3, rows + columns + noise], axis=2)
    return about(encode_png(Image(channels.clip(0, 255).astype(np.uint8))), "image/png")


def large_photograph() -> bytes:
    """Return a question about a PNG that makes eight megabytes as base64."""
    side = int((LARGE_BYTES * 3 / 4 / 3) ** 0.5)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Pillow.fromarray(pixels).save(sink, "png", compress_level=0)
    return about(sink.getvalue(), "image/png")


def large_text() -> bytes:
    """Return a long conversation with results of tools: eight megabytes of strings that hold escaped JSON."""
    row = {"id": 17, "name": 'Süd \u2014 "quoted"', "path": "C:\\data\\x", "tags": ["a", "b"], "note": None}
    result = orjson.dumps([row] * 100).decode()
    turns = []
    for number in range(LARGE_BYTES // (len(orjson.dumps(result)) + 200) + 1):
        turns += [{"role": "user", "content": f"Look up {number}."}, {"role": "assistant", "content": result}]
    return orjson.dumps({"model": MODEL, "messages": [*turns, {"role": "user", "content": "Well?"}]})


def _chat(content: str | Sequence[dict[str, object]], *, stream: bool = False) -> bytes:
    body = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
    return orjson.dumps(body | ({"stream": True} if stream else {}))
