from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import Node, Object, Text, read_document
from gateway.dialects.reading.places import (
    ANY_KEY,
    DUPLICATE_KEYS,
    Grammar,
    Place,
    folded,
    member,
    misfits,
    objects,
    texts,
    walk,
)
from gateway.dialects.reading.sources import BareBase64, Unseen


def pictures(holder: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    yield from (Slot(path, BareBase64(text)) for path, text in texts(value, where))


GRAMMAR: Grammar = {
    "album": Place({"pages": "page", "loose": "shelf"}),
    "page": Place({"pages": "page"}, {"picture": pictures}),
    "shelf": Place({ANY_KEY: "page", "pages": "nowhere"}),
    "nowhere": Place(),
}


def where(body: Any) -> list[str]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return [slot.where for slot in walk(read_document(raw, max_values=1_000_000), GRAMMAR, "album")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, []),
        ({"picture": "a"}, []),
        ({"pages": {"picture": "a"}}, ["pages.picture"]),
        (
            {"pages": [{"picture": "a"}, {"picture": ["b", "c"]}]},
            ["pages[0].picture", "pages[1].picture[0]", "pages[1].picture[1]"],
        ),
        ({"pages": [[{"picture": "a"}]]}, ["pages[0][0].picture"]),
        (
            {"pages": [{"pages": {"picture": "a"}}, {"picture": "b"}]},
            ["pages[0].pages.picture", "pages[1].picture"],
        ),
        ({"pages": [{"other": {"picture": "a"}}, "a", 1, None]}, []),
        ({"pages": [{"picture": ""}, {"picture": 1}, {"picture": {"a": "b"}}]}, []),
        ({"loose": {"front": {"picture": "a"}, "pages": {"picture": "b"}}}, ["loose.front.picture"]),
    ],
)
def test_slots_are_where_the_grammar_leads_and_nowhere_else(body: Any, expected: list[str]):
    assert where(body) == expected


def test_every_occurrence_of_a_key_counts_however_it_is_spelt():
    body = b'{"pages": {"picture": "a"}, "pag\\u0065s": {"p\\u0069cture": "b", "picture": "c"}}'

    assert where(body) == ["pages.picture", "pages.picture", "pages.picture"]


def test_bodies_may_nest_deeper_than_functions_can_call_each_other():
    depth = 50_000
    body = b'{"pages":' * depth + b'{"picture":"a"}' + b"}" * depth

    (found,) = where(body)

    assert len(found) == 200
    assert found.endswith("…")
    assert where(b'{"pages":' + b"[" * depth + b'{"picture":["a"]}' + b"]" * depth + b"}")


def test_a_key_named_very_often_is_told_and_not_read_every_time():
    body = b'{"pages": {%s}}' % b", ".join(b'"picture": "a"' for _ in range(100))
    document = read_document(body, max_values=1000)

    sources = [slot.source for slot in walk(document, GRAMMAR, "album")]

    assert len(sources) == 9
    assert isinstance(sources[-1], Unseen)
    assert sources[-1].reason == DUPLICATE_KEYS


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Pages": {"picture": "a"}}, ["Pages.picture"]),
        ({"page\u017f": {"PICTURE": "a"}}, ["page\u017f.PICTURE"]),
        ({"pages": {"Pic\u212aure": "a", "Picture": None}}, []),
        ({"LOOSE": {"front": {"Picture": 1}}}, ["LOOSE.front.Picture"]),
    ],
)
def test_keys_in_another_case_are_followed_and_what_they_hold_is_told(body: Any, expected: list[str]):
    assert where(body) == expected


def test_keys_are_compared_as_go_compares_them():
    assert folded("\u017four\u212aE") == "sourke"
    assert folded("ma\u00df") != folded("mass")


def test_what_is_none_of_the_kinds_expected_is_told_once_however_deep():
    depth = 5_000
    body = b'{"a": ' + b"[" * depth + b"1, 2" + b"]" * depth + b', "b": ["x", [{"y": 1}]]}'
    document = read_document(body, max_values=100_000)
    (deep,), (mixed,) = document.all("a"), document.all("b")

    assert [slot.where for slot in misfits(deep, "a", Text)] == ["a"]
    assert [slot.where for slot in misfits(mixed, "b", Text)] == ["b"]
    assert list(misfits(mixed, "b", Text, Object)) == []


def test_a_reader_gets_one_or_a_list():
    document = read_document(b'{"one": "a", "many": [["a", {}], {"b": [1]}]}', max_values=100)

    assert [path for node in document.all("many") for path, _ in texts(node, "many")] == ["many[0][0]"]
    assert [path for node in document.all("many") for path, _ in objects(node, "many")] == [
        "many[0][1]",
        "many[1]",
    ]
    assert [path for node in document.all("one") for path, _ in texts(node, member("", "one"))] == ["one"]
