"""OpenAI chat completions, and what others put into them: images, files and videos as parts of a message.

LiteLLM takes lists of parts as answers of tools, OpenRouter gives the pictures of earlier answers in a list
of their own, vLLM takes videos and the embeddings of images.
"""

from collections.abc import Iterator, Mapping, Sequence

import orjson

from gateway.dialects.document import Fields, Node, Object
from gateway.dialects.places import Grammar, Place, objects, walk
from gateway.dialects.protocol import Slot
from gateway.dialects.readers import files, picture_urls, strings_at, unseen
from gateway.dialects.sources import Unseen
from gateway.errors import GatewayError

_PATH = "/v1/chat/completions"
_TYPES: Mapping[int, str] = {401: "authentication_error", 429: "rate_limit_error"}  # by status; else by class


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai_chat"
    credential_headers: Sequence[bytes] = (b"authorization",)
    markers: Sequence[bytes] = (b'"image_', b'"file', b'"video_url"')
    text_keys = frozenset({"content", "text", "arguments", "reasoning_content", "refusal", "input"})
    json_keys = frozenset({"arguments", "input", "parameters", "metadata"})

    def takes(self, path: str) -> bool:
        """Take the one path there is."""
        return path == _PATH

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield images, files and videos of every message."""
        return walk(document, _GRAMMAR, "request")

    def model_of(self, path: str, document: Fields) -> str:  # noqa: ARG002 - others name it in the path
        """Return the field `model`."""
        model = document.get("model")
        return model if isinstance(model, str) else ""

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": {"message", "type", "param", "code"}}`."""
        status = error.http_status
        kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        fields = {"message": error.message, "type": kind, "param": error.param, "code": error.kind}
        return orjson.dumps({"error": fields})


def _pictures(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read URLs of pictures, and ids of files in their place."""
    yield from picture_urls(part, value, where)
    yield from _file_ids(value, where)


def _file(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read a file: its data, or its id."""
    for path, inner in objects(value, where):
        for at, text in strings_at(inner, "file_data", path):
            yield from files(part, text, at)
    yield from _file_ids(value, where)


def _embedding(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Tell embeddings of images: one string, or several by name."""
    yield from unseen("image_embeds")(part, value, where)
    for path, inner in objects(value, where):
        for key, each in inner.items:
            yield from unseen("image_embeds")(inner, each, f"{path}.{key}")


def _videos(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Tell URLs of videos."""
    for slot in picture_urls(part, value, where):
        yield Slot(slot.where, Unseen("video", slot.source.texts))


def _file_ids(value: Node, where: str) -> Iterator[Slot]:
    for path, inner in objects(value, where):
        for at, text in strings_at(inner, "file_id", path):
            yield from unseen("file_id")(inner, text, at)


_GRAMMAR: Grammar = {
    "request": Place({"messages": "part"}),
    # Messages, and the parts within them, which may hold parts again.
    "part": Place(
        {"content": "part", "images": "part", "output": "part"},
        {
            "image_url": _pictures,
            "image_file": _pictures,
            "video_url": _videos,
            "file": _file,
            "image_embeds": _embedding,
        },
    ),
}
