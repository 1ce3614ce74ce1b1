"""The official google-genai SDK talks through the gateway as it does without."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.walkthrough.sdk_peers import PNG, ModelServer, Peers, peers

MODEL = "gemini-2.5-flash"
USAGE = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}


def answer(text: str, finish: str | None = "STOP") -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    return {
        "candidates": [candidate | ({"finishReason": finish} if finish else {})],
        "usageMetadata": USAGE,
        "modelVersion": MODEL,
        "responseId": "r1",
    }


PICTURE = types.Part.from_bytes(data=PNG, mime_type="image/png")
SHOWN = types.Content(role="user", parts=[types.Part(text="What is this?"), PICTURE])
USED_A_TOOL = [
    types.Content(role="user", parts=[types.Part(text="Look.")]),
    types.Content(
        role="model", parts=[types.Part(function_call=types.FunctionCall(name="look", args={"at": "lake"}))]
    ),
    types.Content(
        role="user",
        parts=[
            types.Part(
                function_response=types.FunctionResponse(
                    name="look",
                    response={"seen": "a lake"},
                    parts=[
                        types.FunctionResponsePart(
                            inline_data=types.FunctionResponseBlob(mime_type="image/png", data=PNG)
                        )
                    ],
                )
            )
        ],
    ),
]
STORED = types.Part.from_uri(
    file_uri="https://generativelanguage.googleapis.com/v1beta/files/abc", mime_type="image/png"
)


INTERACTION = {
    "id": "v1_a",
    "object": "interaction",
    "model": MODEL,
    "status": "completed",
    "created": "2026-01-01T00:00:00Z",
    "updated": "2026-01-01T00:00:01Z",
    "steps": [{"type": "model_output", "content": [{"type": "text", "text": "A quiet lake."}]}],
}
INPUT: list[Any] = [
    {"type": "text", "text": "What is this?"},
    {"type": "image", "data": base64.b64encode(PNG).decode(), "mime_type": "image/png"},
]


@pytest.fixture(scope="module")
def served() -> Iterator[Peers]:
    events = [
        f"data: {json.dumps(answer(*each))}\r\n\r\n" for each in (("A quiet ", None), ("lake.", "STOP"))
    ]
    answers = {":generateContent": answer("A quiet lake."), ":countTokens": {"totalTokens": 7}}
    answers |= {":streamGenerateContent": {}, "/interactions": INTERACTION}
    with peers(ModelServer(answers, {":streamGenerateContent": events}), "gemini") as found:
        yield found


@pytest.fixture(scope="module")
def strict() -> Iterator[Peers]:
    policy = {"mode": "block", "on_failure": "refuse"}
    with peers(ModelServer({":generateContent": answer("")}), "gemini", policy=policy) as found:
        yield found


def client(address: str) -> genai.Client:
    return genai.Client(
        api_key="none-needed", vertexai=False, http_options=types.HttpOptions(base_url=address)
    )


def without_http(response: types.GenerateContentResponse) -> dict[str, Any]:
    return response.model_dump(exclude={"sdk_http_response"})


def lightened(served: Peers, *path: str | int) -> bool:
    size, media_type = served.last_picture(*path, "data")
    blob: Any = served.server.asked[-1]
    for step in path:
        blob = blob[step]
    assert media_type in (blob.get("mimeType"), blob.get("mime_type"))
    return size < len(PNG)


def test_an_answer_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = direct.models.generate_content(model=MODEL, contents=SHOWN)
        found = through.models.generate_content(model=MODEL, contents=SHOWN)

    assert without_http(found) == without_http(expected)
    assert found.text == "A quiet lake."
    assert found.sdk_http_response.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert lightened(served, "contents", 0, "parts", 1, "inlineData")
    assert served.server.headers[-1]["x-goog-api-key"] == "none-needed"


def test_a_stream_is_what_it_is_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = list(direct.models.generate_content_stream(model=MODEL, contents=SHOWN))
        found = list(through.models.generate_content_stream(model=MODEL, contents=SHOWN))

    assert [without_http(chunk) for chunk in found] == [without_http(chunk) for chunk in expected]
    assert lightened(served, "contents", 0, "parts", 1, "inlineData")


def test_asynchronous_callers_get_the_same(served):
    async def ask() -> tuple[str | None, list[str | None]]:
        async with client(served.through).aio as through:
            whole = await through.models.generate_content(model=MODEL, contents=SHOWN)
            stream = await through.models.generate_content_stream(model=MODEL, contents=SHOWN)
            return whole.text, [chunk.text async for chunk in stream]

    assert asyncio.run(ask()) == ("A quiet lake.", ["A quiet ", "lake."])


def test_a_picture_in_the_response_of_a_function_is_looked_at(served):
    with client(served.through) as through:
        found = through.models.generate_content(model=MODEL, contents=USED_A_TOOL)

    assert found.sdk_http_response.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert lightened(served, "contents", 2, "parts", 0, "functionResponse", "parts", 0, "inline_data")


def test_a_picture_among_the_instructions_is_looked_at(served):
    config = types.GenerateContentConfig(system_instruction=types.Content(parts=[PICTURE]))

    with client(served.through) as through:
        through.models.generate_content(model=MODEL, contents="What is this?", config=config)

    assert lightened(served, "systemInstruction", "parts", 0, "inlineData")


def test_tokens_are_counted_of_the_picture_that_would_be_sent(served):
    with client(served.through) as through:
        assert through.models.count_tokens(model=MODEL, contents=SHOWN).total_tokens == 7

    assert lightened(served, "contents", 0, "parts", 1, "inlineData")


def test_interactions_are_what_they_are_without_the_gateway(served):
    with client(served.direct) as direct, client(served.through) as through:
        expected = direct.interactions.create(model=MODEL, input=INPUT)
        found = through.interactions.create(model=MODEL, input=INPUT)

    assert found == expected
    assert found.id == "v1_a"
    assert lightened(served, "input", 0, "content", 1)


def test_vertex_is_served_at_its_own_paths(served):
    options = types.HttpOptions(base_url=served.through)

    with genai.Client(vertexai=True, api_key="none-needed", http_options=options) as through:
        found = through.models.generate_content(model=MODEL, contents=SHOWN)

    assert found.text == "A quiet lake."
    assert found.sdk_http_response.headers["x-jnd-verdict"] in ("clean", "imperceptible_edit")
    assert lightened(served, "contents", 0, "parts", 1, "inlineData")


def test_a_refusal_is_the_sdks_own_error_and_is_not_retried(strict):
    content = types.Content(role="user", parts=[STORED])

    with client(strict.through) as through, pytest.raises(errors.ClientError) as caught:
        through.models.generate_content(model=MODEL, contents=content)

    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert caught.value.details["error"]["details"][0]["reason"] == "FILE_ID"
    assert (strict.server.asked, strict.answered(400)) == ([], 1)
