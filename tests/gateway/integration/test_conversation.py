import orjson

from gateway.integration.conversation import lightened_rows

ROWS = [
    {"role": "system", "content": "be brief"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "compare: old1"},
            {"type": "image_url", "image_url": {"url": "old1", "detail": "high"}},
            {"type": "image_url", "image_url": "old2"},
            {"type": "image_url", "image_url": {"url": "kept"}},
        ],
    },
]


def test_images_change_in_their_places_and_nothing_else_does():
    body = orjson.dumps({"structured_messages": ROWS, "images": ["old1", "old2", "kept"]})

    rows = lightened_rows(body, came=["old1", "old2", "kept"], goes=["new1", "new2", "kept"])

    assert rows is not None
    rows = orjson.loads(rows)
    assert rows[0] == ROWS[0]
    assert rows[1]["content"][0] == ROWS[1]["content"][0]
    assert [part["image_url"] for part in rows[1]["content"][1:]] == [
        {"url": "new1", "detail": "high"},
        "new2",
        {"url": "kept"},
    ]


def test_without_a_conversation_there_is_nothing_to_write_back():
    for body in (b'{"images": []}', b'{"structured_messages": null}', b'{"structured_messages": NaN}'):
        assert lightened_rows(body, came=[], goes=[]) is None


def test_what_nests_deeper_than_any_conversation_is_left_as_it_is():
    def nested(depth: int) -> bytes:
        return b'{"structured_messages": [' + b"[" * depth + b'"old"' + b"]" * depth + b"]}"

    rows = [lightened_rows(nested(depth), came=["old"], goes=["new"]) for depth in (3, 100, 500, 5000)]

    assert rows == [b'[[[["new"]]]]', nested(100)[24:-1], None, None]
