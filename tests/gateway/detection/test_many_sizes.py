import numpy as np
import pytest
from skimage import data

from calibration.image import Image, resize
from gateway.detection.many_sizes import MANY, count_sizes, is_only_resized
from gateway.memory.protocol import SeenPicture
from gateway.memory.seen_pictures import SeenPictures

PHOTOGRAPH = data.astronaut()[40:360, 100:420]
KNOWN = SeenPicture(Image(PHOTOGRAPH), 0x1234_5678_9ABC_DEF0, b"known")


@pytest.fixture
def memory():
    return SeenPictures(100, 60.0, lambda: 0.0)


def counted(memory, widths, known=KNOWN, tenant="a"):
    blank = np.zeros((8, 1, 3), dtype=np.uint8)
    return [
        count_sizes(memory, tenant, known, Image(np.repeat(blank, width, axis=1)), 14) for width in widths
    ]


def test_every_size_close_to_the_others_counts_once(memory):
    assert counted(memory, [300, 310, 310, 300, 440]) == [1, 2, 2, 2, 3]


def test_sizes_within_half_as_much_again_are_counted_together_wherever_they_lie(memory):
    for number, smallest in enumerate((100, 170, 250, 300, 420, 640, 900)):
        widths = np.linspace(smallest, 1.45 * smallest, MANY).astype(int)

        assert counted(memory, widths, tenant=f"{number}")[-1] == MANY


def test_widths_of_a_web_page_are_too_far_apart_to_be_many(memory):
    widths = (16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840)

    assert max(counted(memory, widths)) < MANY // 2


def test_pictures_and_callers_are_counted_apart(memory):
    other = SeenPicture(KNOWN.picture, KNOWN.fingerprint ^ 0xFFFF_FFFF, b"other")

    assert counted(memory, [300, 310])[-1] == 2
    assert counted(memory, [300, 310], known=other)[-1] == 2
    assert counted(memory, [300, 310], tenant="b")[-1] == 2


def test_what_is_counted_here_is_no_query_near_the_picture(memory):
    counted(memory, range(300, 320))

    assert memory.mark("a", KNOWN.fingerprint, b"query", 14) == 1


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "lanczos", "area"])
@pytest.mark.parametrize("side", [250, 350])
def test_a_resized_copy_is_only_resized_with_faint_noise_too(kernel, side):
    copy = resize(Image(PHOTOGRAPH), side, side, kernel)
    flipped = np.random.default_rng(0).random(copy.pixels.shape) < 0.05
    noisy = Image(np.where(flipped, copy.pixels ^ 1, copy.pixels))

    assert is_only_resized(Image(PHOTOGRAPH), copy)
    assert is_only_resized(Image(PHOTOGRAPH), noisy)


def test_crops_at_the_same_scale_and_other_takes_are_more_than_resized():
    noise = np.random.default_rng(0).normal(0, 6, PHOTOGRAPH.shape)
    take = Image(np.clip(PHOTOGRAPH + noise, 0, 255).astype(np.uint8))

    for crop in (PHOTOGRAPH[3:-4, 2:-7], PHOTOGRAPH[8:, 8:], PHOTOGRAPH[:-9, 9:]):
        assert not is_only_resized(Image(PHOTOGRAPH), Image(crop.copy()))
    assert not is_only_resized(Image(PHOTOGRAPH), resize(take, 350, 350, "bicubic"))
    assert not is_only_resized(Image(PHOTOGRAPH), Image(data.chelsea()))
