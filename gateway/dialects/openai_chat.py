"""OpenAI chat completions: images are `image_url` parts of a message, as an object or a bare string."""

from collections.abc import Sequence

import orjson

from gateway.dialects.splice import EACH, Path
from gateway.errors import GatewayError

_PART: Path = ("messages", EACH, "content", EACH, "image_url")


class OpenAIChat:
    """POST /v1/chat/completions."""

    name = "openai_chat"
    image_paths: Sequence[Path] = (_PART, (*_PART, "url"))
    image_marker = b"image_url"

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": {"message", "type", "param", "code"}}`."""
        return orjson.dumps(
            {
                "error": {
                    "message": error.message,
                    "type": error.type,
                    "param": error.param,
                    "code": error.code,
                }
            }
        )
