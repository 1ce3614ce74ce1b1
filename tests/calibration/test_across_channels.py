"""Numbers of each pixel, over its channels: the same as NumPy's own, to the last bit."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from calibration.across_channels import (
    any_of_channels,
    furthest_of_channels,
    greatest_of_channels,
    least_of_channels,
    mean_of_channels,
    range_of_channels,
    row_of,
)

Array = npt.NDArray[np.generic]

_SHAPES = [(1, 1), (1, 7), (7, 1), (13, 29), (341, 512), (0, 5), (5, 0)]
_CUTS: list[Callable[[Array], Array]] = [
    lambda whole: whole,
    lambda whole: whole[::3, ::5],
    lambda whole: whole[1:, 2:],
    lambda whole: whole[..., ::-1],
    lambda whole: whole[:, ::-1],
    lambda whole: whole.transpose(1, 0, 2),
]


def _picture(shape: tuple[int, int], kind: type[np.generic]) -> Array:
    rng = np.random.default_rng(shape[0] + shape[1])
    if issubclass(kind, np.floating):
        return rng.normal(0.0, 90.0, (*shape, 3)).astype(kind)
    limits = np.iinfo(kind)  # type: ignore[type-var]
    return rng.integers(limits.min, limits.max, (*shape, 3), dtype=kind, endpoint=True)


@pytest.mark.parametrize("cut", _CUTS)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("shape", _SHAPES)
def test_greatest_least_and_furthest_are_numpys(
    shape: tuple[int, int], kind: type[np.generic], cut: Callable[[Array], Array]
) -> None:
    picture = cut(_picture(shape, kind))
    before = picture.copy()

    found = [take(picture) for take in (greatest_of_channels, least_of_channels, furthest_of_channels)]

    expected = [picture.max(axis=2), picture.min(axis=2), np.abs(picture).max(axis=2)]
    assert [each.dtype for each in found] == [picture.dtype] * 3
    assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
    assert np.array_equal(picture, before)  # what came in is left as it was


@pytest.mark.parametrize("cut", _CUTS)
@pytest.mark.parametrize("shape", _SHAPES)
def test_range_and_marks_are_numpys(shape: tuple[int, int], cut: Callable[[Array], Array]) -> None:
    pixels = cut(_picture(shape, np.uint8))
    marks = pixels > 200

    assert np.array_equal(range_of_channels(pixels), np.ptp(pixels, axis=2))
    assert np.array_equal(any_of_channels(marks), marks.any(axis=2))
    assert any_of_channels(marks).dtype == np.bool_


@pytest.mark.parametrize("shape", _SHAPES)
def test_means_are_numpys_to_the_last_bit(shape: tuple[int, int]) -> None:
    picture = _picture(shape, np.float32)

    found = mean_of_channels(picture)

    assert found.dtype == np.float32
    assert np.array_equal(found, picture.mean(axis=2))


def test_reckoning_with_whole_rows_changes_no_bit() -> None:
    picture = _picture((13, 29), np.float32)
    colour = _picture((1, 1), np.float32)[0, 0]

    assert np.array_equal(picture - row_of(colour, 29), picture - colour)
