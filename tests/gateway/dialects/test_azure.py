import pytest

from gateway.dialects.azure import AzureChat, AzureResponses
from tests.gateway.dialects.bodies import PNG, data_url, found

CHAT, RESPONSES = AzureChat(), AzureResponses()


@pytest.mark.parametrize(
    ("path", "deployment"),
    [
        ("/openai/deployments/our-gpt/chat/completions", "our-gpt"),
        ("/openai/deployments/our-gpt/extensions/chat/completions", "our-gpt"),
    ],
)
def test_chat_is_taken_at_each_of_its_paths_and_the_deployment_is_the_model(path: str, deployment: str):
    assert CHAT.takes(path)
    assert not RESPONSES.takes(path)
    assert CHAT.model_of(path, {"model": "in-the-body"}) == deployment


@pytest.mark.parametrize(
    ("path", "deployment"),
    [
        ("/openai/responses", "in-the-body"),
        ("/openai/v1/responses", "in-the-body"),
        ("/openai/v1/responses/input_tokens", "in-the-body"),
        ("/openai/v1/conversations/c1/items", "in-the-body"),
        ("/openai/deployments/our-gpt/responses", "our-gpt"),
    ],
)
def test_responses_are_taken_at_each_of_their_paths(path: str, deployment: str):
    assert RESPONSES.takes(path)
    assert not CHAT.takes(path)
    assert RESPONSES.model_of(path, {"model": "in-the-body"}) == deployment


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/openai/v1/chat/completions",
        "/openai/deployments/our-gpt/embeddings",
        "/openai/deployments/a/b/chat/completions",
        "/openai/files",
    ],
)
def test_other_paths_are_left_alone(path: str):
    assert not CHAT.takes(path)
    assert not RESPONSES.takes(path)


def test_bodies_are_those_of_openai():
    part = {"type": "image_url", "image_url": {"url": data_url(PNG)}}

    assert found(CHAT, {"messages": [{"role": "user", "content": [part]}]}) == {
        "messages[0].content[0].image_url.url": "png"
    }
    assert found(RESPONSES, {"input": [{"type": "image_generation_call"}, {"content": [part]}]}) == {
        "input[1].content[0].image_url.url": "png"
    }


def test_callers_are_known_by_azures_header_too():
    assert b"api-key" in CHAT.credential_headers
    assert b"api-key" in RESPONSES.credential_headers
