"""Work out the size at which a closed API shows its models an image, and the tokens that image costs.

One class for each published way of counting; the numbers are data (`providers.json`). Models whose own
code does the resizing are in `open_models`.
"""

import math
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Size:
    """Pixels across and down."""

    width: int
    height: int

    @property
    def longest(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height

    def scaled(self, scale: float) -> "Size":
        """Return both sides times `scale`, rounded to whole pixels."""
        return Size(max(1, round(self.width * scale)), max(1, round(self.height * scale)))

    def fitted(self, side: int | None) -> "Size":
        """Shrink until the longer side is at most `side`; never enlarge."""
        return self if side is None or self.longest <= side else self.scaled(side / self.longest)

    def is_within(self, other: "Size") -> bool:
        """Tell whether neither side is longer than the other's."""
        return self.width <= other.width and self.height <= other.height


class SizeRule(Protocol):
    """How one family of models looks at images."""

    def seen(self, size: Size) -> Size:
        """Return the size the model is shown, never larger than the image: more pixels than this are wasted.

        The aspect ratio is kept, but for what the provider's own rounding changes of it. Where a model
        enlarges or crops, or nobody says what it does, that is the image's own size.
        """
        ...

    def tokens(self, size: Size) -> int:
        """Return what an image of this size costs."""
        ...


@dataclass(frozen=True)
class Fixed:
    """The same cost at any size: Gemini 3, OpenAI's low detail, models that squash into a square."""

    tokens_each: int
    max_side: int | None = None  # of what is shown; None: not published, or the model's profile tells

    def seen(self, size: Size) -> Size:
        """Shrink to the longest side."""
        return size.fitted(self.max_side)

    def tokens(self, size: Size) -> int:  # noqa: ARG002 - the point of this rule
        """Return the budget per image."""
        return self.tokens_each


@dataclass(frozen=True)
class Patches:
    """Square patches under a budget of sides and patches (OpenAI since 4.1-mini)."""

    patch: int
    factor: float
    max_patches: int | None = None
    max_side: int | None = None

    def seen(self, size: Size) -> Size:
        """Shrink to the longest side allowed, then until the patch grid fits its budget."""
        fitted = size.fitted(self.max_side)
        if self.max_patches is None or self._patches(fitted) <= self.max_patches:
            return fitted
        scale = math.sqrt(self.patch**2 * self.max_patches / fitted.pixels)
        columns, rows = fitted.width * scale / self.patch, fitted.height * scale / self.patch
        if min(columns, rows) < 1:  # one patch wide: the length alone is left to be counted
            return fitted.fitted(self.patch * self.max_patches)
        return fitted.scaled(scale * min(int(columns) / columns, int(rows) / rows))

    def tokens(self, size: Size) -> int:
        """Count patches, times the model's factor."""
        return math.ceil(round(self._patches(self.seen(size)) * self.factor, 6))

    def _patches(self, size: Size) -> int:
        return _cells(size, self.patch)


@dataclass(frozen=True)
class Tiles:
    """512-pixel tiles after fitting into 2048 x 2048 and a short side of 768 (gpt-4o)."""

    base: int
    per_tile: int
    fit_side: int = 2048
    short_side: int = 768
    tile: int = 512

    def seen(self, size: Size) -> Size:
        """Shrink until both limits hold."""
        fitted = size.fitted(self.fit_side)
        return fitted.scaled(min(1.0, self.short_side / min(fitted.width, fitted.height)))

    def tokens(self, size: Size) -> int:
        """Count tiles and the base."""
        return self.base + self.per_tile * _cells(self.seen(size), self.tile)


@dataclass(frozen=True)
class PaddedPatches:
    """The largest size whose padded edges and patch count stay within limits (Claude)."""

    patch: int
    max_patches: int
    max_side: int

    def seen(self, size: Size) -> Size:
        """Search the largest allowed width (or height, of a tall image); the limits are monotone in it."""
        if self._fits(size):
            return size
        low, high = 1, size.longest
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._fits(_with_longest(size, middle)) else (low, middle)
        return _with_longest(size, low)

    def tokens(self, size: Size) -> int:
        """Count patches, the partly filled ones too."""
        return _cells(self.seen(size), self.patch)

    def _fits(self, size: Size) -> bool:
        padded = math.ceil(size.longest / self.patch) * self.patch
        return padded <= self.max_side and _cells(size, self.patch) <= self.max_patches


@dataclass(frozen=True)
class Crops:
    """Small images are one tile; others are cut, about 1.5 tiles along the short side (Gemini 2)."""

    small_side: int
    tile: int
    per_tile: int

    def seen(self, size: Size) -> Size:
        """Return the size itself: crops are scaled to the tile, and no rule tells when detail is lost."""
        return size

    def tokens(self, size: Size) -> int:
        """Count crops."""
        if size.longest <= self.small_side:
            return self.per_tile
        unit = min(self.tile, max(256, int(min(size.width, size.height) / 1.5)))
        return self.per_tile * _cells(size, unit)


def _cells(size: Size, side: int) -> int:
    """Count the squares that cover an image, partly filled ones too."""
    return math.ceil(size.width / side) * math.ceil(size.height / side)


def _with_longest(size: Size, side: int) -> Size:
    return Size(max(1, size.width * side // size.longest), max(1, size.height * side // size.longest))
