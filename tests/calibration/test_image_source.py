import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage

from calibration.image_source import SourceInfo, estimate_quality


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


PLAIN = SourceInfo(
    format="png",
    size_bytes=9,
    width=1,
    height=1,
    mode="RGB",
    frames=1,
    has_alpha=False,
    is_rotated=False,
    is_color_converted=False,
    jpeg_quality=None,
)


@pytest.mark.parametrize(
    "field",
    [
        {"frames": 2},
        {"has_alpha": True},
        {"is_rotated": True},
        {"is_color_converted": True},
        {"is_repaired": True},
        {"depth": 16},
    ],
)
def test_what_a_rewrite_would_lose_makes_a_picture_special(field):
    assert PLAIN.is_plain
    assert not replace(PLAIN, **field).is_plain
