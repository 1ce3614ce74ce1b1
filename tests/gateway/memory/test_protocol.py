import numpy as np

from calibration.image import Image
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from gateway.memory.seen_pictures import SeenPictures


def test_a_picture_weighs_its_pixels_and_something_for_the_books():
    seen = SeenPicture(Image(np.zeros((10, 20, 3), np.uint8)), 1, b"d")

    assert 600 < seen.size_bytes < 2000


def test_the_memory_of_one_process_is_a_store():
    store: SeenPictureStore = SeenPictures[SeenPicture](10, 60.0, lambda: 0.0)
    picture = SeenPicture(Image(np.zeros((8, 8, 3), np.uint8)), 1, b"d")

    store.accept("a")
    store.remember("a", picture)

    assert store.alike("a", 1, 0) == [picture]
