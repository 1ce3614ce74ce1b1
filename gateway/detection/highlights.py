"""Find places that were lit, shaded or outlined as a whole: a hovered button, a chosen row, a card's shadow.

Such a place may differ by less than what is masked on busy ground, but its outline is sharp and long: who
looks there sees it, and one light over the whole of a simple shape hides nothing inside. Letters, cells of a
code and soft retouches are no such shapes. The constants were fitted on screens of JupyterLab, TensorBoard
and one of Marimo's, in PNG and JPEG 80, brought to 512 pixels.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from calibration.across_channels import furthest_of_channels
from gateway.detection.codec_grain import Grain
from gateway.detection.filtered_place import beside_filter
from gateway.detection.lit_ground import beside_light, ends_at_once
from gateway.detection.touching_lights import parted

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]

_CHANGED = 1.5  # grey levels over 3 x 3 pixels: less is what codecs leave
_LEAST_PIXELS = 20  # of a shape: smaller ones are told by nobody
_SLIVER = 0.02  # of the largest shape: what is left of it where a gradient faints
_MOST_SHAPES = 6  # at once: more are letters or cells
_MOST_LARGE_SHAPES = 12  # likewise, as large as what an outline encloses: bars that shimmer on one page
_MOST_OTHERS = 1  # shapes beside them that are no highlights
_LEAST_FRAME = 500  # pixels that an outline encloses
_MOST_SHARE = 0.3  # of the picture's area
_SOLID = 0.8  # share of its convex hull that a shape fills, its holes included
_LEAST_LEVELS = 2.0  # grey levels, of the light on average
_EVEN = 1.25  # grey levels that one light may leave of most of a shape; a soft blot of six leaves 2
_MOSTLY = 80.0  # per cent
_EVENLY = 0.25  # of the light: as much is even too, where a codec made it uneven
_STRONG, _FEW = 9.0, 5.0  # grey levels of all but few per cent: edits within 8 levels do not come there
_EVENLY_STRONG = 0.35  # of a light as strong
_SMALL = 0.003  # of the picture's area: a sharp and solid shape so small hides nothing, even if uneven
_SOFT = 0.2  # of the change inside, that lies just outside of a shape without a sharp edge
_MOST_COVER = 0.6  # of the contrast inside, that a colour laid over a shape hides
_COVER_LEVELS = 10.0  # grey levels from which on it may hide more
_SMOOTH = 0.3  # grey levels between neighbours: a bar that shimmers is smoother, a code is not
_APART = 2.5  # grey levels beyond that light: not part of the highlight
_THIN = 5.0  # pixels: the mean width of an outline or a shadow
_EDGE = 6  # pixels from the rim of its box, within which an outline lies, its corners round or open
_EDGE_SHARE = 0.9  # of its pixels
_SIDE_SHARE = 0.5  # of a side of the box, that it goes along
_LONG_SIDE = 64  # pixels: no letter among others is as large
_BEYOND_ATTACKS = 12.0  # grey levels: edits that are hidden change no pixel by more than 8
_UNBROKEN = 0.85  # of a line's length
_RIM = 4  # pixels around a shape that are looked at
_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class _Shape:
    """A connected place that changed, within its box."""

    rows: slice
    columns: slice
    changed: _Bytes  # 0 or 1
    filled: _Bytes  # likewise, its holes included
    others: _Bytes  # likewise, of shapes beside it

    @property
    def is_solid(self) -> bool:
        outlines, _ = cv2.findContours(self.filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        hull = cv2.fillConvexPoly(np.zeros_like(self.filled), cv2.convexHull(np.vstack(outlines)), 1)
        return int(self.filled.sum()) >= _SOLID * int(hull.sum())

    @property
    def is_frame(self) -> bool:
        """Whether it is the outline of something, or its shadow; the ring of a letter is smaller."""
        inner = cv2.distanceTransform(np.pad(self.changed, 1), cv2.DIST_L2, 3)
        is_thin = float(inner[inner > 0].mean()) <= _THIN / 2
        if is_thin and self._is_along_box:
            return True
        return (
            is_thin
            and self.is_solid
            and self.filled.sum() >= _LEAST_FRAME
            and self.changed.sum() < 0.7 * self.filled.sum()
            and self._encloses_one_place
        )

    @property
    def _encloses_one_place(self) -> bool:
        """Whether its holes are one, for the most part: noise has many."""
        holes = self.filled - self.changed
        _, _, measures, _ = cv2.connectedComponentsWithStats(holes, connectivity=4)
        return bool(2 * measures[1:, cv2.CC_STAT_AREA].max(initial=0) >= int(holes.sum()))

    @property
    def is_line(self) -> bool:
        """Whether it is a straight line along the screen: of an outline that something covers."""
        _, _, width, height = cv2.boundingRect(self.changed)
        return bool(max(width, height) >= _LONG_SIDE and min(width, height) <= _EDGE)

    def is_strong_line(self, change: Floats) -> bool:
        """Tell a line around which a codec rings: stronger than any edit within 8 levels, and unbroken.

        Args:
            change: (H, W, 3), signed grey levels.
        """
        left, top, width, height = cv2.boundingRect(self.changed)
        if max(width, height) < _LONG_SIDE or min(width, height) > 2 * _EDGE:
            return False
        own = change[self.rows, self.columns][top : top + height, left : left + width]
        if height > width:
            own = own.transpose(1, 0, 2)
        strength = np.abs(np.median(own, axis=1))  # (lines, 3)
        line, channel = np.unravel_index(int(strength.argmax()), strength.shape)
        core = own[line, :, channel] * np.sign(np.median(own[line, :, channel]))
        return bool((core >= _BEYOND_ATTACKS).mean() >= _UNBROKEN)

    @property
    def _is_along_box(self) -> bool:
        """Whether it goes along two sides of its box or more, open or closed: an icon may lie on it."""
        left, top, width, height = cv2.boundingRect(self.changed)
        own = self.changed[top : top + height, left : left + width]
        if max(width, height) < _LONG_SIDE or min(width, height) < 3 * _EDGE:
            return False
        sides = (own[:_EDGE].any(0), own[-_EDGE:].any(0), own[:, :_EDGE].any(1), own[:, -_EDGE:].any(1))
        inside = own[_EDGE:-_EDGE, _EDGE:-_EDGE].sum()
        gone_along = sum(side.mean() >= _SIDE_SHARE for side in sides)
        return gone_along >= 2 and bool(inside <= (1 - _EDGE_SHARE) * own.sum())

    def is_sharp(self, change: Floats) -> bool:
        """Tell whether it ends at once: what changed just outside is little, or another shape."""
        own = change[self.rows, self.columns]
        near, far = (cv2.dilate(self.filled, np.ones((side, side), np.uint8)) for side in (3, 7))
        outside = (far > 0) & (near == 0) & (self.others == 0)
        inside = float(own[self.filled > 0].mean())
        return inside >= _LEAST_LEVELS and float(own[outside].sum()) / max(1, outside.sum()) <= _SOFT * inside


def highlights(first: Floats, second: Floats, where: Mask, grain: Grain | None = None) -> Mask:
    """Mark what was lit, shaded or outlined as a whole (H, W), among the places asked for.

    Args:
        first: (H, W, 3), grey levels 0 to 255, brought to the second's light and colours.
        second: Likewise.
        where: (H, W).
        grain: Tells what the second's codec may have put off in a place (h, w, 3), None: nothing known.
    """
    found = np.zeros(where.shape, dtype=np.bool_)
    change = second - first
    change[~where] = 0.0
    smooth = furthest_of_channels(cv2.blur(change, (3, 3)))
    changed = (smooth > _CHANGED).astype(np.uint8)
    if not changed.any() or changed.mean() > _MOST_SHARE:
        return found
    shapes = _shapes(changed)
    is_lit = [_lit(first, second, smooth, shape, grain) for shape in shapes]
    if sum(not each.any() for each in is_lit) > _MOST_OTHERS:
        return found
    for shape, lit in zip(shapes, is_lit, strict=True):
        if lit.any():
            around = cv2.dilate(shape.filled, _AROUND) > shape.filled
            found[shape.rows, shape.columns] |= lit | around
    return found


def _lit(first: Floats, second: Floats, change: Floats, shape: _Shape, grain: Grain | None) -> Mask:
    """Mark what of a shape is a highlight (h, w), within its box."""
    if shape.is_frame or shape.is_line or shape.is_strong_line(second - first):
        return shape.changed > 0  # what it encloses is not its own
    if not shape.is_solid or not shape.is_sharp(change):  # a soft blot, which a retouch is
        return np.zeros(shape.filled.shape, dtype=np.bool_)
    is_small = shape.filled.sum() <= _SMALL * first[..., 0].size
    if is_small:
        return shape.filled > 0
    lit = _evenly_lit(first, second, shape, grain)
    return lit if lit.any() else _lit_apart(first, second, shape)


def _lit_apart(first: Floats, second: Floats, shape: _Shape) -> Mask:
    """Mark a place that was lit and its neighbour that was shaded, if both are solid and even."""
    change = (second - first)[shape.rows, shape.columns]
    sides = parted(change, shape.filled > 0)
    nothing = np.zeros(shape.filled.shape, dtype=np.bool_)
    if sides is None:
        return nothing
    parts = [replace(shape, filled=side.astype(np.uint8)) for side in sides]
    lit = [_evenly_lit(first, second, part) if part.is_solid else nothing for part in parts]
    return np.asarray(lit[0] | lit[1]) if all(each.any() for each in lit) else nothing


def _shapes(changed: _Bytes) -> list[_Shape]:
    """Part what changed into connected shapes; none where there are so many that they may be letters."""
    _, labels, measured, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    sizes = measured[1:, cv2.CC_STAT_AREA]
    large = np.flatnonzero(sizes >= max(_LEAST_PIXELS, _SLIVER * int(sizes.max()))) + 1
    sizes = measured[large, cv2.CC_STAT_AREA]
    shapes: list[_Shape] = []
    if np.count_nonzero(sizes < _LEAST_FRAME) > _MOST_SHAPES or large.size > _MOST_LARGE_SHAPES:
        return shapes
    for label in large:
        left, top, width, height, _ = (int(each) for each in measured[label])
        rows = slice(max(0, top - _RIM), top + height + _RIM)
        columns = slice(max(0, left - _RIM), left + width + _RIM)
        own = (labels[rows, columns] == label).astype(np.uint8)
        outlines, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        filled = cv2.drawContours(np.zeros_like(own), outlines, -1, 1, cv2.FILLED)
        others = cv2.dilate(changed[rows, columns] - own, _AROUND)
        shapes.append(
            _Shape(rows, columns, own, *(np.asarray(each, dtype=np.uint8) for each in (filled, others)))
        )
    return shapes


def _evenly_lit(first: Floats, second: Floats, shape: _Shape, grain: Grain | None = None) -> Mask:
    """Mark what one light over the shape explains, or over the ground in it, or nothing."""
    filled = shape.filled > 0
    inside = cv2.erode(shape.filled, np.ones((5, 5), np.uint8)) > 0
    if not inside.any():
        return np.zeros_like(filled)
    before, after = (each[shape.rows, shape.columns] for each in (first, second))
    if float(np.abs((after - before)[inside].mean(axis=0)).max()) < _LEAST_LEVELS:
        return np.zeros_like(filled)
    ways = (explain(before, after, inside) for explain in (_beside_blend, beside_light, beside_filter))
    left = next((each for each in ways if each is not None), None)
    if left is None and grain is not None and (own := grain(shape.rows, shape.columns)) is not None:
        left = beside_filter(before, after, inside, own)
    if left is None:
        return np.zeros_like(filled)
    filled[inside] = left[inside] <= _APART
    return filled


def _beside_blend(before: Floats, after: Floats, inside: Mask) -> Floats | None:
    """Measure (h, w) what blending each channel with a colour does not explain, None where it is too much."""
    own, change = before[inside], (after - before)[inside]  # (n, 3)
    means = np.abs(change.mean(axis=0))
    light = float(means.max())
    around = own - own.mean(axis=0)
    slope = (around * change).sum(axis=0) / ((around * around).sum(axis=0) + 1.0)
    if float(slope.min()) < -_MOST_COVER and light < _COVER_LEVELS:
        steps = furthest_of_channels(np.diff(before, axis=1))[inside[:, 1:]]
        if float(steps.mean()) > _SMOOTH:  # noise or a code was taken out
            return None
        if not ends_at_once(furthest_of_channels(after - before), inside, inside):  # or a soft retouch
            return None
    left = np.abs(change - change.mean(axis=0) - slope * around).max(axis=1)
    # Where all changed by more than a hidden edit may, a codec's grain on it matters less.
    is_strong = float(np.percentile(np.abs(change[:, means.argmax()]), _FEW)) >= _STRONG
    evenly = _EVENLY_STRONG if is_strong else _EVENLY
    if float(np.percentile(left, _MOSTLY)) > max(_EVEN, evenly * light):
        return None
    measured = np.zeros(inside.shape, dtype=np.float32)
    measured[inside] = left
    return measured
