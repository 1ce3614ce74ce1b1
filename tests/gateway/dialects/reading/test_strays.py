import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.reading.document import Text, read_document
from gateway.dialects.reading.glance import Signs
from gateway.dialects.reading.strays import IN_TEXT, UNKNOWN_PLACE, find_strays
from tests.gateway.dialects.bodies import JPEG, PDF, PNG, base64, data_url

DIALECT = OpenAIChat()


def strays(body: Any) -> dict[str, tuple[str, int]]:
    """Return where the first of each reason lies, and how many there are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    document = read_document(raw, max_values=100_000)
    known: list[Text] = [text for slot in DIALECT.slots(document) for text in slot.source.texts]
    found = find_strays(document, known, DIALECT)
    assert not found or Signs(DIALECT.markers).are_in(raw)
    return {each.reason: (each.where, each.count) for each in found}


def said(content: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


WRITTEN = [
    base64(PNG),
    base64(JPEG),
    base64(PDF),
    data_url(PNG),
    "data:image/svg+xml,<svg>",
    "DATA:image/x;base64,AAAA",
]


@pytest.mark.parametrize("picture", WRITTEN)
def test_what_looks_like_an_image_is_told_by_where_it_is(picture):
    assert strays(said(picture)) == {IN_TEXT: ("messages[0].content", 1)}
    assert strays(said([{"type": "text", "text": f"Look:\n{picture}"}])) == {
        IN_TEXT: ("messages[0].content[0].text", 1)
    }
    assert strays(said([{"type": "new", "blob": picture}])) == {
        UNKNOWN_PLACE: ("messages[0].content[0].blob", 1)
    }
    assert strays({"x": [[1, picture], {"y": picture}]}) == {UNKNOWN_PLACE: ("x[0][1]", 2)}
    assert strays({"tools": [{"parameters": {"example": {"x": picture}}}]}) == {
        IN_TEXT: ("tools[0].parameters.example.x", 1)
    }


def test_images_in_their_places_are_no_strays():
    assert strays(said([{"type": "image_url", "image_url": {"url": data_url(PNG)}}])) == {}


def test_both_kinds_are_told():
    body = said([{"text": base64(PNG)}, {"blob": base64(PNG)}, {"image_url": base64(PNG)}])

    assert set(strays(body)) == {IN_TEXT, UNKNOWN_PLACE}


@pytest.mark.parametrize("picture", WRITTEN)
def test_escapes_hide_nothing(picture):
    body = json.dumps({"x": [picture]})
    spelled = "".join(f"\\u{ord(letter):04X}" for letter in picture)
    nested = json.dumps({"x": [json.dumps([picture]).replace("/", "\\/")]})

    for written in (body, body.replace("/", "\\/"), f'{{"x": ["{spelled}"]}}', nested):
        assert strays(written.encode()) == {UNKNOWN_PLACE: ("x[0]", 1)}


@pytest.mark.parametrize("before", ["\\n", "\\u000a", "\\u003e", "\\u0027", "\\\\n", '\\"', "(", ","])
@pytest.mark.parametrize("picture", WRITTEN)
def test_whatever_stands_before_a_picture_hides_nothing(before, picture):
    for written in (picture, picture.replace("/", "\\/"), picture.replace("+", "\\u002B")):
        assert strays(f'{{"x": ["a{before}{written}"]}}'.encode()) == {UNKNOWN_PLACE: ("x[0]", 1)}


BROKEN = [
    *(base64(PNG)[:at] + "\n" + base64(PNG)[at:] for at in (4, 7, 10, 11)),
    "\n".join(base64(PNG)[at : at + 4] for at in range(0, 60, 4)),
    base64(PDF)[:4] + "\r\n" + base64(PDF)[4:],
    base64(JPEG)[:3] + "\n" + base64(JPEG)[3:],
    base64(b"RIFF\1\2\3\4WEBPVP8 " + bytes(20))[:8] + "\n" + base64(b"RIFF\1\2\3\4WEBPVP8 " + bytes(20))[8:],
    *(f"data:{kind};base64,i\nVBO\nRw0K" + base64(PNG)[8:] for kind in ("", "image/png", "x/y")),
]


@pytest.mark.parametrize("picture", BROKEN)
@pytest.mark.parametrize("breaks", ["\\n", "\\r\\n", "\\u000a", "\n"])
def test_line_breaks_hide_nothing(breaks, picture):
    written = picture.replace("\r", "").replace("\n", breaks)

    assert strays(f'{{"x": ["{written}"]}}'.encode()) == {UNKNOWN_PLACE: ("x[0]", 1)}


def test_pictures_in_keys_are_told_of_the_object_around():
    assert strays({"x": {base64(PNG): 1}}) == {UNKNOWN_PLACE: ("x", 1)}


@pytest.mark.parametrize("key", ["file_id", "fileUri", "image_url", "IMAGE_URL", "im\\u0061ge_url"])
def test_files_and_addresses_named_in_unknown_places_are_told(key):
    assert strays(b'{"messages": [{"other": {"%s": "a1"}}]}' % key.encode())[UNKNOWN_PLACE][1] == 1


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"url": "https://a"}, "x.image_url.url"),
        ({"detail": "low", "id": "a1"}, "x.image_url.id"),
        (["https://a"], "x.image_url[0]"),
        ([{"detail": 1}, {"URL": "https://a"}], "x.image_url[1].URL"),
    ],
)
def test_what_objects_and_lists_name_is_told(value, where):
    assert strays({"x": {"image_url": value}}) == {UNKNOWN_PLACE: (where, 1)}


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [{"parameters": {"file_id": "a1"}}]},
        {
            "tools": [
                {"parameters": {"properties": {"image_url": {"type": "string"}, "file_url": {"id": "u"}}}}
            ]
        },
        {"x": {"image_url": {"type": "object", "properties": {"url": {"type": "string"}}}}},
        {"x": {"image_url": {"url": ""}}},
        {"x": {"file_id": ""}},
        {"x": {"file_id": {"type": "string"}}},
        {"x": {"required": ["file_id", "image_url"]}},
        said("data:image/png;base64,... is how it begins, then /9j/ or iVBORw0KGgo; data: image"),
        said("iVBORw0KGgo\nis how a PNG begins;\nSUkq\nis how a TIFF does, data:;base64,SUQzBAAAAAAA"),
        said("The path /9j/4 is no picture, R0lGOD is no word."),
        said("UklGRiQAAABXQVZFZm10IBAAAAABAAEA" * 4),  # a sound
        said(base64(bytes(range(256)) * 30)),
    ],
)
def test_words_sounds_and_tools_are_no_pictures(body):
    assert strays(body) == {}


places = st.sampled_from(["content", "text", "x", "image_url", "url", "arguments", "messages", "type"])
pictures = st.sampled_from(WRITTEN)
planted = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | pictures,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(places | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(places, planted, max_size=3), st.booleans(), st.booleans())
def test_no_picture_is_missed_wherever_it_is_planted(document, ensure_ascii, escape_slashes):
    body = json.dumps(document, ensure_ascii=ensure_ascii)
    raw = (body.replace("/", "\\/") if escape_slashes else body).encode("utf-8", "surrogatepass")

    read = read_document(raw, max_values=1000)
    known = [text for slot in DIALECT.slots(read) for text in slot.source.texts]
    seen = len({text.start for text in known if text.value().decode("utf-8", "replace") in WRITTEN})
    seen += sum(each.count for each in find_strays(read, known, DIALECT))

    assert seen >= _count(document)
    assert Signs(DIALECT.markers).are_in(raw) or not seen


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_count(each) for each in value.values())
    if isinstance(value, list):
        return sum(map(_count, value))
    return int(value in WRITTEN)


def test_an_escape_near_another_sign_is_looked_at_too():
    body = b'{"extra": "Look: data:image/png;base64\\u002c/9j/4AAQSkZJRgABAQAAAQABAAD Nice?"}'

    assert [each.count for each in find_strays(read_document(body, max_values=10), [], DIALECT)] == [1]
