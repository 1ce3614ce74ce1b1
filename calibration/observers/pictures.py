"""Pictures as text for JSON: base64 of a lossless PNG, made fast, and remembered while the picture lives.

A reference is shown many times, its distorted versions once: what is remembered goes with the picture
itself, so nothing has to be evicted, and never takes more than the pictures the caller holds.
"""

import threading
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import pybase64

from calibration.image import Image, encode_png_fast

_MAX_REMEMBERED = 128 * 1024 * 1024


class PictureTexts:
    """Turns pictures into base64; several threads may ask."""

    def __init__(self, max_remembered: int = _MAX_REMEMBERED) -> None:
        """Keep the texts of living pictures, up to this many bytes."""
        self._max_remembered = max_remembered
        self._texts: WeakKeyDictionary[Image, str] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def texts(self, images: Sequence[Image]) -> list[str]:
        """Return one text per picture."""
        return [self._text(image) for image in images]

    def remembered_bytes(self) -> int:
        """Return how much the remembered texts take."""
        with self._lock:
            return sum(map(len, self._texts.values()))

    def _text(self, image: Image) -> str:
        with self._lock:
            known = self._texts.get(image)
        if known is not None:
            return known
        text = str(pybase64.b64encode(encode_png_fast(image)), "ascii")
        if self.remembered_bytes() + len(text) <= self._max_remembered:
            with self._lock:
                self._texts[image] = text
        return text
