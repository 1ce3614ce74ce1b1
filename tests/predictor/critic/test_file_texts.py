import time
import zlib

import pytest

from predictor.critic.file_texts import read_file_texts
from tests.predictor.critic.files import chunk, exif, jpeg, packet, png, webp

EXIF = exif({0x010F: "Canon"})


def test_a_pngs_texts_are_read_inflated_or_not():
    for inflated in (False, True):
        found = read_file_texts(png({"parameters": "Steps: 20"}, inflated=inflated, xmp=packet()))

        assert [(text.source, text.content) for text in found.texts] == [("PNG text parameters", "Steps: 20")]
        assert found.xmp == packet()


def test_a_jpegs_blocks_comment_and_iptc_are_read():
    found = read_file_texts(
        jpeg(exif=EXIF, xmp=packet(), comment=b"hello", iptc=b"\x1c\x02\x6e\0\x13Made with Google AI")
    )

    assert found.exif == EXIF
    assert found.xmp == packet()
    assert {(text.keyword, text.content) for text in found.texts} == {
        ("comment", "hello"),
        ("credit", "Made with Google AI"),
    }


def test_a_webps_blocks_are_read():
    found = read_file_texts(webp(exif=EXIF, xmp=packet()))

    assert found.exif is not None
    assert found.exif.removeprefix(b"Exif\0\0") == EXIF
    assert found.xmp == packet()


@pytest.mark.parametrize("keyword", [b"comment%d", b"comment", b"XML:com.adobe.xmp"])
def test_texts_that_inflate_to_gigabytes_cost_little(keyword: bytes):
    packed, plain = zlib.compress(bytes(4_000_000), 9), png()
    names = [keyword.replace(b"%d", str(number).encode()) for number in range(2_000)]
    bombs = b"".join(chunk(b"zTXt", name + b"\0\0" + packed) for name in names)
    began = time.process_time()

    found = read_file_texts(plain[:33] + bombs + plain[33:])

    assert len(found.texts) <= 32
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"BM"]
)
def test_files_that_are_none_hold_nothing(data: bytes):
    found = read_file_texts(data)

    assert (found.exif, found.xmp, found.texts) == (None, "", ())
