"""What words are sent as, with real codecs: no judge is needed to see which pixels came through."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data as pictures

from calibration.encoders import ENCODERS, JPEG, JPEG_FULL_CHROMA, WEBP, WEBP_LOSSLESS
from calibration.image import Image, decode, encode_jpeg, encode_png, encode_webp
from gateway.compression.job import Candidate, Job
from gateway.compression.text_forms import text_encoders, text_versions
from gateway.providers.sizes import Size
from tests.gateway.compression.test_shown_size import job

SCAN = Image(np.repeat(pictures.page()[..., None], 3, axis=2))  # 384 x 191, with the noise of its paper


def screen(width: int = 1200, height: int = 800) -> Image:
    """Draw a window with a coloured bar and lines of small letters, smooth at their edges."""
    canvas = np.full((height, width, 3), 250, np.uint8)
    canvas[:40] = (30, 90, 160)
    for row in range(70, height - 10, 22):
        words = f"row {row}: the quick brown fox pays {row * 7 % 97}.20 in cash for {row * 5 % 89} lazy dogs"
        cv2.putText(canvas, words, (30, row), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 36), 1, cv2.LINE_AA)
    return Image(canvas)


def nothing() -> Iterator[Candidate]:
    raise AssertionError("no changed version was wanted")


def changed(given: Job, share: float):
    """Make one version that leaves this share of the bytes."""
    size = Size(given.decoded.image.width, given.decoded.image.height)
    return lambda: iter([Candidate(bytes(round(share * len(given.data))), "jpeg", 92, size, 0.01)])


def versions(given: Job, make=nothing, encoders=ENCODERS) -> list[Candidate]:
    return list(text_versions(given, given.stored_at(given.shown), given.shown, encoders, make))


def test_a_screen_keeps_every_pixel_where_that_saves_a_third():
    picture = screen()

    (found,) = versions(job(picture))

    assert (found.format, found.quality, found.size) == ("webp", None, Size(1200, 800))
    assert np.array_equal(decode(found.data).image.pixels, picture.pixels)


def test_a_large_screen_keeps_the_pixels_that_are_shown():
    given = job(screen(2400, 1600), shown=Size(1200, 800))

    (found,) = versions(given)

    assert found.size == Size(1200, 800)
    assert np.array_equal(decode(found.data).image.pixels, given.stored_at(found.size).pixels)


def test_a_scan_whose_noise_is_shown_is_changed_where_that_makes_it_light():
    given = job(SCAN, data=encode_jpeg(SCAN, 80))

    found = versions(given, changed(given, 0.4))

    assert min(found, key=lambda each: len(each.data)).quality == 92


def test_a_changed_version_that_saves_little_is_not_worth_its_words():
    given = job(SCAN, data=encode_jpeg(SCAN, 80, progressive=False))

    (found,) = versions(given, changed(given, 0.7))

    assert (found.format, found.quality) == ("jpeg", None)
    assert np.array_equal(decode(found.data).image.pixels, given.decoded.image.pixels)


def test_a_changed_version_is_sent_where_no_unchanged_one_is_lighter():
    given = job(SCAN, data=encode_webp(SCAN, 60), formats=("webp",))

    assert [each.quality for each in versions(given, changed(given, 0.9))] == [92]


def test_few_colours_become_a_palette_where_no_webp_is_taken():
    picture = screen(480, 320)
    flat = Image(picture.pixels // 64 * 64)
    given = job(flat, formats=("jpeg", "png"))

    (found,) = versions(given)

    assert found.format == "png"
    assert decode(found.data).source.mode == "P"
    assert np.array_equal(decode(found.data).image.pixels, flat.pixels)


def test_sixteen_bits_are_not_called_unchanged_at_eight():
    given = job(screen(), formats=("jpeg", "webp"))
    deep = replace(given.decoded, source=replace(given.decoded.source, depth=16))

    found = versions(replace(given, decoded=deep), changed(given, 0.9))

    assert [each.quality for each in found] == [92]


def test_a_screen_over_the_limit_of_bytes_is_not_kept_heavier_than_that():
    heavy = job(screen())
    (unchanged,) = versions(heavy)
    most = len(unchanged.data) - 1

    found = versions(replace(heavy, most_bytes=most), changed(heavy, 0.1))

    assert [each.quality for each in found] == [92]


def test_nothing_is_written_whole_that_bands_of_it_show_to_be_heavy():
    written: list[int] = []

    def count(image: Image, _: None) -> bytes:
        written.append(image.height)
        return WEBP_LOSSLESS.encode(image, None)

    noise = np.random.default_rng(0).integers(0, 256, (1024, 700, 3), dtype=np.uint8)
    given = job(Image(noise), data=encode_jpeg(Image(noise), 50))

    found = versions(given, changed(given, 0.4), (replace(WEBP_LOSSLESS, write=count),))

    assert [each.quality for each in found] == [92]
    assert written == [1024 // 8]


@pytest.mark.parametrize(("hue", "expected"), [(0, [WEBP, JPEG_FULL_CHROMA]), (120, [JPEG_FULL_CHROMA])])
def test_letters_with_a_hue_keep_full_chroma(hue: int, expected: list):
    canvas = np.full((300, 600, 3), 255, np.uint8)
    cv2.putText(canvas, "paid in full", (30, 150), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (hue, 0, 0), 5)

    assert text_encoders(Image(canvas), ENCODERS) == expected


def test_a_table_without_webp_has_none_for_letters():
    assert text_encoders(SCAN, (JPEG, WEBP_LOSSLESS)) == [JPEG_FULL_CHROMA]


def test_png_of_photographs_gets_no_palette():
    photograph = Image(pictures.astronaut()[:200, :200].copy())
    given = job(photograph, formats=("jpeg", "png"))

    assert [each.quality for each in versions(given, changed(given, 0.3))] == [92]
    assert len(encode_png(photograph)) == len(given.data)
