import base64
import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from calibration.image import Image, decode
from calibration.observers.pictures import PictureTexts


def picture(seed: int) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))


def test_a_text_is_the_picture_pixel_by_pixel():
    image = picture(0)

    (text,) = PictureTexts().texts([image])

    assert np.array_equal(decode(base64.b64decode(text, validate=True)).image.pixels, image.pixels)


def test_a_living_picture_is_encoded_once():
    pictures, image = PictureTexts(), picture(0)

    first, second = pictures.texts([image, image])

    assert first is second


def test_what_is_remembered_goes_with_the_picture():
    pictures, image = PictureTexts(), picture(0)
    pictures.texts([image])
    assert pictures.remembered_bytes() > 0

    del image
    gc.collect()

    assert pictures.remembered_bytes() == 0


def test_no_more_is_remembered_than_allowed():
    pictures, images = PictureTexts(max_remembered=2500), [picture(n) for n in range(20)]

    texts = pictures.texts(images)

    assert len(set(texts)) == 20
    assert 0 < pictures.remembered_bytes() <= 2500


def test_threads_may_ask_at_once():
    pictures, images = PictureTexts(), [picture(n) for n in range(30)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(pictures.texts, [images] * 20))

    assert all(answer == answers[0] for answer in answers)
