import pytest

from gateway.dialects.reading.media import kind_of
from tests.gateway.dialects.bodies import JPEG, MP4, PDF, PNG, base64, data_url

AVIF = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + bytes(64)
WORDS = b"Some words, and none of them a picture. " * 3


@pytest.mark.parametrize(
    ("media_type", "data", "expected"),
    [
        ("image/png", PNG, "image"),
        ("", JPEG, "image"),
        ("text/plain", PNG, "image"),
        ("application/octet-stream", AVIF, "image"),
        ("IMAGE/SVG+XML", WORDS, "image"),
        ("image/png", PDF, "document"),
        ("text/plain", PDF, "document"),
        ("", WORDS, "document"),
        ("application/msword", WORDS, "document"),
        ("video/mp4", MP4, "video"),
        ("", MP4, "video"),
        ("video/webm", WORDS, "video"),
        ("text/csv; charset=utf-8", WORDS, "other"),
        ("application/json", WORDS, "other"),
        ("audio/mp4", b"\0\0\0\x1cftypM4A " + bytes(64), "other"),
        ("audio/mp4", MP4, "video"),
        ("video/mp4", b"\0\0\0\x1cftypM4A " + bytes(64), "video"),
        ("audio/wav", b"RIFF\0\0\0\0WAVEfmt " + bytes(64), "other"),
    ],
)
def test_a_pictures_opening_counts_before_its_declared_type(media_type: str, data: bytes, expected: str):
    assert kind_of(base64(data).encode()[:512], media_type.encode()) == expected
    assert kind_of(data_url(data, media_type).encode()[:512]) == expected


@pytest.mark.parametrize(
    ("data", "expected"), [(PNG, "image"), (PDF, "document"), (WORDS, "document"), (b"", "document")]
)
def test_a_file_may_be_base64_alone(data: bytes, expected: str):
    assert kind_of(base64(data).encode()[:512]) == expected


@pytest.mark.parametrize(
    ("beside", "inside", "expected"),
    [
        (b"application/octet-stream", "image/x-unknown", "image"),
        (b"image/x-unknown", "text/plain", "image"),
        (b"text/plain", "text/plain", "other"),
        (b"text/plain", "application/msword", "document"),
        (b"video/mp4", "", "video"),
    ],
)
def test_a_data_url_beside_a_type_has_two(beside: bytes, inside: str, expected: str):
    assert kind_of(data_url(WORDS, inside).encode()[:512], beside) == expected


@pytest.mark.parametrize(
    "spelling",
    [
        " data:image/png;base64,%s",
        "DATA:image/png;base64,%s",
        "data:;base64,%s",
        "data:text/plain,%s",
        "\n%s",
    ],
)
def test_spellings_that_some_reader_takes_are_taken(spelling: str):
    assert kind_of((spelling % base64(PNG)).encode()) == "image"
