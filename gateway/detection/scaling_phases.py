"""Part a picture into the pixels a shrinking kernel reads and those it skips, and tell whether they disagree.

Kernels without antialiasing read one to four source pixels for each target pixel. Here a picture is sampled
every *half* step of a target size: around the centre of each target pixel, where nearest neighbour, bilinear
and bicubic read, and at its corner, where TensorFlow 1 and OpenCV's nearest neighbour do; down and across,
that makes four phases. A payload shows in one of them and in none of the other three. So it comes out of all
three contrasts between them (rows, columns, diagonal) with the same strength, and other phases serve as
controls: edges, stripes, grain and weaves fall on all phases alike, dither and halftone follow the tone.
"""

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from gateway.providers.sizes import Size

Grey = npt.NDArray[np.uint8]  # (height, width)
_Levels = TypeVar("_Levels", np.uint8, np.float32)
Positions = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]  # source pixels of corners, of centres
Cells = npt.NDArray[np.float32]  # (2, 2, rows, columns): phase down, phase across, cell

CELL = 2  # target pixels a side over which what a phase shows is averaged: strokes of letters are no thinner
_LEAST_GREYS = 6.0  # levels: nobody hides what differs less
_CLUTTER_SHARE = 1.0  # of the spread among the skipped pixels, by which they may differ by chance
_TONES = 32  # classes of grey whose mean difference is no payload's
_LOCAL_PART = 6  # of a side: the square in which a local payload is looked for
_FEWEST = (
    24  # cells that differ: five letters have more, where rings of a moire meet the grid four or five do
)
_BLANK = 0.5  # squared levels, added to the controls so that a blank picture's do not count as zero
_BLANK_LOCAL = 10.0  # the same in the square with the most
_LEAST_ROWS, _MOST_SPARSE = 32, 6  # rows of cells at a glance; of so many cells down it is one
_GOLDEN = 0.618
_AT_A_GLANCE = 0.5  # of what has to be there, as the rows left out may have had more
_NEAR = 0.35  # of the ratios of interest, in the same rows
_ALTERNATING = 0.02  # of the greys of what is found: ordered dither had .03 and more, payloads .005 at most
_LOBES = 3.0  # times the contrast of rows and columns: bicubic's and Lanczos' payloads have twice at most
_FAINT_CHECKS = 24.0  # levels of contrast: with less, checks nobody sees would cover up a payload


@dataclass(frozen=True)
class Disagreement:
    """How much one phase differs from all others, over how much any other does."""

    everywhere: float  # ratio of mean squares over the picture
    locally: float  # the same in the squares of the picture where it is largest
    greys: float  # typical size where it differs, levels; 0.0: nowhere
    share: float  # of the picture in which it differs


