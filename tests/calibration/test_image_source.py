import io

import numpy as np
import pytest
from PIL import Image as PillowImage

from calibration.image_source import estimate_quality


def luma_steps(quality: int) -> list[int]:
    buffer = io.BytesIO()
    PillowImage.fromarray(np.zeros((16, 16, 3), np.uint8)).save(buffer, "JPEG", quality=quality)
    return PillowImage.open(buffer).quantization[0]


@pytest.mark.parametrize("quality", [2, 5, 10, 20, 24, 30, 50, 75, 90, 95, 99, 100])
def test_the_quality_an_encoder_was_given_is_found(quality: int):
    assert abs(estimate_quality(luma_steps(quality)) - quality) <= 1


def test_a_table_finer_than_any_encoders_is_the_best_quality():
    assert estimate_quality([1] * 64) >= 99


def test_a_table_coarser_than_any_encoders_is_still_a_quality():
    assert 1 <= estimate_quality([255] * 64) <= 10
