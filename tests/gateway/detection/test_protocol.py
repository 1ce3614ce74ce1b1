import hashlib

import numpy as np

from calibration.image import Image, decode, encode_png
from calibration.profile import default_profile
from gateway.detection.protocol import Examined

DATA = encode_png(Image(np.zeros((4, 4, 3), np.uint8)))


def test_a_file_is_examined_for_the_model_of_its_profile_and_for_nobody_in_particular():
    profile = default_profile("mine")

    examined = Examined.by_itself(decode(DATA), DATA, profile)

    assert examined.digest == hashlib.sha256(DATA).digest()
    assert (examined.model, examined.provider, examined.tenant) == ("mine", "", "")
    assert examined.profile is profile


def test_what_several_want_to_know_of_an_image_is_made_once():
    asked = []

    def size(examined: Examined) -> int:
        asked.append(examined)
        return len(examined.data)

    examined = Examined.by_itself(decode(DATA), DATA, default_profile("mine"))

    assert [examined.once(size), examined.once(size)] == [len(DATA)] * 2
    assert asked == [examined]