NONE = Disagreement(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Alignment:
    """Which source pixels a way of reading takes for target pixels, and half a step further."""

    shift: float  # source pixels before rounding down
    is_to_ends: bool  # the last target pixel is the last source pixel, the first is the first
    candidates: tuple[tuple[int, int], ...]  # phases that are read, both down and across alike

    def positions(self, length: int, count: int) -> Positions:
        """Return the source pixels at the corners and at the centres of target pixels, for whole cells."""
        steps = np.arange(count // CELL * CELL)
        step = (length - 1) / (count - 1) if self.is_to_ends else length / count
        # What is a whole number but for rounding must not fall below it.
        corners, centres = (
            np.minimum(((steps + half) * step + self.shift + 1e-9).astype(np.intp), length - 1)
            for half in (0.0, 0.5)
        )
        return corners, centres

    def is_of_its_own(self, grey: Grey, target: Size) -> bool:
        """Tell whether it reads other pixels than the first: not where steps are whole pixels."""
        is_whole = grey.shape[0] % target.height == 0 and grey.shape[1] % target.width == 0
        return not is_whole or self.shift == 0 or self.is_to_ends


# Pillow, OpenCV and PyTorch, and nearest neighbour everywhere; TensorFlow 1; PyTorch's `align_corners`
ALIGNMENTS = (
    Alignment(0.0, False, ((0, 0), (1, 1))),
    Alignment(0.5, False, ((0, 0),)),
    Alignment(0.5, True, ((0, 0),)),
)


def measure_disagreement(grey: Grey, target: Size, *, everywhere: float, locally: float) -> Disagreement:
    """Compare what the phases of a target size show.

    Args:
        grey: Larger than `target` on both sides.
        target: At least `CELL` pixels on both sides.
        everywhere: Ratio that is of interest; where neither is within reach, `NONE` is returned, sooner.
        locally: The same for the other ratio.
    """
    best = NONE
    for alignment in ALIGNMENTS:
        if alignment.is_of_its_own(grey, target):
            found = _measure(grey, target, alignment, everywhere, locally)
            best = max(best, found, key=lambda one: max(one.everywhere / everywhere, one.locally / locally))
    return best


def _measure(
    grey: Grey, target: Size, alignment: Alignment, everywhere: float, locally: float
) -> Disagreement:
    rows = alignment.positions(grey.shape[0], target.height)
    columns = alignment.positions(grey.shape[1], target.width)
    least_everywhere, least_locally = everywhere * _BLANK, locally * _BLANK_LOCAL
    cells = (target.height // CELL, target.width // CELL)
    every = min(_MOST_SPARSE, max(1, cells[0] // _LEAST_ROWS))
    least = min(least_everywhere * cells[0] * cells[1], least_locally * _local_side(cells) ** 2)
    glance = _samples(grey, _sparse(rows, every), columns)
    if not _is_worth_a_look(_means(glance), least * _AT_A_GLANCE / every):
        return NONE
    if every == 1:
        return _compare(glance, alignment, every, least_everywhere, least_locally)
    near = _compare(glance, alignment, every, least_everywhere, least_locally)
    if max(near.everywhere / everywhere, near.locally / locally) < _NEAR:
        return NONE
    return _compare(_samples(grey, rows, columns), alignment, 1, least_everywhere, least_locally)


def _compare(
    samples: list[list[Grey]], alignment: Alignment, every: int, least_everywhere: float, least_locally: float
) -> Disagreement:
    """Compare the phases of sampled rows of cells, one in so many."""
    levels = np.array(_means(samples), dtype=np.float32)
    contrasts = _contrasts(levels)
    if not _is_within_reach(contrasts, alignment, every, least_everywhere, least_locally):
        return NONE
    differences = np.array([[_difference(contrasts, (down, across)) for across in (0, 1)] for down in (0, 1)])
    without_tone = differences - _explained_by_tone(differences, _others(levels))
    excess = _excess(without_tone, _LEAST_GREYS + _CLUTTER_SHARE * _spread_of_others(samples))
    found = _summary(excess, alignment.candidates, every)
    return NONE if _alternates(contrasts, found.greys) else found


def _samples(grey: Grey, rows: Positions, columns: Positions) -> list[list[Grey]]:
    sampled_rows = [grey[row] for row in rows]
    return [[np.take(sampled, column, axis=1) for column in columns] for sampled in sampled_rows]


def _sparse(rows: Positions, every: int) -> Positions:
    """Keep the rows of one row of cells in so many, at uneven distances.

    Even ones may meet steps that are no whole pixels wherever a kernel reads all phases alike.
    """
    cells = [each.reshape(-1, CELL) for each in rows]
    groups = np.arange(len(cells[0]) // every)
    chosen = groups * every + (groups * _GOLDEN % 1 * every).astype(np.intp)
    corners, centres = (each[chosen].ravel() for each in cells)
    return corners, centres


def _means(samples: list[list[Grey]]) -> list[list[Grey]]:
    return [[_cell_means(sample) for sample in row] for row in samples]


def _cell_means(sample: npt.NDArray[_Levels]) -> npt.NDArray[_Levels]:
    height, width = sample.shape
    means = cv2.resize(sample, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA)
    return np.asarray(means, dtype=sample.dtype)


def _spread_of_others(samples: list[list[Grey]]) -> Cells:
    """Return the standard deviation of the pixels of all other phases in a cell, levels.

    What a pattern shows where it locks to one phase, it shows somewhere in the others too.
    """
    exact = [[sample.astype(np.float32) for sample in row] for row in samples]
    means = np.array([[_cell_means(sample) for sample in row] for row in exact])
    squares = np.array([[_cell_means(sample * sample) for sample in row] for row in exact])
    return np.asarray(np.sqrt(np.maximum(_others(squares) - _others(means) ** 2, 0)), dtype=np.float32)


def _is_worth_a_look(means: list[list[Grey]], least: float) -> bool:
    """Tell in a fraction of the time where nothing is within reach: no difference exceeds any contrast."""
    (first, second), (third, fourth) = means
    halves = [(first, second, third, fourth), (first, third, second, fourth), (first, fourth, second, third)]
    contrasts = [
        cv2.absdiff(cv2.add(a, b, dtype=cv2.CV_16U), cv2.add(c, d, dtype=cv2.CV_16U)) for a, b, c, d in halves
    ]
    weakest = cv2.min(cv2.min(contrasts[0], contrasts[1]), contrasts[2])
    total = cv2.norm(cv2.subtract(weakest, _LEAST_GREYS), cv2.NORM_L2SQR)
    return bool(total > least)


def _contrasts(levels: Cells) -> list[npt.NDArray[np.float32]]:
    """Return the contrasts between rows, between columns and across the diagonal, for the first phase."""
    rows = (levels[0] - levels[1]).sum(axis=0)
    columns = (levels[:, 0] - levels[:, 1]).sum(axis=0)
    return [rows, columns, levels[0, 0] + levels[1, 1] - levels[0, 1] - levels[1, 0]]


def _difference(contrasts: list[npt.NDArray[np.float32]], phase: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return by how many levels a phase differs from what the other three show alike.

    Twice the weakest of the three contrasts less the strongest: all of a payload, and nothing of a pattern
    that has one contrast only, or two.
    """
    signs = (1 - 2 * phase[0], 1 - 2 * phase[1], 1 - 2 * (phase[0] ^ phase[1]))
    signed = [contrast if sign > 0 else -contrast for contrast, sign in zip(contrasts, signs, strict=True)]
    low = cv2.min(cv2.min(signed[0], signed[1]), signed[2])
    high = cv2.max(cv2.max(signed[0], signed[1]), signed[2])
    brighter = cv2.max(cv2.addWeighted(low, 2, high, -1, 0), 0)
    darker = cv2.min(cv2.addWeighted(high, 2, low, -1, 0), 0)
    return np.asarray(brighter + darker, dtype=np.float32)


def _others(values: Cells) -> Cells:
    return np.asarray((values.sum(axis=(0, 1)) - values) / 3, dtype=np.float32)


def _explained_by_tone(differences: Cells, tones: Cells) -> Cells:
    """Return the mean difference of all cells as bright as each one, for each phase by itself."""
    explained = np.empty_like(differences)
    for phase in np.ndindex(2, 2):
        classes = np.clip(tones[phase] * (_TONES / 256), 0, _TONES - 1).astype(np.intp)
        counts = np.bincount(classes.ravel(), minlength=_TONES)
        sums = np.bincount(classes.ravel(), weights=differences[phase].ravel(), minlength=_TONES)
        explained[phase] = (sums / np.maximum(counts, 1))[classes]
    return explained


def _excess(differences: Cells, least: Cells | float) -> Cells:
    return np.asarray(np.square(np.maximum(np.abs(differences) - least, 0)), dtype=np.float32)


def _alternates(contrasts: list[npt.NDArray[np.float32]], greys: float) -> bool:
    """Tell whether opposite corners are alike and others are not, as in checks and ordered dither.

    Kernels read down and across alike: the pixels they read are never two opposite corners alone, whatever
    their negative lobes do to the others.
    """
    rows, columns, diagonal = contrasts
    either = cv2.max(cv2.absdiff(rows, 0), cv2.absdiff(columns, 0))
    surplus = np.maximum(cv2.absdiff(diagonal, 0) - _LOBES * either - _FAINT_CHECKS, 0)
    return bool(abs(float((np.sign(diagonal) * surplus).mean())) > _ALTERNATING * greys)


def _local_side(shape: tuple[int, ...]) -> int:
    return max(2, min(shape) // _LOCAL_PART)


def _largest_local(excess: npt.NDArray[np.float32], every: int) -> float:
    side = _local_side((excess.shape[0] * every, excess.shape[1]))
    return float(cv2.blur(excess, (side, max(1, side // every))).max())


def _is_within_reach(
    contrasts: list[npt.NDArray[np.float32]],
    alignment: Alignment,
    every: int,
    everywhere: float,
    locally: float,
) -> bool:
    """Tell whether a candidate is large enough to be told even if no control has anything."""
    share = 1.0 if every == 1 else _AT_A_GLANCE
    for phase in alignment.candidates:
        excess = _excess(_difference(contrasts, phase), _LEAST_GREYS)
        if excess.mean() > share * everywhere or _largest_local(excess, every) > share * locally:
            return True
    return False


def _summary(excess: Cells, candidates: tuple[tuple[int, int], ...], every: int) -> Disagreement:
    means = excess.mean(axis=(2, 3))
    largest = np.array([[_largest_local(one, every) for one in row] for row in excess])
    phase = max(candidates, key=lambda one: means[one])
    is_differing = excess[phase] > 0
    least = _FEWEST * (1.0 if every == 1 else _AT_A_GLANCE) / every
    if np.count_nonzero(is_differing) < least:
        return NONE
    share = float(is_differing.mean())
    greys = float(np.sqrt(excess[phase][is_differing]).mean()) + _LEAST_GREYS if share else 0.0
    return Disagreement(
        _over_controls(means, candidates, _BLANK),
        _over_controls(largest, candidates, _BLANK_LOCAL),
        greys,
        share,
    )


def _over_controls(
    values: npt.NDArray[np.floating], candidates: tuple[tuple[int, int], ...], blank: float
) -> float:
    """Return the largest candidate over the largest of all other phases."""
    candidate = max(candidates, key=lambda one: values[one])
    others = np.delete(values.ravel(), 2 * candidate[0] + candidate[1])
    return float(values[candidate] / (others.max() + blank))
