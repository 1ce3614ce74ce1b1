"""Every place that the official SDKs' types give to a picture, a document or a file is a slot."""

from collections.abc import Callable
from typing import Any

import orjson
import pybase64
import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming as BetaMessage
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming as Message
from anthropic.types.messages.batch_create_params import BatchCreateParams
from google.genai import types as gemini_types
from google.genai._gaos.types.interactions.createmodelinteraction import CreateModelInteractionParam
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming as Chat
from openai.types.conversations.conversation_create_params import ConversationCreateParams
from openai.types.conversations.item_create_params import ItemCreateParams
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_compact_params import ResponseCompactParams
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming as Responses

from gateway.dialects.anthropic import Anthropic
from gateway.dialects.gemini import Gemini
from gateway.dialects.gemini_interactions import GeminiInteractions
from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.openai_responses import OpenAIResponses
from gateway.dialects.protocol import Dialect
from gateway.dialects.reading.document import read_document
from tests.gateway.dialects.sdk_types import Planted, planted

BARE = pybase64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()
URL = f"data:image/png;base64,{BARE}"
STRINGS = {
    "data": BARE,
    "result": BARE,
    "file_data": URL,
    "image_url": URL,
    "url": URL,
    "uri": "files/abc",
    "file_id": "file-abc",
    "file_ids": "file-abc",
    "file_uri": "files/abc",
    "fileUri": "files/abc",
    "file_url": "https://example.org/report.pdf",
}

# Owner and key, and why there is no picture for the model.
NO_PICTURE = {
    ("InputAudio", "data"): "sound",
    ("PlainTextSource", "data"): "characters",
    ("RedactedThinkingBlock", "data"): "sealed by the API",
    ("InlineSkillSource", "data"): "an archive that code unpacks",
    ("ProgramOutput", "result"): "text",
    ("CodeExecutionResultStep", "result"): "text",
    ("FunctionResultStep", "result"): "text",
    ("MCPServerToolResultStep", "result"): "text",
    ("ActionFind", "url"): "a page that was looked up",
    ("ActionOpenPage", "url"): "a page that was looked up",
    ("ActionSearchSource", "url"): "a page that was looked up",
    ("WebSearchResultBlock", "url"): "a page that was looked up",
    ("WebFetchBlock", "url"): "a page that was looked up; what was found there is a document beside it",
    ("AnnotationContainerFileCitation", "file_id"): "tells where a sentence is from",
    ("AnnotationFileCitation", "file_id"): "tells where a sentence is from",
    ("AnnotationFilePath", "file_id"): "tells where a sentence is from",
    ("AnnotationURLCitation", "url"): "tells where a sentence is from",
    ("CitationCharLocation", "file_id"): "tells where a sentence is from",
    ("CitationPageLocation", "file_id"): "tells where a sentence is from",
    ("CitationContentBlockLocation", "file_id"): "tells where a sentence is from",
    ("CitationWebSearchResultLocation", "url"): "tells where a sentence is from",
    ("CitationsWebSearchResultLocation", "url"): "tells where a sentence is from",
    ("Result", "file_id"): "tells where a found text is from",
    ("BrowserStateTabEntry", "url"): "a page that is open",
    ("BrowserStateChangeDownloadStarted", "url"): "a file that is loaded",
    ("BrowserStateChangeDownloadCompleted", "url"): "a file that is loaded",
    ("BrowserStateChangeDownloadFailed", "url"): "a file that is loaded",
    ("RequestMCPServerURLDefinition", "url"): "a server of tools",
    ("MCPServer", "url"): "a server of tools",
    ("AudioContent", "data"): "sound",
    ("AudioContent", "uri"): "sound",
    ("URLCitation", "url"): "tells where a sentence is from",
    ("PlaceCitation", "url"): "tells where a sentence is from",
    ("ReviewSnippet", "url"): "tells where a sentence is from",
    ("GoogleMapsResultPlaces", "url"): "a place that was found",
    ("URLContextResult", "url"): "a page that was looked up",
}


def as_it_is(value: Any) -> Any:
    return value


# Google's SDK declares what contents are made of, but not the bodies they travel in.
def in_contents(content: Any) -> Any:
    return {"contents": [content]}


def in_instructions(content: Any) -> Any:
    return {"systemInstruction": content}


def in_a_count(content: Any) -> Any:
    return {"generateContentRequest": in_contents(content)}


def in_a_batch(content: Any) -> Any:
    return {"batch": {"inputConfig": {"requests": {"requests": [{"request": in_contents(content)}]}}}}


REQUESTS = [
    (OpenAIChat(), Chat, as_it_is),
    (OpenAIResponses(), Responses, as_it_is),
    (OpenAIResponses(), ResponseCompactParams, as_it_is),
    (OpenAIResponses(), InputTokenCountParams, as_it_is),
    (OpenAIResponses(), ConversationCreateParams, as_it_is),
    (OpenAIResponses(), ItemCreateParams, as_it_is),
    (Anthropic(), Message, as_it_is),
    (Anthropic(), BetaMessage, as_it_is),
    (Anthropic(), MessageCountTokensParams, as_it_is),
    (Anthropic(), BatchCreateParams, as_it_is),
    (GeminiInteractions(), CreateModelInteractionParam, as_it_is),
    (Gemini(), gemini_types.Content, in_contents),
    (Gemini(), gemini_types.Content, in_instructions),
    (Gemini(), gemini_types.Content, in_a_count),
    (Gemini(), gemini_types.Content, in_a_batch),
]


def plain(owner: str) -> str:
    return owner.removeprefix("Beta").removesuffix("Param")


def is_excused(found: Planted) -> bool:
    return (plain(found.owner), found.key) in NO_PICTURE


def is_found(dialect: Dialect, request: Any, found: Planted) -> bool:
    document = read_document(orjson.dumps(request), max_values=10_000)
    expected = STRINGS[found.key].encode()
    return any(text.value() == expected for slot in dialect.slots(document) for text in slot.source.texts)


@pytest.mark.parametrize(("dialect", "declared", "request_with"), REQUESTS)
def test_every_place_for_a_picture_that_an_sdk_knows_is_a_slot(
    dialect: Dialect, declared: type, request_with: Callable[[Any], Any]
):
    missed = {
        (found.owner, found.key)
        for found in planted(declared, STRINGS)
        if not is_found(dialect, request_with(found.value), found) and not is_excused(found)
    }

    assert missed == set()


def test_each_excuse_is_of_a_place_that_there_is():
    excused = {
        (plain(found.owner), found.key)
        for _, declared, _ in REQUESTS
        for found in planted(declared, STRINGS)
        if is_excused(found)
    }

    assert set(NO_PICTURE) - excused == set()


@pytest.mark.parametrize(
    ("declared", "owner"),
    [
        (Message, "Base64ImageSourceParam"),
        (BetaMessage, "BetaContainerUploadBlockParam"),
        (BatchCreateParams, "FileImageSourceParam"),
        (Responses, "ResponseComputerToolCallOutputScreenshotParam"),
        (Responses, "ImageGenerationInputImageMask"),
        (Chat, "FileFile"),
        (gemini_types.Content, "FunctionResponseBlob"),
        (CreateModelInteractionParam, "ImageContentParam"),
    ],
)
def test_the_examples_reach_the_depths_of_the_types(declared: type, owner: str):
    assert owner in {found.owner for found in planted(declared, STRINGS)}
