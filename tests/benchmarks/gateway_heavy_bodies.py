"""Bodies that cost a reader much more than their size says, each of a kind that once held the gateway up."""

import io
from collections.abc import Callable

import numpy as np
import orjson
from gateway_bodies import LARGE_BYTES, MODEL, about, large_photograph, large_text
from PIL import Image as Pillow

HEAD = b'{"model":"%b","n\\u006fte":1,"messages":[{"role":"user","content":"' % MODEL.encode()
MEGAPIXELS_49 = (7000, 7000)


def heavy_bodies() -> dict[str, bytes]:
    """Return them by name."""
    makers: tuple[Callable[[], bytes], ...] = (
        *(large_text, large_photograph, empty_arrays, small_objects, escaped_quotes, odd_numbers, deep_nest),
        *(flat_49_megapixels, grey_16_bit, lone_surrogate),
    )
    return {maker.__name__: maker() for maker in makers}


def empty_arrays() -> bytes:
    return HEAD + b'x"}],"tools":[' + b"[]," * (LARGE_BYTES // 3) + b"[]]}"


def small_objects() -> bytes:
    return HEAD + b'x"}],"tools":[' + b'{"a":1},' * (LARGE_BYTES // 8) + b"{}]}"


def escaped_quotes() -> bytes:
    return HEAD + b'{\\"a\\":\\"b\\"}' * (LARGE_BYTES // 13) + b'"}]}'


def odd_numbers() -> bytes:
    return HEAD + b'x"}],"tools":[' + b"NaN,-Infinity,1e999," * (LARGE_BYTES // 20) + b"0]}"


def deep_nest() -> bytes:
    return HEAD + b'x"}],"tools":' + b"[" * 500_000 + b"]" * 500_000 + b"}"


def lone_surrogate() -> bytes:
    return HEAD + b"\\ud800 " * (LARGE_BYTES // 7) + b'"}]}'


def flat_49_megapixels() -> bytes:
    return about(_file(Pillow.new("RGB", MEGAPIXELS_49), "png"), "image/png")


def grey_16_bit() -> bytes:
    return about(_file(Pillow.new("I;16", MEGAPIXELS_49), "png"), "image/png")


def photograph_49_megapixels(seed: int) -> bytes:
    """Return a question about a JPEG of 49 megapixels with real texture."""
    rng = np.random.default_rng(seed)
    tile = rng.integers(60, 190, (875, 875, 3)).astype(np.uint8)
    smooth = np.asarray(Pillow.fromarray(tile).resize(MEGAPIXELS_49, Pillow.Resampling.BILINEAR))
    return about(_file(Pillow.fromarray(smooth), "jpeg"), "image/jpeg")


def thumbnail() -> bytes:
    """Return a question about a picture of 128 by 128 pixels that nobody has seen."""
    pixels = np.random.default_rng(99).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    return about(_file(Pillow.fromarray(pixels), "png"), "image/png")


def _file(picture: Pillow.Image, name: str) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, name)
    return sink.getvalue()


def is_error(body: bytes) -> bool:
    """Tell whether an answer is an error in the form of OpenAI's API."""
    try:
        return "error" in orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
