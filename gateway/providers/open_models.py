"""Work out the size at which models with public code show themselves an image, and what it costs there.

Each class follows one family's own image processor, which its docstring names. Servers may set other limits
than the model's own; that is their affair, and in the data if it is known.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.providers.sizes import Size


@dataclass(frozen=True)
class SmartResize:
    """Both sides rounded to the patch grid, pixels clamped: `smart_resize` of Qwen-VL."""

    patch: int
    min_pixels: int
    max_pixels: int

    def seen(self, size: Size) -> Size:
        """Return the grid where an image has too many pixels; rounding to the grid alone wastes none."""
        grid = self._grid(size)
        is_clamped = self._rounded(size).pixels > self.max_pixels
        return grid if is_clamped and grid.is_within(size) else size

    def tokens(self, size: Size) -> int:
        """Count the grid's cells."""
        grid = self._grid(size)
        return (grid.width // self.patch) * (grid.height // self.patch)

    def _rounded(self, size: Size) -> Size:
        return Size(self._cells(size.width, round), self._cells(size.height, round))

    def _grid(self, size: Size) -> Size:
        rounded = self._rounded(size)
        if rounded.pixels > self.max_pixels:
            return self._clamped(size, self.max_pixels, math.floor)
        if rounded.pixels < self.min_pixels:
            return self._clamped(size, self.min_pixels, math.ceil)
        return rounded

    def _clamped(self, size: Size, pixels: int, towards: Callable[[float], int]) -> Size:
        scale = math.sqrt(pixels / size.pixels)
        return Size(self._cells(size.width * scale, towards), self._cells(size.height * scale, towards))

    def _cells(self, side: float, towards: Callable[[float], int]) -> int:
        return max(1, towards(side / self.patch)) * self.patch


@dataclass(frozen=True)
class NearestGrid:
    """Squeezed onto the grid of tiles nearest in aspect, with a thumbnail: InternVL."""

    tile: int
    max_tiles: int
    per_tile: int

    def seen(self, size: Size) -> Size:
        """Shrink until one side is the grid's, unless another grid would then be chosen."""
        columns, rows = self._grid(size)
        scale = max(columns * self.tile / size.width, rows * self.tile / size.height)
        shrunk = size.scaled(scale) if scale < 1 else size
        return shrunk if self._grid(shrunk) == (columns, rows) else size

    def tokens(self, size: Size) -> int:
        """Count the tiles and, beside several, the thumbnail."""
        columns, rows = self._grid(size)
        tiles = columns * rows
        return self.per_tile * (tiles + (tiles > 1))

    def _grid(self, size: Size) -> tuple[int, int]:
        best, least = (1, 1), math.inf
        for columns, rows in self._grids():
            difference = abs(size.width / size.height - columns / rows)
            is_filled = size.pixels > 0.5 * self.tile**2 * columns * rows
            if difference < least or (difference == least and is_filled):
                best, least = (columns, rows), difference
        return best

    def _grids(self) -> list[tuple[int, int]]:
        sides = range(1, self.max_tiles + 1)
        grids = [(columns, rows) for columns in sides for rows in sides if columns * rows <= self.max_tiles]
        return sorted(grids, key=lambda grid: grid[0] * grid[1])


@dataclass(frozen=True)
class Pinpoints:
    """Fitted into the canvas that keeps most of it, plus the whole once: `anyres` of LLaVA-OneVision."""

    tile: int
    max_across: int  # tiles a side
    per_tile: int
    max_tokens: int  # beyond it features are interpolated

    def seen(self, size: Size) -> Size:
        """Shrink into the canvas, unless another one would then be chosen."""
        canvas = self._canvas(size)
        scale = min(canvas.width / size.width, canvas.height / size.height)
        shrunk = size.scaled(scale) if scale < 1 else size
        return shrunk if self._canvas(shrunk) == canvas else size

    def tokens(self, size: Size) -> int:
        """Count the canvas's tiles and the whole."""
        canvas = self._canvas(size)
        tiles = canvas.pixels // self.tile**2
        return min(self.max_tokens, self.per_tile * (tiles + 1))

    def _canvas(self, size: Size) -> Size:
        return max(self._canvases(), key=lambda canvas: _kept(size, canvas))

    def _canvases(self) -> Iterator[Size]:
        sides = [count * self.tile for count in range(1, self.max_across + 1)]
        return (Size(width, height) for width in sides for height in sides)


@dataclass(frozen=True)
class LongestEdge:
    """The longer side always set to one length, then cut into tiles, with the whole beside: SmolVLM."""

    edge: int
    tile: int
    per_tile: int
    shown_edge: int | None = None  # where sources give a longer edge than the one that is counted with

    def seen(self, size: Size) -> Size:
        """Shrink to the edge; smaller images are enlarged, which shows nothing more of them."""
        edge = self.shown_edge or self.edge
        return size if size.longest <= edge else _with_edge(size, edge)

    def tokens(self, size: Size) -> int:
        """Count tiles and the whole."""
        counted = _with_edge(size, self.edge)
        return self.per_tile * (
            math.ceil(counted.width / self.tile) * math.ceil(counted.height / self.tile) + 1
        )


@dataclass(frozen=True)
class RowsOfPatches:
    """Fitted into a square, patches in rows that end with a token each: Pixtral, and Mistral after it."""

    patch: int
    max_side: int

    def seen(self, size: Size) -> Size:
        """Shrink to the longest side, rounding down as the tokenizer does."""
        ratio = size.longest / self.max_side
        if ratio <= 1:
            return size
        return Size(max(1, math.floor(size.width / ratio)), max(1, math.floor(size.height / ratio)))

    def tokens(self, size: Size) -> int:
        """Count patches and the ends of rows."""
        seen = self.seen(size)
        columns, rows = math.ceil(seen.width / self.patch), math.ceil(seen.height / self.patch)
        return (columns + 1) * rows


def _with_edge(size: Size, edge: int) -> Size:
    """Set the longer side; the shorter one is rounded down, as the processor does, or it may cost a tile."""
    return Size(max(1, size.width * edge // size.longest), max(1, size.height * edge // size.longest))


def _kept(size: Size, canvas: Size) -> tuple[int, int]:
    """Rank canvases: most pixels of the image kept, then least left empty."""
    scale = min(canvas.width / size.width, canvas.height / size.height)
    kept = min(int(size.width * scale) * int(size.height * scale), size.pixels)
    return kept, -(canvas.pixels - kept)
