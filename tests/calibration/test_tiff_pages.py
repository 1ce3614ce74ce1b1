import io
import struct
import subprocess
import sys
from pathlib import Path

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


MEASURE = """
import sys
from pathlib import Path
from calibration.image_source import DecodeLimits
from calibration.tiff_pages import read_pages

def peak_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def read(name):
    data = Path(name).read_bytes()
    return read_pages(data, DecodeLimits(), side=512, most_pages=16, most_pixels=32_000_000)

assert read(sys.argv[1]).pages
before = peak_kb()
assert len(read(sys.argv[2]).pages) == 1
print((peak_kb() - before) * 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize("mode", ["F", "I", "I;16", "RGBA", "P"])
def test_a_large_page_takes_no_more_memory_than_the_queue_promises_for_its_pixels(tmp_path: Path, mode: str):
    side = 3000
    for name, size in (("small", 64), ("large", side)):
        page = PillowImage.new(mode, (size, size))
        (tmp_path / name).write_bytes(file_of(page, compression="tiff_adobe_deflate"))

    taken = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path / "small"), str(tmp_path / "large")],
        capture_output=True,
        check=True,
        text=True,
    )

    assert int(taken.stdout) < 12 * side * side


def test_a_page_in_tiles_far_larger_than_itself_is_not_decoded():
    tile = 30_000
    tags = [
        (256, 64),
        (257, 64),
        (258, 8),
        (259, 8),
        (262, 1),
        (277, 1),
        (322, tile),
        (323, tile),
        (324, 8),
        (325, 4),
    ]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = b"II*\0" + struct.pack("<I", 12) + bytes(4) + struct.pack("<H", len(tags)) + entries + bytes(4)

    found = read(data)

    assert (found.pages, found.left_out) == (
        (),
        "page 1 is stored so that it takes too much memory to decode",
    )


def test_pages_that_are_left_out_are_told_why():
    many = file_of(*[PICTURE] * 5)

    assert read(many, pages=3).left_out == "there are more than 3 pages"
    assert "page 3 and those before it have more than 12288 pixels" in read(many, pixels=12_288).left_out
    assert "fax" in read(file_of(PICTURE.convert("1"), compression="group4")).left_out


def test_the_time_is_asked_for_before_every_page():
    class TooLateError(Exception):
        pass

    asked: list[int] = []

    def check_time() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise TooLateError

    with pytest.raises(TooLateError):
        read_pages(
            file_of(*[PICTURE] * 5),
            DecodeLimits(),
            side=32,
            most_pages=8,
            most_pixels=1_000_000,
            check_time=check_time,
        )


def test_a_pixel_that_is_no_number_hides_no_page():
    levels = np.asarray(PICTURE.convert("L")).astype(np.float32)
    levels[0, 0], levels[1, 1] = np.nan, np.inf

    shown = read(file_of(PillowImage.fromarray(levels))).pages[0].pixels

    assert shown.std() > 20


def test_short_memory_is_not_taken_for_a_damaged_page(monkeypatch: pytest.MonkeyPatch):
    def raise_error(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("calibration.tiff_pages._page", raise_error)

    with pytest.raises(MemoryError):
        read(file_of(PICTURE))
