import numpy as np
import pytest

from calibration.image import Image, decode
from gateway.demo.pictures import bundled_photograph, camera_jpeg, edit_locally


@pytest.fixture
def grey():
    return Image(np.full((60, 90, 3), 128, dtype=np.uint8))


def test_an_edit_stays_within_its_strength_and_fades_with_distance(grey):
    change = edit_locally(grey, strength=6, center=(0.5, 0.5), radius=0.1).pixels.astype(int) - 128

    assert change.max() == 6
    assert change.min() == -6
    assert not change[:10].any()


def test_a_camera_picture_is_large_heavy_and_plain():
    photograph = Image(np.random.default_rng(1).integers(0, 256, (43, 64, 3), dtype=np.uint8))

    decoded = decode(camera_jpeg(photograph, np.random.default_rng(2)))

    assert decoded.image.width * decoded.image.height > 10_000_000
    assert decoded.source.size_bytes > 1_000_000
    assert decoded.source.is_plain
    assert decoded.source.jpeg_quality == 95


def test_the_bundled_photographs_of_the_demo_are_there():
    for package, name in (("skimage", "coffee.png"), ("skimage", "astronaut.png"), ("sklearn", "china.jpg")):
        assert bundled_photograph(package, name).is_file()


@pytest.mark.parametrize(("package", "message"), [("skimage", "nothing.png"), ("sklearn", "nothing.png")])
def test_a_photograph_that_is_not_there_is_named(package, message):
    with pytest.raises(FileNotFoundError, match=message):
        bundled_photograph(package, "nothing.png")
