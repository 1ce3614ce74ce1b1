import numpy as np

from calibration.image import Image
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture, SeenPictureStore
from gateway.memory.seen_pictures import SeenPictures


def test_the_memory_of_one_process_is_a_store():
    store: SeenPictureStore = SeenPictures[KeptPicture](10, 60.0, lambda: 0.0)
    picture = KeptPicture.of(SeenPicture(Image(np.zeros((8, 8, 3), np.uint8)), 1, b"d"))

    store.accept("a")
    store.remember("a", picture)

    assert store.alike("a", 1, 0) == [picture]
