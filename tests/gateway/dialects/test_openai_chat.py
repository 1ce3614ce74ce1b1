import orjson

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.splice import locate, string_at

PICTURE = "data:image/png;base64,AAAA"


def test_images_are_found_as_objects_and_as_bare_strings_in_every_message():
    body = orjson.dumps(
        {
            "messages": [
                {"role": "system", "content": "no image here"},
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE + "1"}}]},
                {"role": "tool", "content": [{"type": "image_url", "image_url": PICTURE + "2"}]},
                {"role": "user", "content": [{"type": "text", "text": PICTURE}]},
            ],
            "metadata": {"image_url": PICTURE},
        }
    )

    spans = locate(body, OpenAIChat.image_paths)

    assert [string_at(body, span)[-1:] for span in spans] == [b"1", b"2"]
    assert [span.where for span in spans] == [
        "messages[1].content[0].image_url.url",
        "messages[2].content[0].image_url",
    ]
