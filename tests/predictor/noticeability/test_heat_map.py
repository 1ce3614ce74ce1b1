import numpy as np
import pytest
from skimage import data

from calibration.image import Image
from predictor.noticeability.heat_map import paint

PHOTO = Image(data.coffee())


def test_without_a_difference_the_picture_is_grey():
    painted = paint(PHOTO, np.zeros((96, 96), np.float32)).pixels

    assert (painted == painted[..., :1]).all()
    assert painted.std() > 10


def test_colour_lies_where_the_map_is_hot():
    hot = np.zeros((96, 96), np.float32)
    hot[:24, 72:] = 3.0

    painted = paint(PHOTO, hot).pixels.astype(int)

    is_coloured = np.ptp(painted, axis=2) > 40
    assert is_coloured[:90, 460:].all()
    assert not is_coloured[110:, :440].any()


@pytest.mark.parametrize(
    ("width", "height", "expected"), [(600, 400, (600, 400)), (4096, 64, (1024, 16)), (1, 10_000, (1, 1024))]
)
def test_the_shape_is_kept_and_large_pictures_shrink(width: int, height: int, expected: tuple[int, int]):
    painted = paint(Image(np.zeros((height, width, 3), np.uint8)), np.ones((8, 8), np.float32))

    assert (painted.width, painted.height) == expected
