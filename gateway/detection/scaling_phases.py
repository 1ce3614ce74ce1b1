"""Part a picture into the pixels a shrinking kernel reads and those it skips, and tell whether they disagree.

Kernels without antialiasing read one to four source pixels for each target pixel. Here a picture is sampled
every *half* step of a target size: around the centre of each target pixel, where nearest neighbour, bilinear
and bicubic read, and at its corner, where TensorFlow 1 and OpenCV's nearest neighbour do; down and across,
that makes four phases. A payload shows in one of them and in none of the other three. So it comes out of all
three contrasts between them (rows, columns, diagonal) with the same strength, and other phases serve as
controls: edges, stripes, grain and weaves fall on all phases alike, dither and halftone follow the tone.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from gateway.detection.scaling_samples import (
    ALIGNMENTS,
    CELL,
    Alignment,
    Grey,
    cell_means,
    quarters,
    read_samples,
)
from gateway.providers.sizes import Size

_Integers = npt.NDArray[np.int16]  # (rows, columns) of cells
Cells = npt.NDArray[np.float32]  # (2, 2, rows, columns): phase down, phase across, cell

_LEAST_GREYS = 6.0  # levels: nobody hides what differs less
_CLUTTER_SHARE = 1.0  # of the spread among the skipped pixels, by which they may differ by chance
_TONES = 32  # classes of grey whose mean difference is no payload's
_OF_A_TONE = 3 * 256 // _TONES  # of the levels of three phases together
_LOCAL_PART = 6  # of a side: the square in which a local payload is looked for
_FEWEST = (
    24  # cells that differ: five letters have more, where rings of a moire meet the grid four or five do
)
_BLANK = 0.5  # squared levels, added to the controls so that a blank picture's do not count as zero
_BLANK_LOCAL = 10.0  # the same in the square with the most
_LEAST_ROWS, _MOST_SPARSE = 32, 6  # rows of cells at a glance; of so many cells down it is one
_FEW = 32  # times as many pixels as cells: then it takes less to look at those alone
_PHASES = (((0, 0), (0, 1)), ((1, 0), (1, 1)))
_AT_THE_BORDER = 4  # times that a cell in a corner may count in the square around it, as it is mirrored
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
    columns = alignment.positions(grey.shape[1], target.width)
    least_everywhere, least_locally = everywhere * _BLANK, locally * _BLANK_LOCAL
    cells = (target.height // CELL, target.width // CELL)
    every = min(_MOST_SPARSE, max(1, cells[0] // _LEAST_ROWS))
    glance = read_samples(grey, alignment.positions(grey.shape[0], target.height, every), columns)
    near = _compare(glance, alignment, every, least_everywhere, least_locally)
    if every == 1:
        return near
    if max(near.everywhere / everywhere, near.locally / locally) < _NEAR:
        return NONE
    samples = read_samples(grey, alignment.positions(grey.shape[0], target.height), columns)
    return _compare(samples, alignment, 1, least_everywhere, least_locally)


def _compare(
    samples: Grey, alignment: Alignment, every: int, least_everywhere: float, least_locally: float
) -> Disagreement:
    """Compare the phases of sampled rows of cells, one in so many.

    Args:
        samples: Of all phases, as `read_samples` has them.
        alignment: Whose they are.
        every: So many rows of cells have one that was sampled.
        least_everywhere: Mean square from which a difference is of interest, whatever the controls have.
        least_locally: The same in the square that has most.
    """
    means = cell_means(samples)
    contrasts = _contrasts(means)
    if not _is_within_reach(contrasts, alignment, every, least_everywhere, least_locally):
        return NONE
    differences = np.array([[_difference(contrasts, phase) for phase in row] for row in _PHASES])
    excess = _unexplained(differences, samples, means)
    found = _summary(excess, alignment.candidates, every)
    return NONE if _alternates(contrasts, found.greys) else found


def _weakest(contrasts: list[_Integers]) -> _Integers:
    """Return the size of the weakest contrast of each cell: no difference exceeds it."""
    first, second, third = (cv2.absdiff(contrast, 0) for contrast in contrasts)
    return np.asarray(cv2.min(cv2.min(first, second), third), dtype=np.int16)


def _exceeds(sizes: _Integers, least: float) -> bool:
    """Tell whether what is above the least levels anybody hides has a sum of squares above the least."""
    above = cv2.max(cv2.subtract(sizes, _LEAST_GREYS), 0)
    return bool(cv2.norm(above, cv2.NORM_L2SQR) > least)


def _contrasts(means: Grey) -> list[_Integers]:
    """Return the contrasts between rows, between columns and across the diagonal, for the first phase."""
    (first, second), (third, fourth) = (tuple(row) for row in quarters(means))
    halves = ((first, second, third, fourth), (first, third, second, fourth), (first, fourth, second, third))
    return [
        np.asarray(cv2.subtract(cv2.add(a, b, dtype=cv2.CV_16S), cv2.add(c, d, dtype=cv2.CV_16S)), np.int16)
        for a, b, c, d in halves
    ]


def _difference(contrasts: list[_Integers], phase: tuple[int, int]) -> _Integers:
    """Return by how many levels a phase differs from what the other three show alike.

    Twice the weakest of the three contrasts less the strongest: all of a payload, and nothing of a pattern
    that has one contrast only, or two.
    """
    signs = (1 - 2 * phase[0], 1 - 2 * phase[1], 1 - 2 * (phase[0] ^ phase[1]))
    signed = [
        contrast if sign > 0 else cv2.subtract(0, contrast)
        for contrast, sign in zip(contrasts, signs, strict=True)
    ]
    low = cv2.min(cv2.min(signed[0], signed[1]), signed[2])
    high = cv2.max(cv2.max(signed[0], signed[1]), signed[2])
    width = cv2.subtract(high, low)
    brighter = cv2.max(cv2.subtract(low, width), 0)
    darker = cv2.min(cv2.add(high, width), 0)
    return np.asarray(cv2.add(brighter, darker), dtype=np.int16)


def _unexplained(differences: npt.NDArray[np.int16], samples: Grey, means: Grey) -> Cells:
    """Return the squares of what neither tone nor clutter explains of the differences."""
    flat = differences.ravel()
    classes = _tone_classes(means)
    tones = _mean_by_tone(flat, classes)
    # Most cells do not differ at all, nor by what tone takes from them: they are not looked at.
    cells = np.flatnonzero((flat != 0) | (np.abs(tones) > _LEAST_GREYS)[classes])
    without_tone = flat[cells].astype(np.float32) - tones[classes[cells]]
    excess = np.zeros(differences.shape, np.float32)
    least = _LEAST_GREYS + _CLUTTER_SHARE * _spread_of_others(samples, cells)
    excess.ravel()[cells] = _excess(without_tone, least)
    return excess


def _tone_classes(means: Grey) -> npt.NDArray[np.uint8]:
    """Number the cells of each phase by how bright the other three are there; (cells of all phases,)."""
    levels = quarters(means.astype(np.int16))
    others = levels.sum(axis=(0, 1), dtype=np.int16) - levels
    phases = np.arange(4, dtype=np.int16).reshape(2, 2, 1, 1)
    return np.asarray((others // _OF_A_TONE + phases * _TONES).ravel(), dtype=np.uint8)


def _mean_by_tone(
    differences: npt.NDArray[np.int16], classes: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """Return the mean difference of each class of cells, (classes,): patterns follow the tone."""
    some = np.flatnonzero(differences != 0)
    sums = np.bincount(classes[some], weights=differences[some], minlength=4 * _TONES)
    counts = cv2.calcHist([classes], [0], None, [4 * _TONES], [0, 4 * _TONES]).ravel().astype(np.float64)
    return np.asarray(sums / np.maximum(counts, 1), dtype=np.float32)


def _spread_of_others(samples: Grey, cells: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the standard deviation of the pixels of all other phases in some cells, levels.

    What a pattern shows where it locks to one phase, it shows somewhere in the others too.
    """
    rows, columns = (length // (2 * CELL) for length in samples.shape)
    phase, cell = np.divmod(cells, rows * columns)
    if cells.size * _FEW < samples.size:
        row, column = np.divmod(cell, columns)
        pixels = samples.reshape(2, rows, CELL, 2, columns, CELL)[:, row, :, :, column, :]
        exact = pixels.astype(np.float32)  # (cells, phase down, row, phase across, column)
        moments = [_mean_of_cell(each).reshape(-1, 4).T for each in (exact, exact * exact)]
        cell = np.arange(cells.size)
    else:
        exact = samples.astype(np.float32)
        moments = [quarters(cell_means(each)).reshape(4, -1) for each in (exact, exact * exact)]
    means, squares = ((moment.sum(axis=0)[cell] - moment[phase, cell]) / 3 for moment in moments)
    return np.asarray(np.sqrt(np.maximum(squares - means**2, 0)), dtype=np.float32)


def _mean_of_cell(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (cells, phase down, phase across): `mean` takes longer along axes as short as these."""
    rows = pixels[:, :, 0] + pixels[:, :, 1]
    return np.asarray((rows[..., 0] + rows[..., 1]) / CELL**2, dtype=np.float32)


def _excess(
    differences: npt.NDArray[np.float32], least: npt.NDArray[np.float32] | float
) -> npt.NDArray[np.float32]:
    return np.asarray(np.square(np.maximum(np.abs(differences) - least, 0)), dtype=np.float32)


def _alternates(contrasts: list[_Integers], greys: float) -> bool:
    """Tell whether opposite corners are alike and others are not, as in checks and ordered dither.

    Kernels read down and across alike: the pixels they read are never two opposite corners alone, whatever
    their negative lobes do to the others.
    """
    rows, columns, diagonal = (contrast.astype(np.float32) for contrast in contrasts)
    either = cv2.max(cv2.absdiff(rows, 0), cv2.absdiff(columns, 0))
    surplus = np.maximum(cv2.absdiff(diagonal, 0) - _LOBES * either - _FAINT_CHECKS, 0)
    return bool(abs(float((np.sign(diagonal) * surplus).mean())) > _ALTERNATING * greys)


def _local_side(shape: tuple[int, ...]) -> int:
    return max(2, min(shape) // _LOCAL_PART)


def _largest_local(excess: npt.NDArray[np.float32], every: int) -> float:
    return float(cv2.blur(excess, _local_window(excess.shape, every)).max())


def _local_window(shape: tuple[int, ...], every: int) -> tuple[int, int]:
    """Return the columns and the sampled rows of the square in which a local payload is looked for."""
    side = _local_side((shape[0] * every, shape[1]))
    return side, max(1, side // every)


def _is_within_reach(
    contrasts: list[_Integers], alignment: Alignment, every: int, everywhere: float, locally: float
) -> bool:
    """Tell whether a candidate is large enough to be told even if no control has anything."""
    share = 1.0 if every == 1 else _AT_A_GLANCE
    columns, rows = _local_window(contrasts[0].shape, every)
    least_everywhere = share * everywhere * contrasts[0].size
    least_locally = share * locally * rows * columns / _AT_THE_BORDER  # few have as much in all the picture
    if not _exceeds(_weakest(contrasts), min(least_everywhere, least_locally)):
        return False
    for phase in alignment.candidates:
        sizes = np.asarray(cv2.absdiff(_difference(contrasts, phase), 0), dtype=np.int16)
        if _exceeds(sizes, least_everywhere):
            return True
        if _exceeds(sizes, least_locally):
            excess = _excess(sizes.astype(np.float32), _LEAST_GREYS)
            if _largest_local(excess, every) > share * locally:
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
