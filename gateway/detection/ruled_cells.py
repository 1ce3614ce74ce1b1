"""Tell the cells of a ruled ground, such as graph paper or a table, from letters of text.

Between faint lines cells look like embossed letters, the more so once a JPEG rang along the lines. But they
stand at equal steps, right above each other, and in rows across and down at once; letters of text are of many
widths, and further from the lines above and below than from each other.
"""

import numpy as np

from gateway.detection.letter_rows import FEWEST, Indices, Letters, Numbers, Parts, letters_of, row_of

_FEW_ROWS = 3  # of a ruled ground
_MOST_BOTH_WAYS = 0.5  # of a line's letters
# Of text, even of letters of one width, steps differ by .12 of their mean and more: strokes begin anywhere.
_SAME_STEPS = 0.03
_LONGEST_PERIOD = 8  # steps: stronger lines every so many, and a codec's blocks
_OF_STEPS = 0.9  # that are as long as those a period before, to a pixel
_LEAST_IN_COLUMNS = 0.6  # of a line's letters, where steps come again


def both_ways(across: Parts, down: Parts) -> Indices:
    """Return the labels of what stands in rows across and down at once.

    Args:
        across: Of ink.
        down: The same, mirrored at its diagonal.
    """
    long, short = ([_in_rows(parts, fewest) for parts in (across, down)] for fewest in (FEWEST, _FEW_ROWS))
    return np.union1d(np.intersect1d(long[0], short[1]), np.intersect1d(short[0], long[1]))


def are_cells(row: Letters, every: Letters, standing_both_ways: Indices) -> bool:
    """Tell whether a row is one of a ruled ground.

    Args:
        row: At least two.
        every: Of the same ink.
        standing_both_ways: Labels, as `both_ways` returns them.
    """
    if float(np.isin(row.label, standing_both_ways).mean()) > _MOST_BOTH_WAYS:
        return True
    order = np.argsort(row.left)
    steps, width, height = np.diff(row.left[order]), row.width[order], row.height[order]
    if float(steps.std()) <= _SAME_STEPS * float(steps.mean()):
        return True
    sizes = np.column_stack([steps, width[1:], height[1:]])
    return _come_again(sizes) and _share_in_columns(row, every) >= _LEAST_IN_COLUMNS


def _come_again(sizes: Numbers) -> bool:
    """Tell whether steps and sizes (N, 3) are those of a period before."""
    periods = range(1, min(_LONGEST_PERIOD, len(sizes) // 2) + 1)
    return any(
        float((np.abs(sizes[period:] - sizes[:-period]).max(axis=1) <= 1).mean()) >= _OF_STEPS
        for period in periods
    )


def _share_in_columns(row: Letters, every: Letters) -> float:
    """Return the share of letters above or below which another begins and ends at the same pixels."""
    others = every.only(~np.isin(every.label, row.label))
    columns = set(zip(others.left.tolist(), others.width.tolist(), strict=True))
    own = zip(row.left.tolist(), row.width.tolist(), strict=True)
    return float(np.mean([column in columns for column in own]))


def _in_rows(parts: Parts, fewest: int) -> Indices:
    letters = letters_of(parts)
    if letters is None:
        return np.empty(0, dtype=np.intp)
    rows = row_of(letters)
    return letters.label[np.bincount(rows)[rows] >= fewest]
