"""Grow the parts of random bodies, with pictures planted where an API takes them and where it does not.

Whatever is planted is remembered, so that a test can ask of each picture whether somebody noticed it. All
chance comes from one `Random`: a property test's, which it can shrink, or a seeded one's for many bodies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
import pybase64

from calibration.image import Image, encode_jpeg, encode_png
from tests.gateway.dialects.odd_json import Pairs, Raw

MEDIA_TYPES = (
    "image/png",
    "image/jpeg",
    "IMAGE/PNG",
    " image/webp",
    "image/x-unknown",
    "application/octet-stream",
    "",
)
_WORDS = (
    "What is this?",
    "Grüße 🌊",
    'a "quoted" {"json": [1]}',
    "back\\slash",
    "line\nbreak",
    "",
    "\ud800 half",
)
_ODD_HEADERS = (
    "data:;base64,",
    "data:text/plain;base64,",
    "data:image/png,",
    "data: image/png ; base64 ,",
    "x data:,",
)
_LONGEST_NEST = 3


def _percent_escaped(text: str) -> str:
    return text[:16] + text[16:].replace("+", "%2B").replace("/", "%2f").replace("=", "%3D")


# Ways to spell base64 that some reader takes, and one that is of no use to anybody: but somebody must say so.
_WAYS: Sequence[Callable[[str], str]] = (
    lambda text: text.translate(str.maketrans("+/", "-_")),
    lambda text: text.rstrip("="),
    lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
    lambda text: text[:40] + " " + text[40:],
    _percent_escaped,
    lambda text: text[:60] + "!" + text[61:],
)


def _pictures() -> list[bytes]:
    shades = [np.random.default_rng(seed).integers(0, 255, (16, 16, 3), np.uint8) for seed in range(40)]
    return [
        encode(Image(shade))
        for shade in shades
        for encode in (encode_png, lambda each: encode_jpeg(each, 60))
    ]


_PICTURES = _pictures()


@dataclass
class Garden:
    """One body in the making."""

    random: Random
    planted: dict[str, bytes] = field(default_factory=dict)  # what was written, and the picture it is

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *each: Any) -> Any:
        return self.random.choice(each)

    def words(self) -> str:
        return str(self.random.choice(_WORDS))

    def media_type(self) -> str:
        return str(self.random.choice(MEDIA_TYPES))

    def url(self) -> str:
        """Plant a data URL, oddly spelt at times."""
        picture = self._picture()
        header = self.pick(
            "data:image/png;base64,", "data:image/jpeg;base64,", "DATA:image/png;charset=x;base64,"
        )
        header = self.pick(header, header, header, *_ODD_HEADERS)
        return self._remembered(
            self.pick("", "", "", " ", "\n", "\t ") + header + self._base64(picture), picture
        )

    def bare(self) -> str:
        """Plant base64 alone."""
        picture = self._picture()
        return self._remembered(self._base64(picture), picture)

    def either(self) -> str:
        return self.url() if self.chance(0.7) else self.bare()

    def prose(self) -> str:
        """Plant a data URL in the middle of a text."""
        picture = self._picture()
        url = f"data:image/png;base64,{pybase64.b64encode(picture).decode()}"
        return self._remembered(f"Look: {url} Nice?", picture)

    def text(self) -> str:
        """Write words, now and then with a picture among them."""
        return self.prose() if self.chance(0.1) else self.words()

    def junk(self, nest: int = 0) -> Any:
        kind = self.random.randrange(9 if nest < _LONGEST_NEST else 6)
        if kind < 6:
            return self.pick(None, True, 7, -1.5e3, Raw("NaN"), Raw("-0"), self.words(), self.words())
        if kind == 6:
            return [self.junk(nest + 1) for _ in range(self.random.randrange(4))]
        if kind == 7:
            return Pairs((self.pick("a", "type", "kind", "data"), self.junk(nest + 1)) for _ in range(2))
        # A picture in a place that no API knows.
        return Pairs(
            [(self.pick("a", "picture", "frame", "data2"), self.pick(self.url, self.bare, self.prose)())]
        )

    def doubled(self, pairs: Pairs, again: Mapping[str, Callable[[], Any]]) -> Pairs:
        """Now and then name a key a second time, before or after, with another value."""
        if self.chance(0.1):
            key = self.pick(*again)
            pairs.insert(self.random.randrange(len(pairs) + 1), (key, again[key]()))
        if self.chance(0.2):
            pairs.insert(
                self.random.randrange(len(pairs) + 1), (self.pick("x", "cache_control", "é"), self.junk())
            )
        return pairs

    def some(self, *makers: Callable[[], Any]) -> list[Any]:
        return [self.pick(*makers)() for _ in range(self.random.randrange(1, 4))]

    def _picture(self) -> bytes:
        return _PICTURES[(len(self.planted) + self.random.randrange(len(_PICTURES))) % len(_PICTURES)]

    def _base64(self, picture: bytes) -> str:
        text = pybase64.b64encode(picture).decode()
        return str(self.random.choice(_WAYS)(text)) if self.chance(0.5) else text

    def _remembered(self, text: str, picture: bytes) -> str:
        self.planted[text] = picture
        return text
