import json
from urllib.parse import quote

import pytest

from gateway.dialects.reading.data_url import opens_as_image
from gateway.dialects.reading.glance import _LOOKALIKES, _SIGNS, NAMING_KEYS, SPELLED, Signs
from gateway.dialects.registry import DIALECTS
from tests.gateway.dialects.bodies import JPEG, MP4, PDF, PNG, base64, data_url

PROMPTS = [
    "Describe an image in one file, please: see data, e.g. https://example.org/9j3/a.png",
    "naïve café, 你好, 😀",
    '{"a": "nested \\"json\\""}\n\ttabs',
    "RIFF GIF89a %PDF-1.7 prefix",
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_ordinary_text_shows_no_sign(dialect, ensure_ascii):
    messages = [{"role": "user", "content": prompt} for prompt in PROMPTS]
    body = json.dumps({"model": "m", "messages": messages}, ensure_ascii=ensure_ascii).encode()

    assert not Signs(dialect.markers).are_in(body)
    # As Go, .NET and Gson write text.
    for character in "<>&='\"+":
        assert not Signs(dialect.markers).are_in(body.replace(b"prefix", b"\\u%04x" % ord(character)))


WEBP = b"RIFF\1\2\3\4WEBPVP8 " + bytes(20)
OTHERS = (
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x1cftypavif",
    b"\0\0\0\x0cJXL \r\n\x87\n",
)


@pytest.mark.parametrize("data", [PNG, JPEG, PDF, MP4, WEBP, *(head + bytes(24) for head in OTHERS)])
def test_no_way_to_write_what_opens_as_a_picture_goes_unnoticed(data):
    encoded = base64(data)
    assert opens_as_image(encoded.encode()) or data is MP4
    for text in (encoded, encoded.replace("+", "-").replace("/", "_"), " " + encoded):
        body = json.dumps({"x": [text]})
        spelled = body.replace(encoded[5], f"\\u{ord(encoded[5]):04x}")
        nested = json.dumps({"x": body})
        for written in (body, body.replace("/", "\\/"), spelled, nested, json.dumps({"x": nested})):
            assert Signs().are_in(written.encode())


def test_bitmaps_are_noticed_where_a_string_begins_with_one():
    assert Signs().are_in(json.dumps({"x": base64(b"BM\1\2\3\4\0\0\0\0" + bytes(24))}).encode())


@pytest.mark.parametrize(
    "url", ["data:image/x;base64,AAAA", "DATA:IMAGE/png,x", "data:image/svg+xml," + quote("<svg>")]
)
def test_data_urls_of_images_are_noticed_whatever_they_hold(url):
    for written in (url, url.replace("/", "\\/")):
        assert Signs().are_in(b'{"x": "%s"}' % written.encode())


@pytest.mark.parametrize("key", sorted(NAMING_KEYS))
def test_keys_that_name_pictures_are_noticed(key):
    assert Signs().are_in(b'{"%s": "a"}' % key)
    assert Signs().are_in(b'{"%s": "a"}' % key.upper())


def test_places_are_found_across_windows():
    body = b'{"x": "' + b"a" * 131_060 + data_url(PNG).encode() + b'"}'

    assert body.index(b"data:image") in Signs().places(body, 0, len(body))
    assert not list(Signs().places(body, 0, 131_000))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_quick_search_denies_nothing(dialect):
    signs = Signs(dialect.markers)
    patterns = [*_SIGNS, *_LOOKALIKES, *SPELLED, *(b'"%s"' % key for key in NAMING_KEYS), *dialect.markers]

    for pattern in patterns:
        for written in (pattern, pattern.upper()):
            if not signs.are_in(written):  # upper-case letters that are no letters of ASCII
                continue
            body = b"." * 150_000 + written + b"." * 50
            assert 150_000 in signs.places(body, 0, len(body)), written
