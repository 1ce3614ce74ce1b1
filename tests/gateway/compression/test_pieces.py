from dataclasses import dataclass, field

import numpy as np
import pytest

from calibration.image import Image
from calibration.profile import default_profile
from gateway.compression.pieces import PIECE_SIDE, judge_of, sample_of
from predictor.views import NATIVE_SIDE


@dataclass
class Measuring:
    """Notices by the largest difference; remembers the sizes compared."""

    sizes: list[tuple[int, int]] = field(default_factory=list)

    def against(self, reference: Image, _profile: object) -> "Against":
        self.sizes.append((reference.width, reference.height))
        return Against(reference)


@dataclass
class Against:
    reference: Image

    def excess(self, candidate: Image) -> float:
        difference = candidate.pixels.astype(int) - self.reference.pixels
        return float(np.abs(difference).max()) / 255


def blank(width: int, height: int) -> Image:
    return Image(np.zeros((height, width, 3), np.uint8))


def test_a_picture_of_usual_size_is_judged_whole():
    measuring = Measuring()

    judge_of(measuring, blank(NATIVE_SIDE, 700), default_profile())

    assert measuring.sizes == [(NATIVE_SIDE, 700)]


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (4096, 3072, [(PIECE_SIDE, PIECE_SIDE)] * 4),
        (4096, 900, [(PIECE_SIDE, 900)] * 2),
        (1600, 1200, [(PIECE_SIDE, PIECE_SIDE)]),
        (5000, 3, [(PIECE_SIDE, 3)] * 2),
    ],
)
def test_a_large_one_is_judged_by_pieces_at_full_size(width: int, height: int, sizes: list[tuple[int, int]]):
    measuring = Measuring()

    judge_of(measuring, blank(width, height), default_profile())

    assert measuring.sizes == sizes


@pytest.mark.parametrize(("column", "row"), [(1024, 768), (3072, 768), (1024, 2304), (3072, 2304)])
def test_every_piece_counts(column: int, row: int):
    candidate = np.zeros((3072, 4096, 3), np.uint8)
    candidate[row, column] = 51
    judge = judge_of(Measuring(), blank(4096, 3072), default_profile())

    assert judge.excess(Image(candidate)) == pytest.approx(0.2 / 4)
    assert judge.excess(blank(4096, 3072)) == 0.0


def test_a_smaller_candidate_is_judged_at_the_reference_size():
    judge = judge_of(Measuring(), blank(4096, 3072), default_profile())

    assert judge.excess(blank(1024, 768)) == 0.0


def test_the_middle_stands_for_a_large_picture():
    marked = np.zeros((3072, 4096, 3), np.uint8)
    marked[1536, 2048] = 255
    small = blank(1200, 800)

    sample = sample_of(Image(marked))

    assert (sample.width, sample.height) == (PIECE_SIDE, PIECE_SIDE)
    assert sample.pixels[512, 512].tolist() == [255, 255, 255]
    assert sample_of(small) is small
