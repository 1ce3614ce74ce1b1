import os
import signal
import threading

import numpy as np
import pytest
from skimage.data import astronaut

from calibration.image import decode
from calibration.mozjpeg_process import MozjpegProcess
from tests.calibration.broken_files import arithmetic_jpeg, jpeg_of_a_huge_coefficient, saved

PHOTO = saved(astronaut()[:160, :160], "JPEG", quality=92)


@pytest.fixture
def mozjpeg():
    process = MozjpegProcess()
    yield process
    process.close()


def test_the_same_pixels_come_back_in_fewer_bytes(mozjpeg):
    optimized = mozjpeg.optimize(PHOTO)

    assert len(optimized) < len(PHOTO)
    assert np.array_equal(decode(optimized).image.pixels, decode(PHOTO).image.pixels)


@pytest.mark.parametrize("data", [b"", b"no picture", PHOTO[:300], arithmetic_jpeg(64)])
def test_what_mozjpeg_does_not_read_gives_nothing_and_keeps_the_child(mozjpeg, data):
    mozjpeg.optimize(PHOTO)
    child = mozjpeg._child

    mozjpeg.optimize(data)

    assert mozjpeg.optimize(PHOTO)
    assert mozjpeg._child is child


def test_a_file_that_ends_the_child_gives_nothing_and_the_next_is_served(mozjpeg):
    mozjpeg.optimize(PHOTO)
    child = mozjpeg._child

    assert mozjpeg.optimize(jpeg_of_a_huge_coefficient()) is None
    assert child.returncode is not None
    assert mozjpeg.optimize(PHOTO)


def test_a_child_that_was_killed_is_replaced(mozjpeg):
    mozjpeg.optimize(PHOTO)
    os.kill(mozjpeg._child.pid, signal.SIGKILL)

    mozjpeg.optimize(PHOTO)

    assert mozjpeg.optimize(PHOTO)


def test_many_threads_each_get_their_own_picture(mozjpeg):
    pictures = [saved(astronaut()[n * 40 : n * 40 + 80, :80], "JPEG", quality=90) for n in range(8)]
    found = {}

    def work(n):
        found[n] = mozjpeg.optimize(pictures[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for n, picture in enumerate(pictures):
        assert np.array_equal(decode(found[n]).image.pixels, decode(picture).image.pixels)


def test_closing_leaves_no_child(mozjpeg):
    mozjpeg.optimize(PHOTO)
    child = mozjpeg._child

    mozjpeg.close()

    assert child.returncode is not None
