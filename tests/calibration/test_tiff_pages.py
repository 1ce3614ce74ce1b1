import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage.data import astronaut

from calibration.image_source import DecodeLimits
from calibration.tiff_pages import TiffPages, is_tiff, read_pages

PICTURE = PillowImage.fromarray(astronaut()).resize((96, 64))
WHITE = PillowImage.new("RGB", (96, 64), "white")


def file_of(*pages: PillowImage.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:], **options)
    return buffer.getvalue()


def read(data: bytes, *, pages: int = 8, pixels: int = 1_000_000) -> TiffPages:
    return read_pages(data, DecodeLimits(), side=32, most_pages=pages, most_pixels=pixels)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"])
def test_every_page_is_read_in_its_order(compression: str):
    found = read(file_of(PICTURE, WHITE, compression=compression))

    assert [page.pixels.shape for page in found.pages] == [(32, 32, 3)] * 2
    assert found.pages[0].pixels.std() > 20
    assert found.pages[1].pixels.std() < 5
    assert found.pages[0].size == (96, 64)
    assert found.is_all


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_whatever_its_layout_a_page_shows_what_it_shows(mode: str):
    picture = PICTURE.convert("L") if mode in ("I;16", "F") else PICTURE
    page = PillowImage.fromarray(np.asarray(picture).astype(np.uint16) * 257) if mode == "I;16" else None

    shown = read(file_of(page or picture.convert(mode))).pages[0].pixels

    plain = read(file_of(PICTURE.convert("L"))).pages[0].pixels
    assert np.corrcoef(shown.mean(axis=2).ravel(), plain.mean(axis=2).ravel())[0, 1] > 0.9


def test_what_lies_beyond_the_limits_is_told():
    many = file_of(*[PICTURE] * 5)

    assert [len(read(many, pages=3).pages), read(many, pages=3).is_all] == [3, False]
    assert [len(read(many, pixels=2 * 96 * 64).pages), read(many, pixels=2 * 96 * 64).is_all] == [2, False]
    assert read(many, pages=5).is_all


def test_a_fax_is_not_decoded_and_said_to_be_left_out():
    found = read(file_of(PICTURE.convert("1"), compression="group4"))

    assert (found.pages, found.is_all) == ((), False)


def test_pages_say_what_they_are():
    stated = read(file_of(PICTURE, tiffinfo={297: (0, 2)})).pages[0]
    kinds = [read(file_of(PICTURE, tiffinfo={254: kind})).pages[0] for kind in (0, 1, 2)]

    assert stated.is_stated
    assert [(page.is_reduced, page.is_stated) for page in kinds] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_letters_of_tags_are_found():
    assert b"a cat" in read(file_of(PICTURE, description="a cat")).pages[0].texts
    assert b"<x>a cat</x>" in read(file_of(PICTURE, tiffinfo={700: b"<x>a cat</x>"})).pages[0].texts


@pytest.mark.parametrize("data", [b"", b"II*\0", b"no picture", file_of(PICTURE)[:200]])
def test_of_what_is_damaged_or_no_tiff_nothing_is_read(data: bytes):
    assert read(data).pages == ()
    assert is_tiff(data) == data.startswith(b"II*")
