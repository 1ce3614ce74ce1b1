import contextlib
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.splice import (
    EACH,
    AmbiguousKeysError,
    Replacement,
    Span,
    locate,
    skeleton,
    splice,
    string_at,
)

_PART = ("messages", EACH, "content", EACH, "image_url")
PATHS = (_PART, (*_PART, "url"))
URL = "data:image/png;base64,AAAA"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
image_parts = st.text().flatmap(
    lambda url: st.sampled_from([{"image_url": {"url": url, "detail": "low"}}, {"image_url": url}])
)
other_parts = st.dictionaries(st.text().filter(lambda key: key != "image_url"), json_values, max_size=3)
messages = st.fixed_dictionaries(
    {"content": st.text() | st.lists(image_parts | other_parts | json_values, max_size=4)},
    optional={"role": st.text(), "image_url": json_values},
)
documents = st.fixed_dictionaries(
    {"messages": st.lists(messages | json_values, max_size=3)},
    optional={"model": st.text(), "x": json_values},
)
styles = st.sampled_from([{}, {"indent": 2}, {"separators": (" , ", "\t:\n")}, {"ensure_ascii": False}])


@given(documents, styles)
def test_locate_finds_exactly_the_images_a_parser_finds(document, style):
    body = _dumps(document, style)

    spans = locate(body, PATHS)

    assert [string_at(body, span).decode() for span in spans] == list(_images_of(orjson.loads(body)))


@given(documents, styles, st.binary(max_size=20))
def test_splicing_changes_no_byte_outside_the_spans(document, style, new):
    body = _dumps(document, style)
    spans = locate(body, PATHS)
    value = orjson.dumps(new.hex())

    spliced = splice(body, [Replacement(span, value) for span in spans])

    # Walk both bodies side by side: the stretches between images are identical.
    position_before = position_after = 0
    for span in spans:
        stretch = body[position_before : span.start]
        assert spliced[position_after : position_after + len(stretch)] == stretch
        position_before, position_after = span.end, position_after + len(stretch) + len(value)
    assert spliced[position_after:] == body[position_before:]
    assert list(_images_of(orjson.loads(spliced))) == [new.hex()] * len(spans)


@given(documents, styles)
def test_splicing_an_image_by_itself_gives_the_same_body(document, style):
    body = _dumps(document, style)

    again = splice(body, [Replacement(span, body[span.start : span.end]) for span in locate(body, PATHS)])

    assert again == body


@given(documents, styles, st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=2)), max_size=3))
def test_damaged_body_is_never_taken_for_a_whole_one(document, style, damages):
    body = _dumps(document, style)
    for place, bytes_there in damages:
        body = body[: place % len(body)] + bytes_there + body[place % len(body) + 1 :]

    _assert_judged_as_by_a_parser(body)


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\\\ 1a').map(str.encode))
def test_noise_is_taken_for_json_only_where_it_is(body):
    _assert_judged_as_by_a_parser(body)


def test_skeleton_leaves_long_strings_out_and_keeps_the_rest():
    body = _dumps({"messages": [{"content": [{"image_url": "x" * 5000}, {"image_url": "y" * 50}]}]}, {})

    assert orjson.loads(skeleton(body, locate(body, PATHS))) == {
        "messages": [{"content": [{"image_url": ""}, {"image_url": "y" * 50}]}]
    }


def test_escaped_slashes_and_keys_are_understood():
    body = rb'{"messages":[{"content":[{"image\u005furl":{"url":"data:image\/png;base64,\u0041+\/8="}}]}]}'

    (span,) = locate(body, PATHS)

    assert string_at(body, span) == b"data:image/png;base64,A+/8="
    assert span.where == "messages[0].content[0].image_url.url"


def test_the_same_string_elsewhere_is_left_alone():
    image = {"image_url": {"url": URL}}
    body = _dumps({"note": URL, "messages": [{"name": URL, "content": [{"text": URL}, image]}]}, {})

    (span,) = locate(body, PATHS)

    assert splice(body, [Replacement(span, b'"new"')]).count(URL.encode()) == 3


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[],"messages":[{"content":[{"image_url":"a"}]}]}',
        b'{"messages":[{"content":[{"image_url":"a"}],"content":"text"}]}',
        b'{"messages":[{"content":[{"image_url":{"url":"a","\\u0075rl":"b"}}]}]}',
    ],
)
def test_a_key_named_twice_on_the_way_to_an_image_is_ambiguous(body):
    with pytest.raises(AmbiguousKeysError):
        locate(body, PATHS)


def test_a_key_named_twice_elsewhere_does_not_matter():
    body = b'{"x":1,"x":2,"messages":[{"content":[{"image_url":"a","type":1,"type":2}]}]}'

    assert len(locate(body, PATHS)) == 1


def test_strings_ending_in_backslashes_are_measured_right():
    body = json.dumps({"a\\": '\\\\"', "messages": [{"content": [{"text": "\\", "image_url": "x\\"}]}]})

    (span,) = locate(body.encode(), PATHS)

    assert string_at(body.encode(), span) == b"x\\"


def test_overlapping_replacements_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        splice(b"abcdef", [Replacement(Span(0, 3, ""), b"x"), Replacement(Span(2, 4, ""), b"y")])


def _dumps(document, style) -> bytes:
    return json.dumps(document, **style).encode()


def _assert_judged_as_by_a_parser(body: bytes) -> None:
    """Valid bodies are measured, invalid ones refused by `locate` or by a parser that reads the skeleton."""
    try:
        spans = locate(body, PATHS)
    except AmbiguousKeysError:
        assert _names_a_key_twice(body) or not _is_json(body)
    except ValueError:
        assert not _is_json(body)
    else:
        assert _is_json(skeleton(body, spans)) == _is_json(body)
        if _is_json(body):
            assert [string_at(body, span).decode() for span in spans] == list(_images_of(orjson.loads(body)))


def _names_a_key_twice(body: bytes) -> bool:
    counts = []
    with contextlib.suppress(ValueError):
        json.loads(body, object_pairs_hook=lambda pairs: counts.append(len(pairs) - len(dict(pairs))))
    return any(counts)


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def _images_of(document):
    messages = document.get("messages") if isinstance(document, dict) else None
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            image = part.get("image_url") if isinstance(part, dict) else None
            if isinstance(image, dict):
                image = image.get("url")
            if isinstance(image, str):
                yield image
