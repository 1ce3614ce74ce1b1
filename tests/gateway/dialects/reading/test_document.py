import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.reading.document import (
    Array,
    NotAnObjectError,
    NotJsonError,
    Object,
    Scalar,
    Text,
    TooManyValuesError,
    children,
    read_document,
    strings,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(), json_values, max_size=4)
styles = st.sampled_from([{}, {"indent": 2}, {"separators": (" , ", "\t:\n")}, {"ensure_ascii": False}])


def read(body: bytes) -> Object:
    return read_document(body, max_values=100_000)


def rebuilt(node: Any) -> Any:
    """Return what a parser makes of it."""
    if isinstance(node, Object):
        return {key: rebuilt(value) for key, value in node.items}
    if isinstance(node, Array):
        return [rebuilt(item) for item in node.items]
    if isinstance(node, Text):
        return node.value().decode("utf-8", "surrogatepass")
    return json.loads(node.body[node.start : node.end])


@given(documents, styles)
def test_a_document_holds_what_a_parser_finds_in_it(document, style):
    body = json.dumps(document, **style).encode("utf-8", "surrogatepass")

    assert repr(rebuilt(read(body))) == repr(json.loads(body))  # NaN is no equal of itself


@given(documents, styles, st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=2)), max_size=3))
def test_a_damaged_body_is_never_taken_for_another_one(document, style, damages):
    body = json.dumps(document, **style).encode("utf-8", "surrogatepass")
    for place, bytes_there in damages:
        at = place % (len(body) + 1)
        body = body[:at] + bytes_there + body[at + 1 :]

    assert_judged_as_by_a_parser(body)


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:\\ 1a-.etrufalsn').map(str.encode))
def test_noise_is_taken_for_json_only_where_it_is(body):
    assert_judged_as_by_a_parser(body)


class Pairs(list[Any]):
    """An object, keys named twice and all."""


def assert_judged_as_by_a_parser(body: bytes) -> None:
    try:
        parsed = json.loads(body.decode("utf-8", "replace"), strict=False, object_pairs_hook=Pairs)
    except ValueError:
        with pytest.raises(NotJsonError):
            read(body)
        return
    if isinstance(parsed, Pairs):
        assert len(read(body).items) == len(parsed)
    else:
        with pytest.raises(NotAnObjectError):
            read(body)


def test_keys_named_twice_are_kept_and_the_last_counts():
    document = read(b'{"a": "1", "b": 2, "\\u0061": "3"}')

    assert [text.value() for text in document.all("a") if isinstance(text, Text)] == [b"1", b"3"]
    assert document.get("a") == "3"
    assert isinstance(document.get("b"), Scalar)
    assert document.get("c") is None


def test_a_document_and_a_parsers_mapping_name_the_model_alike():
    body = orjson.dumps({"model": "ä", "n": 1})

    assert read(body).get("model") == orjson.loads(body).get("model") == "ä"


def test_nesting_of_any_depth_is_read():
    assert isinstance(read(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}").all("a")[0], Array)


def test_more_values_than_allowed_are_refused():
    body = b'{"a": [1, 2, 3]}'

    assert read_document(body, max_values=5)
    with pytest.raises(TooManyValuesError):
        read_document(body, max_values=4)


def test_children_and_strings_stand_alone_or_in_a_list():
    document = read(b'{"a": {"b": "1"}, "c": [{"b": "2"}, "3", ["4"], {"b": ["5", "6"]}]}')

    assert [where for where, _ in children(document, "a", "x")] == ["x.a"]
    assert [where for where, _ in children(document, "c")] == ["c[0]", "c[3]"]
    assert [(where, text.value()) for where, text in strings(document, "c")] == [("c[1]", b"3")]
    last = list(children(document, "c"))[-1][1]
    assert [where for where, _ in strings(last, "b", "c[3]")] == ["c[3].b[0]", "c[3].b[1]"]
