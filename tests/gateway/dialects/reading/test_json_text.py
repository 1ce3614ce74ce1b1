import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.json_text import WINDOW_BYTES, NotJsonError, Text


def text_of(raw: str | bytes) -> Text:
    body = raw if isinstance(raw, bytes) else raw.encode()
    return Text(body, 0, len(body))


@given(st.text(), st.booleans(), st.integers(1, 30))
def test_a_string_reads_as_a_parser_reads_it(value, ensure_ascii, count):
    raw = json.dumps(value, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")
    text = text_of(raw)

    expected = value.encode("utf-8", "surrogatepass")
    assert text.value() == bytes(text.view()) == expected
    assert text.head(count) == expected[:count]


@pytest.mark.parametrize("character", ["ä", "€", "😀", '"', "\\", "\ud83d", "\n", "a"])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_long_strings_read_the_same_wherever_a_window_ends(character, ensure_ascii):
    for shift in range(13):
        value = "x" * shift + '"' + character * (WINDOW_BYTES // 2)
        if character == "\ud83d" and not ensure_ascii:
            continue  # cannot be written without an escape
        raw = json.dumps(value, ensure_ascii=ensure_ascii)

        assert text_of(raw).value() == value.encode("utf-8", "surrogatepass")


def test_bytes_that_are_not_utf8_pass_where_nothing_is_escaped():
    assert text_of(b'"a\xff"').value() == b"a\xff"
    assert text_of(b'"a\xff"').text() == "a�"
    assert text_of(b'"\\na\xff"').value() == "\na�".encode()


@pytest.mark.parametrize("raw", [b'"\\q"', b'"\\u12"', b'"\\u12G4"', b'"\\"'])
def test_escapes_that_json_does_not_have_are_refused(raw):
    with pytest.raises(NotJsonError):
        text_of(raw).value()


def test_a_plain_string_is_viewed_where_it_lies():
    text = text_of('"abc"')

    assert text.is_plain
    assert text.view().obj is text.body
    assert not text_of(r'"a\/b"').is_plain
