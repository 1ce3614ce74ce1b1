import numpy as np
import pytest

from calibration.image import Image
from calibration.observers.side_by_side import GAP, join_pictures, takes_one_picture


def test_the_first_is_left_the_second_right_and_white_between():
    first, second = (
        Image(np.full((4, width, 3), grey, dtype=np.uint8)) for width, grey in ((5, 10), (3, 20))
    )

    joined = join_pictures([first, second]).pixels

    assert joined.shape == (4, 5 + GAP + 3, 3)
    assert (joined[:, :5] == 10).all()
    assert (joined[:, 5 : 5 + GAP] == 255).all()
    assert (joined[:, 5 + GAP :] == 20).all()


def test_pictures_of_different_heights_are_aligned_at_the_top():
    joined = join_pictures(
        [Image(np.zeros((2, 2, 3), np.uint8)), Image(np.zeros((6, 2, 3), np.uint8))]
    ).pixels

    assert joined.shape[0] == 6
    assert (joined[2:, :2] == 255).all()


@pytest.mark.parametrize(
    "complaint",
    [
        "At most 1 image(s) may be provided in one prompt. Set `--limit-mm-per-prompt` to increase it.",
        "At most 1 image(s) may be provided in one request.",
        "You set image=1 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 2 image items.",
        "vision model only supports a single image per message",
        "ValueError: Mllama only supports one image per sample.",
        "This model does not support multiple images",
        "Only one image is supported",
        "multiple images are not supported by this model",
    ],
)
def test_a_server_that_takes_one_picture_is_understood(complaint: str):
    assert takes_one_picture(complaint)


@pytest.mark.parametrize(
    "complaint",
    [
        "At most 8 image(s) may be provided in one prompt.",
        "image too large",
        "Invalid image data",
        "This model does not support image input",
        "image exceeds 5 MB maximum",
        "wrong key",
    ],
)
def test_other_complaints_about_pictures_are_not(complaint: str):
    assert not takes_one_picture(complaint)
