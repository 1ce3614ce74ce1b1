import base64
import binascii
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.data_url import (
    NotInlineError,
    base64_string,
    data_url,
    decode_base64,
    opens_as_image,
    parse_data_url,
)
from tests.gateway.dialects.bodies import JPEG, PDF, PNG


@given(st.binary(max_size=100), st.sampled_from(["image/png", "image/jpeg"]))
def test_what_is_written_is_read_back(data, media_type):
    inline = parse_data_url(data_url(media_type, data)[1:-1])

    assert (inline.media_type, inline.data) == (media_type, data)
    assert decode_base64(base64_string(data)[1:-1]) == data


def test_case_and_parameters_do_not_matter():
    inline = parse_data_url(b"DATA:Image/PNG;name=a;Base64,AAAA")

    assert (inline.media_type, inline.data) == ("image/png", b"\0\0\0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b" \n\t data:image/png;base64,AAAA", b"\0\0\0"),
        (b"data: image/png ; base64 ,AAAA", b"\0\0\0"),
        (b"data:image/png;base64,AA\r\nAA", b"\0\0\0"),
        (b"data:image/png;base64,AA AA ", b"\0\0\0"),
        (b"data:image/png;base64,_-8", b"\xff\xef"),
        (b"data:image/png;base64,AAA", b"\0\0"),
        (b"data:image/png;base64,AAA%3D", b"\0\0"),
        (b"xdata:image/png;base64,AAAA", b"\0\0\0"),  # LiteLLM splits at `data:`
        (b"data:image/png;base64," + base64.encodebytes(PNG), PNG),
        (b"data:image/png," + base64.b64encode(PNG), PNG),  # transformers splits at the comma
        (base64.b64encode(JPEG), JPEG),
        (base64.urlsafe_b64encode(JPEG).rstrip(b"="), JPEG),
    ],
)
def test_what_some_reader_takes_is_read(text, expected):
    assert parse_data_url(text).data == expected


@given(st.binary(min_size=1, max_size=60), st.data())
def test_what_pythons_url_reader_reads_is_read_alike(data, drawn):
    encoded = base64.b64encode(data).decode()
    place = drawn.draw(st.integers(0, len(encoded)))
    text = (
        "data:image/png;base64,"
        + encoded[:place]
        + drawn.draw(st.sampled_from(["", " ", "\n"]))
        + encoded[place:]
    )

    assert parse_data_url(text.encode()).data == urlopen(text).read() == data  # noqa: S310 - no network in it


@given(st.binary(max_size=80))
def test_noise_raises_nothing_but_that_it_is_not_inline(noise):
    for text in (noise, b"data:image/png;base64," + noise, b"iVBORw0KGgo" + noise):
        try:
            decoded = parse_data_url(text)
        except NotInlineError as error:
            assert error.reason in {"url", "unsupported_data_url", "invalid_base64"}
        else:
            assert isinstance(decoded.data, bytes)


@given(st.binary(max_size=40))
def test_valid_base64_is_decoded_as_the_standard_library_does(noise):
    try:
        expected = base64.b64decode(noise, validate=True)
    except binascii.Error:
        return
    assert decode_base64(noise) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"https://example.org/a.png", "url"),
        (b" https://example.org/?data:image/png;base64,AAAA", "url"),
        (b"file-abc123", "url"),
        (b"gs://bucket/a.png", "url"),
        (b"", "url"),
        (b"data:image/svg+xml,<svg/>", "unsupported_data_url"),
        (b"data:image/png;base64", "unsupported_data_url"),
        (b"data:,AAAA", "unsupported_data_url"),
        (b"data:image/png;base64,A", "invalid_base64"),
        (b"data:image/png;base64,AA=A", "invalid_base64"),
        (b"data:image/png;base64,A!AA", "invalid_base64"),
        ("data:image/png;base64,ää".encode(), "invalid_base64"),
    ],
)
def test_what_is_not_inline_base64_is_named(text, reason):
    with pytest.raises(NotInlineError) as caught:
        parse_data_url(text)

    assert caught.value.reason == reason


@pytest.mark.parametrize("data", [PNG, JPEG, PDF, b"GIF89a" + bytes(20), b"RIFF\1\2\3\4WEBPVP8 " + bytes(20)])
def test_pictures_and_documents_are_known_by_their_first_bytes(data):
    for encoded in (
        base64.b64encode(data),
        base64.urlsafe_b64encode(data),
        b"\n " + base64.encodebytes(data),
    ):
        assert opens_as_image(encoded)


@pytest.mark.parametrize(
    "data", [b"RIFF\1\2\3\4WAVEfmt " + bytes(20), b"ID3" + bytes(40), b"hello world" * 3]
)
def test_sounds_and_words_are_no_pictures(data):
    assert not opens_as_image(base64.b64encode(data))
