from typing import Any

import orjson
import pytest

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import read_document
from gateway.dialects.reading.places import DUPLICATE_KEYS
from gateway.dialects.reading.readers import (
    bare_pictures,
    files,
    picture_urls,
    strings_at,
    typed_base64,
    unseen,
)
from gateway.dialects.reading.sources import BareBase64, DataUrl, FileData, TypedBase64, Unseen
from tests.gateway.dialects.bodies import MP4, PNG, base64, data_url


def read(reader: Any, value: Any) -> list[Slot]:
    holder = read_document(orjson.dumps({"key": value}), max_values=1000)
    return [slot for node in holder.all("key") for slot in reader(holder, node, "key")]


@pytest.mark.parametrize(
    ("reader", "value", "kind", "where"),
    [
        (picture_urls, "https://a", DataUrl, ["key"]),
        (picture_urls, {"url": "https://a", "detail": "low"}, DataUrl, ["key.url"]),
        (picture_urls, ["https://a", {"url": ["https://b"]}], DataUrl, ["key[0]", "key[1].url[0]"]),
        (bare_pictures, [base64(PNG), base64(PNG)], BareBase64, ["key[0]", "key[1]"]),
        (files, data_url(PNG), FileData, ["key"]),
        (files, data_url(MP4, "video/mp4"), Unseen, ["key"]),
        (files, data_url(b"a,b", "text/csv"), Unseen, []),
        (unseen("file_id"), ["file-1", ""], Unseen, ["key[0]"]),
        (unseen("file_id"), {"url": "https://a"}, Unseen, ["key"]),
        (unseen("file_id"), [7], Unseen, ["key"]),
        (bare_pictures, [[137, 80], [78, 71]], Unseen, ["key"]),
        (bare_pictures, [None, True, "", {}, []], Unseen, []),
        (picture_urls, {"url": 7}, Unseen, ["key.url"]),
        (files, {"a": "b"}, Unseen, ["key"]),
    ],
)
def test_values_become_sources_of_their_kind(reader: Any, value: Any, kind: type, where: list[str]):
    slots = read(reader, value)

    assert [slot.where for slot in slots] == where
    assert {type(slot.source) for slot in slots} <= {kind}


def typed(body: bytes) -> list[Slot]:
    holder = read_document(body, max_values=100)
    return list(typed_base64(holder, "at", data_key="data", type_keys=("type", "kind")))


def test_base64_has_its_type_beside_it():
    picture = base64(PNG).encode()

    (slot,) = typed(b'{"kind": "image/png", "data": "%s"}' % picture)

    assert slot.where == "at.data"
    assert isinstance(slot.source, TypedBase64)
    assert slot.source.read().media_type == "image/png"


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "image/png", "kind": "image/png", "data": "%s"}',
        b'{"type": "image/png", "type": "text/plain", "data": "%s"}',
        b'{"type": "image/png", "data": "x", "data": "%s"}',
    ],
)
def test_nothing_can_be_put_in_place_at_keys_named_twice(body: bytes):
    sources = [slot.source for slot in typed(body % base64(PNG).encode())]

    assert all(isinstance(source, Unseen) and source.reason == DUPLICATE_KEYS for source in sources)
    assert sources


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'{"type": "image/png", "data": ""}', 1),
        (b'{"type": "application/pdf", "data": ""}', 0),
        (b'{"data": ""}', 0),
        (b'{"type": "image/png"}', 0),
    ],
)
def test_a_declared_picture_of_no_bytes_is_one_that_cannot_be_read(body: bytes, count: int):
    slots = typed(body)

    assert len(slots) == count
    assert [slot.source.read().data for slot in slots] == [b""] * count


def test_strings_are_read_at_every_occurrence_of_a_key():
    holder = read_document(b'{"a": "1", "b": "2", "a": ["3", 4]}', max_values=100)

    assert [(path, text.value()) for path, text in strings_at(holder, "a", "")] == [
        ("a", b"1"),
        ("a[0]", b"3"),
    ]
