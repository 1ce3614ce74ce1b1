"""OpenAI chat completions and what others put into them: images, files and videos as parts of a message."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson

from gateway.dialects.document import Fields, Object, Text, children, strings
from gateway.dialects.protocol import Slot
from gateway.dialects.sources import DataUrl, FileData, Source, Unseen
from gateway.errors import GatewayError

_PATH = "/v1/chat/completions"
_TYPES: Mapping[int, str] = {401: "authentication_error", 429: "rate_limit_error"}  # by status; else by class
# Lists of parts: in a message, in a tool's answer (LiteLLM), pictures of earlier answers (OpenRouter).
_NESTS = ("content", "images", "output")
_DEEPEST = 8  # parts within parts; what lies deeper is in no known place


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai_chat"
    credential_headers: Sequence[bytes] = (b"authorization",)
    markers: Sequence[bytes] = (b'"image_', b'"file"', b'"video_url"')
    text_keys = frozenset({"content", "text", "arguments", "reasoning_content", "refusal", "input"})
    json_keys = frozenset({"arguments", "input", "parameters", "metadata"})

    def takes(self, path: str) -> bool:
        """Take the one path there is."""
        return path == _PATH

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield images, files and videos of every message."""
        for where, message in children(document, "messages"):
            yield from _slots_in(message, where, _DEEPEST)

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


def _slots_in(part: Object, where: str, deepest: int) -> Iterator[Slot]:
    """Yield the slots of a message or a part, and of the parts in it."""
    for key, member, source in _PLACES:
        yield from (Slot(path, source(text)) for path, text in strings(part, key, where))
        for path, inner in children(part, key, where):
            yield from (Slot(at, source(text)) for at, text in strings(inner, member, path))
            yield from (Slot(at, Unseen("file_id", (text,))) for at, text in strings(inner, "file_id", path))
    for nest in _NESTS if deepest else ():
        for path, inner in children(part, nest, where):
            yield from _slots_in(inner, path, deepest - 1)


def _video(text: Text) -> Source:
    return Unseen("video", (text,))


def _embedding(text: Text) -> Source:
    return Unseen("image_embeds", (text,))


# Key of a part, key of the string if that lies in an object, and what the string is.
_PLACES: Sequence[tuple[str, str, Callable[[Text], Source]]] = (
    ("image_url", "url", DataUrl),
    ("image_file", "url", DataUrl),
    ("file", "file_data", FileData),
    ("video_url", "url", _video),
    ("image_embeds", "data", _embedding),
)
