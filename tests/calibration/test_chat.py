import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from calibration.chat import MAX_IMAGES, ChatError, ChatRequest, Completion, parse_chat
from calibration.image import Image, encode_png
from calibration.observers.protocol import TokenChoice

GREY = Image(np.full((5, 7, 3), 128, np.uint8))
URL = "data:image/png;base64," + base64.b64encode(encode_png(GREY)).decode()
COMPLETION = Completion("c-1", 1700000000, "m", "Yes,  they differ.\n", prompt_tokens=7, completion_tokens=3)


def picture(url: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


def parsed(messages: object, **fields: object) -> ChatRequest:
    return parse_chat(json.dumps({"model": "m", "messages": messages, **fields}).encode())


def events_of(*, with_usage: bool) -> list[dict]:
    lines = list(COMPLETION.events(with_usage=with_usage))
    assert lines[-1] == "data: [DONE]\n\n"
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]


def test_the_prompt_is_the_last_message_of_the_user():
    found = parsed(
        [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "ok"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "are they"}, {"type": "text", "text": "equal?"}],
            },
        ]
    )

    assert (found.model, found.prompt, found.image_urls) == ("m", "are they equal?", [])


def test_pictures_of_an_earlier_turn_still_count_until_others_come():
    first = {"role": "user", "content": [picture("a"), picture("b")]}
    second = {"role": "user", "content": [picture("c")]}
    last = {"role": "user", "content": "and now?"}

    assert parsed([first, last]).image_urls == ["a", "b"]
    assert parsed([first, second, last]).image_urls == ["c"]


def test_pictures_are_decoded_when_they_are_read():
    query = parsed(
        [{"role": "user", "content": [picture(URL), {"type": "text", "text": "what?"}]}]
    ).read_images()

    assert query.prompt == "what?"
    assert [image.pixels.tolist() for image in query.images] == [GREY.pixels.tolist()]


@pytest.mark.parametrize(
    ("options", "is_streamed", "wants_usage"),
    [
        ({}, False, False),
        ({"stream": True}, True, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True, True),
        ({"stream": True, "stream_options": None}, True, False),
    ],
)
def test_streaming_and_usage_are_asked_for(options: dict, is_streamed: bool, wants_usage: bool):
    found = parsed([{"role": "user", "content": "hi"}], **options)

    assert (found.is_streamed, found.wants_usage) == (is_streamed, wants_usage)


@pytest.mark.parametrize(
    ("body", "words", "param"),
    [
        (b"{", "not JSON", None),
        (b"[]", "JSON object", None),
        (b'{"messages": []}', "model parameter", "model"),
        (b'{"model": "m", "n": 2}', "only n = 1", "n"),
        (b'{"model": "m"}', "non-empty array", "messages"),
        (b'{"model": "m", "messages": ["hi"]}', "object with a role", "messages[0]"),
        (
            b'{"model": "m", "messages": [{"role": "system", "content": ""}]}',
            "message of the user",
            "messages",
        ),
        (
            b'{"model": "m", "messages": [{"role": "user", "content": 3}]}',
            "array of parts",
            "messages[0].content",
        ),
        (
            b'{"model": "m", "messages": [{"role": "user", "content": [{"type": "audio"}]}]}',
            "text or image_url",
            "messages[0].content[0]",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(body: bytes, words: str, param: str | None):
    with pytest.raises(ChatError, match=words) as caught:
        parse_chat(body)

    assert (caught.value.status, caught.value.param) == (400, param)


def test_more_pictures_than_allowed_are_refused():
    content = [picture("x")] * (MAX_IMAGES + 1)

    with pytest.raises(ChatError, match="at most 16 images, got 17"):
        parsed([{"role": "user", "content": content}])


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://example.com/cat.png", "invalid_image_url"),
        ("data:text/plain;base64,aGk=", "invalid_image_url"),
        ("data:image/png;base64,@@@", "invalid_base64_image"),
        ("data:image/png;base64,aGk=", "invalid_image"),
    ],
)
def test_nothing_is_fetched_and_no_broken_picture_is_shown(url: str, code: str):
    with pytest.raises(ChatError) as caught:
        parsed([{"role": "user", "content": [picture(url)]}]).read_images()

    assert caught.value.code == code


@pytest.mark.parametrize(("status", "kind"), [(404, "invalid_request_error"), (503, "server_error")])
def test_an_error_is_told_as_openai_does(status: int, kind: str):
    error = ChatError("no such model", status=status, code="gone", param="model")

    told = {"message": "no such model", "type": kind, "param": "model", "code": "gone"}
    assert error.body() == {"error": told}


def test_a_whole_completion_carries_its_usage():
    body = COMPLETION.body()

    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"] == {"role": "assistant", "content": COMPLETION.text, "refusal": None}
    assert body["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def test_the_streamed_words_put_together_are_the_text_but_for_its_last_blanks():
    deltas = [event["choices"][0]["delta"] for event in events_of(with_usage=False)]

    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == "Yes,  they differ."
    assert len(deltas) == 1 + 3 + 1


def test_a_stream_ends_with_its_reason_and_tells_usage_only_where_asked():
    plain, told = events_of(with_usage=False), events_of(with_usage=True)

    assert plain[-1]["choices"][0]["finish_reason"] == "stop"
    assert all("usage" not in event for event in plain)
    assert (told[-1]["choices"], told[-1]["usage"]["total_tokens"]) == ([], 10)


def test_log_probabilities_are_listed_the_likeliest_first():
    choice = TokenChoice(" good", {" good": -0.1, " fair": -3.0, " poor": -2.5})
    told = replace(COMPLETION, choices=[choice], alternatives=2).body()

    content = told["choices"][0]["logprobs"]["content"]
    assert [(one["token"], one["logprob"], bytes(one["bytes"])) for one in content] == [
        (" good", -0.1, b" good")
    ]
    assert [other["token"] for other in content[0]["top_logprobs"]] == [" good", " poor"]
    assert COMPLETION.body()["choices"][0]["logprobs"] is None


def test_a_stream_tells_them_once():
    told = replace(COMPLETION, choices=[TokenChoice("Yes", {"Yes": -0.5})], alternatives=0)

    chunks = [json.loads(line.removeprefix("data: ")) for line in list(told.events(with_usage=False))[:-1]]

    told_of = [chunk["choices"][0]["logprobs"] for chunk in chunks]
    assert [each is not None for each in told_of].count(True) == 1


def test_what_an_answer_begins_with_and_how_many_tokens_are_listed_is_read():
    messages = [{"role": "user", "content": "Rate it."}, {"role": "assistant", "content": "The quality is"}]

    found = parsed(messages, logprobs=True, top_logprobs=5, continue_final_message=True)

    assert (found.prompt, found.opening, found.alternatives) == ("Rate it.", "The quality is", 5)
    assert found.read_images().manner.opening == "The quality is"
    assert (parsed(messages).opening, parsed(messages).alternatives) == ("", None)
    assert parsed(messages, logprobs=True).alternatives == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"top_logprobs": 3},
        {"logprobs": False, "top_logprobs": 3},
        {"logprobs": True, "top_logprobs": 21},
        {"logprobs": True, "top_logprobs": -1},
        {"logprobs": True, "top_logprobs": "many"},
        {"logprobs": True, "top_logprobs": True},
        {"continue_final_message": True},
    ],
)
def test_what_cannot_be_listed_or_gone_on_from_is_refused(fields: dict[str, object]):
    with pytest.raises(ChatError):
        parsed([{"role": "user", "content": "Rate it."}], **fields)
