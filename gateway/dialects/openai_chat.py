"""OpenAI chat completions: images are `image_url` parts of a message, as an object or a bare string."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.dialects.data_url import Inline, data_url_string, parse_data_url
from gateway.dialects.protocol import Slot
from gateway.dialects.splice import EACH, Path, Replacement, locate, string_at
from gateway.errors import GatewayError

_PART: Path = ("messages", EACH, "content", EACH, "image_url")
_IMAGE_PATHS: Sequence[Path] = (_PART, (*_PART, "url"))
_PATH = "/v1/chat/completions"
_MARKER = b"image_url"
_URL = "url"
_TYPES: Mapping[int, str] = {429: "rate_limit_error"}  # by status; else by class


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai_chat"
    credential_headers: Sequence[bytes] = (b"authorization",)

    def takes(self, path: str) -> bool:
        """Take the one path there is."""
        return path == _PATH

    def may_have_images(self, body: bytes) -> bool:
        """Look for the key of every image part; escapes could spell it differently."""
        return _MARKER in body or b"\\u" in body

    def find(self, body: bytes) -> list[Slot]:
        """Return the URL of every image part."""
        return [Slot(span.where, {_URL: span}) for span in locate(body, _IMAGE_PATHS)]

    def model_of(self, path: str, document: Mapping[str, Any]) -> str:  # noqa: ARG002 - others name it in the path
        """Return the field `model`."""
        model = document.get("model")
        return model if isinstance(model, str) else ""

    def read(self, body: bytes, slot: Slot) -> Inline:
        """Decode the data URL."""
        return parse_data_url(string_at(body, slot.spans[_URL]))

    def write(self, slot: Slot, media_type: str, data: bytes) -> Sequence[Replacement]:
        """Put a data URL in place."""
        return [Replacement(slot.spans[_URL], data_url_string(media_type, data))]

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": {"message", "type", "param", "code"}}`."""
        status = error.http_status
        kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        fields = {"message": error.message, "type": kind, "param": error.param, "code": error.kind}
        return orjson.dumps({"error": fields})
