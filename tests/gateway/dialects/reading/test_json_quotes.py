"""Quotes are found as a parser finds the ends of strings, wherever a window ends."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.json_quotes import WINDOW_BYTES, Quotes
from gateway.dialects.reading.json_text import NotJsonError

STRING = re.compile(rb'"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"', re.DOTALL)


@given(st.lists(st.text(alphabet='"\\\\u/n\u00e9\x00a', max_size=12), min_size=1, max_size=6), st.booleans())
def test_every_string_ends_where_a_parser_ends_it(values, ensure_ascii):
    body = json.dumps(values, ensure_ascii=ensure_ascii).encode()
    quotes = Quotes(body)

    for found in STRING.finditer(body):
        assert quotes.after(found.start() + 1) == found.end() - 1


@pytest.mark.parametrize("piece", ['\\"', "\\\\", "\\u0022", "\\n", "a\\\\\\\\", "\\/b"])
def test_no_window_cuts_an_escape(piece: str):
    for shift in range(8):
        body = b'"' + b"x" * shift + piece.encode() * (3 * WINDOW_BYTES // len(piece)) + b'"'

        assert Quotes(body).after(1) == len(body) - 1


@pytest.mark.parametrize("text", [rb"\q", rb"\u12", rb"\u12G4", rb"\U0041", "\\é".encode(), b"\\", b"\\u"])
@pytest.mark.parametrize("length", [0, 10, WINDOW_BYTES - 3, WINDOW_BYTES + 5])
def test_escapes_that_json_does_not_have_are_refused(text: bytes, length: int):
    for body in (b'"' + b"x" * length + text + b'"', b'"' + b"x" * length + text + b'"}', b'"' + text):
        if text == b"\\" and body.endswith(b'"}'):
            continue  # an escaped quote, and no other before the end: as below
        with pytest.raises(NotJsonError):
            Quotes(body).after(1)


@pytest.mark.parametrize("body", [b'"', b'"abc', b'"\\"', b'"\\\\\\"', b'"' + b"x" * WINDOW_BYTES])
def test_a_string_that_never_ends_is_refused(body: bytes):
    with pytest.raises(NotJsonError):
        Quotes(body).after(1)
