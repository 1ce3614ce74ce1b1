import zlib

import pytest
from skimage.data import astronaut

from calibration.containers import jpeg_file
from calibration.image import decode
from calibration.unfinished_jpeg import finished, missing_bits
from tests.calibration.broken_files import saved

PIXELS = astronaut()[:320, :200]
BASELINE = saved(PIXELS, "JPEG", quality=90)
PROGRESSIVE = saved(PIXELS, "JPEG", quality=90, progressive=True)
GREY = saved(PIXELS[..., 0], "JPEG", quality=90, progressive=True)


def row_sums(data):
    return [zlib.crc32(row.tobytes()) for row in decode(data).image.pixels]


@pytest.mark.parametrize("data", [BASELINE, PROGRESSIVE, GREY])
def test_a_missing_end_is_put_back(data):
    assert finished(data[:-2], row_sums) == data


def test_a_few_rows_may_be_missing():
    scan = len(jpeg_file(BASELINE).scans)

    assert finished(BASELINE[: -scan // 20], row_sums) is not None


@pytest.mark.parametrize("share", [0.2, 0.5, 0.75])
def test_more_than_a_few_rows_may_not(share):
    scan = len(jpeg_file(BASELINE).scans)

    assert finished(BASELINE[: -int(scan * share)], row_sums) is None


def test_no_scan_may_be_missing():
    last = PROGRESSIVE.rindex(b"\xff\xda")
    table = PROGRESSIVE.rindex(b"\xff\xc4", 0, last)

    assert finished(PROGRESSIVE[:last], row_sums) is None
    assert finished(PROGRESSIVE[:table], row_sums) is None


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", BASELINE[:100], BASELINE[: BASELINE.index(b"\xff\xda") + 4]]
)
def test_without_a_scan_there_is_no_picture(data):
    assert finished(data, row_sums) is None


@pytest.mark.parametrize(("share", "bits"), [(0.02, None), (0.2, None), (0.55, 2), (0.95, 1)])
def test_a_progressive_one_lacks_the_bits_of_scans_that_did_not_come(share, bits):
    assert missing_bits(PROGRESSIVE[: int(share * len(PROGRESSIVE))]) == bits


def test_of_any_other_all_bits_are_there():
    assert missing_bits(BASELINE[: len(BASELINE) // 2]) == 0
    assert missing_bits(b"\xff\xd8\xff") is None
