import numpy as np
import pytest
import torch
from skimage import data

from calibration.image import Image, decode, encode_jpeg, resize
from predictor.noticeability.bands import measure, to_opponent
from predictor.noticeability.quick_bands import measure_candidates, measure_reference

PHOTO = Image(data.astronaut())


def damaged(photo: Image) -> Image:
    return decode(encode_jpeg(photo, 40)).image


@pytest.mark.parametrize("size", [(96, 96), (192, 192), (192, 131), (37, 64), (5, 7), (1, 1), (1, 190)])
def test_quick_measures_are_those_with_gradients(size: tuple[int, int]):
    reference = resize(PHOTO, *size)
    distorted = damaged(reference)

    quick = measure_candidates([(measure_reference(reference.pixels), distorted.pixels)])
    exact = measure(*(to_opponent(image.pixels[None].copy()) for image in (reference, distorted)))

    assert torch.allclose(quick.energies, exact.energies, rtol=2e-3, atol=2e-4)
    assert torch.allclose(quick.signs, exact.signs, atol=2e-3)
    assert torch.allclose(quick.content, exact.content, atol=2e-3)


def test_identical_pictures_have_exactly_no_energy():
    pixels = resize(PHOTO, 96, 96).pixels

    found = measure_candidates([(measure_reference(pixels), pixels.copy())])

    assert torch.count_nonzero(found.energies) == 0
    assert torch.count_nonzero(found.signs) == 0


def test_candidates_are_measured_one_by_one():
    small = resize(PHOTO, 64, 64)
    reference = measure_reference(small.pixels)
    candidates = [damaged(small).pixels, np.full_like(small.pixels, 128)]

    together = measure_candidates([(reference, pixels) for pixels in candidates])

    for index, pixels in enumerate(candidates):
        alone = measure_candidates([(reference, pixels)])
        assert torch.equal(alone.energies[0], together.energies[index])
