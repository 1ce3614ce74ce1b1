import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.data_url import NotInlineError
from gateway.dialects.reading.document import Text, read_document
from gateway.dialects.reading.sources import BareBase64, DataUrl, FileData, TypedBase64, Unseen
from gateway.dialects.reading.splice import splice
from tests.gateway.dialects.bodies import JPEG, MP4, PDF, PNG, base64, data_url


def texts(*values: str, escape_slashes: bool = False) -> tuple[bytes, list[Text]]:
    body = json.dumps({"texts": values, "ä": [1.0, None]}, indent=1)
    raw = (body.replace("/", "\\/") if escape_slashes else body).encode()
    return raw, [each for each in _array(raw) if isinstance(each, Text)]


def _array(raw: bytes) -> list:
    return list(read_document(raw, max_values=100).all("texts")[0])


def after(body: bytes, replacements) -> list[str]:
    return json.loads(splice(body, replacements))["texts"]


@pytest.mark.parametrize("escape_slashes", [False, True])
def test_data_urls_are_read_written_and_corrected(escape_slashes):
    body, (text,) = texts(" data:image/png;name=a;base64," + base64(JPEG), escape_slashes=escape_slashes)
    source = DataUrl(text)

    assert (source.read().media_type, source.read().data, source.url) == ("image/png", JPEG, None)
    assert after(body, source.write("image/png", PNG)) == [data_url(PNG)]
    assert after(body, source.correct_type("image/jpeg")) == [data_url(JPEG, "image/jpeg")]


def test_correcting_a_type_leaves_the_image_as_it_is_written():
    body, (text,) = texts("data:image/png;base64,AA\nAA")

    assert after(body, DataUrl(text).correct_type("image/gif")) == ["data:image/gif;base64,AA\nAA"]


@pytest.mark.parametrize("url", ["https://example.org/a.png", " http://a/b?c=data:d", "file-1"])
def test_addresses_are_told(url):
    _, (text,) = texts(url)

    assert DataUrl(text).url == url.strip()
    with pytest.raises(NotInlineError, match="address"):
        DataUrl(text).read()


@pytest.mark.parametrize("filling", ["a", "ä", " ", "\n"])
def test_an_address_too_long_to_be_fetched_is_never_cut_to_one_that_is_not(filling):
    url = filling * 8192 + "https://example.org" if filling.isspace() else "https://a/" + filling * 8192
    _, (text, longest) = texts(url, "https://a/".ljust(8192, "a"))

    assert len(DataUrl(text).url or "") > 8192
    assert len(DataUrl(longest).url or "") == 8192


@pytest.mark.parametrize("escape_slashes", [False, True])
def test_base64_beside_its_type_is_read_written_and_corrected(escape_slashes):
    body, (kind, data) = texts("Image/PNG", base64(JPEG), escape_slashes=escape_slashes)
    source = TypedBase64(kind, data)

    assert (source.read().media_type, source.read().data) == ("image/png", JPEG)
    assert after(body, source.write("image/png", PNG)) == ["image/png", base64(PNG)]
    assert after(body, source.correct_type("image/jpeg")) == ["image/jpeg", base64(JPEG)]
    assert source.texts == (kind, data)


def test_base64_without_its_type_has_none_to_correct():
    body, (data,) = texts(base64(PNG))

    for source in (TypedBase64(None, data), BareBase64(data)):
        assert source.read().media_type == ""
        assert source.correct_type("image/png") == []
        assert after(body, source.write("image/jpeg", JPEG)) == [base64(JPEG)]


def test_data_urls_where_base64_is_expected_are_read():
    _, (kind, data) = texts("image/png", data_url(PNG))

    assert TypedBase64(kind, data).read().data == BareBase64(data).read().data == PNG


def test_files_are_looked_into_where_they_are_pictures():
    for url, data in ((data_url(PNG), PNG), (base64(JPEG), JPEG), (data_url(PNG, "application/pdf"), PNG)):
        _, (text,) = texts(url)
        assert FileData(text).read().data == data
    for url in (data_url(PDF, "application/pdf"), base64(PDF), base64(b"words"), "words"):
        _, (text,) = texts(url)
        with pytest.raises(NotInlineError, match="document"):
            FileData(text).read()


def test_a_picture_in_a_file_is_written_as_a_data_url():
    body, (text,) = texts(data_url(PNG))

    assert after(body, FileData(text).write("image/jpeg", JPEG)) == [data_url(JPEG, "image/jpeg")]
    assert after(body, FileData(text).correct_type("image/webp")) == [data_url(PNG, "image/webp")]


def test_what_is_unseen_says_why_and_stays():
    _, (text,) = texts(base64(MP4))
    source = Unseen("video", (text,))

    with pytest.raises(NotInlineError) as caught:
        source.read()
    assert caught.value.reason == "video"
    assert (source.write("image/png", PNG), source.correct_type("image/png")) == ([], [])


@given(st.text(max_size=60))
def test_noise_raises_nothing_but_that_it_is_not_inline(noise):
    _, (text,) = texts(noise)

    for source in (DataUrl(text), BareBase64(text), TypedBase64(text, text), FileData(text)):
        try:
            source.read()
        except NotInlineError as error:
            assert error.reason
