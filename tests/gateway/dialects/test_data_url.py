import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.data_url import NotInlineError, data_url_string, parse_data_url


@given(st.binary(max_size=100), st.sampled_from(["image/png", "image/jpeg"]))
def test_what_is_written_is_read_back(data, media_type):
    inline = parse_data_url(data_url_string(media_type, data)[1:-1])

    assert (inline.media_type, inline.data) == (media_type, data)


def test_case_and_parameters_do_not_matter():
    inline = parse_data_url(b"DATA:Image/PNG;name=a;Base64,AAAA")

    assert (inline.media_type, inline.data) == ("image/png", b"\0\0\0")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"https://example.org/a.png", "url"),
        (b"file-abc123", "url"),
        (b"", "url"),
        (b"data:image/svg+xml,<svg/>", "unsupported_data_url"),
        (b"data:image/png;base64", "unsupported_data_url"),
        (b"data:,AAAA", "unsupported_data_url"),
        (b"data:image/png;base64,AA AA", "invalid_base64"),
        (b"data:image/png;base64,AAA", "invalid_base64"),
        (b"data:image/png;base64,_-_-", "invalid_base64"),
        ("data:image/png;base64,ää".encode(), "invalid_base64"),
    ],
)
def test_what_is_not_inline_base64_is_named(text, reason):
    with pytest.raises(NotInlineError) as caught:
        parse_data_url(text)

    assert caught.value.reason == reason
