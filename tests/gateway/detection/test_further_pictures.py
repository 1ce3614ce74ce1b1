import numpy as np
import pytest

from gateway.detection.further_pictures import unlike_further
from tests.gateway.detection.container_files import CAT, CUP, opened, saved


def mpo(*further):
    return saved(CAT, "MPO", save_all=True, append_images=[opened(each) for each in further])


def test_a_picture_without_further_ones_says_nothing():
    assert unlike_further(saved(CAT)) is None


@pytest.mark.parametrize(
    "further",
    [
        np.roll(CAT, 9, axis=1),
        CAT[::2, ::2],
        np.repeat(CUP.mean(axis=2, keepdims=True), 3, 2).astype(np.uint8),
    ],
    ids=["other eye", "preview", "depth"],
)
def test_what_cameras_put_there_says_nothing(further):
    assert unlike_further(mpo(np.ascontiguousarray(further))) is None


def test_another_picture_is_built_like_an_attack_whichever_it_is():
    assert unlike_further(mpo(CUP)) == ("Picture 2 of the file is another one than the first", True)
    assert unlike_further(mpo(CAT, CUP)) == ("Picture 3 of the file is another one than the first", True)


def test_pictures_that_cannot_be_read_are_told():
    whole = mpo(CAT, CAT)
    cut = whole[: 2 * len(whole) // 3 + 100]

    assert unlike_further(cut) == ("Of the file's 3 pictures, the first 2 were looked at", False)
