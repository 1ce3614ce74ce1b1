"""Ollama's own API: images are bare base64 in a list beside the prompt, or in each message."""

from collections.abc import Iterator, Sequence

import orjson

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import Fields, Object, Text
from gateway.dialects.reading.places import Grammar, Place, folded, walk
from gateway.dialects.reading.readers import bare_pictures
from gateway.errors import GatewayError

_PATHS = frozenset({"/api/chat", "/api/generate"})


class Ollama:
    """POST /api/chat and /api/generate; /api/embed takes text alone."""

    name = "ollama"
    credential_headers: Sequence[bytes] = (b"authorization",)
    markers: Sequence[bytes] = (b'"images"',)
    text_keys = frozenset({"content", "prompt", "suffix", "system", "template", "thinking"})
    json_keys = frozenset({"arguments", "format", "parameters"})

    def takes(self, path: str) -> bool:
        """Take what a model can be shown something by."""
        return path.lower() in _PATHS

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield the images of the request itself and of every message."""
        return walk(document, _GRAMMAR, "request")

    def model_of(self, path: str, document: Fields) -> str:  # noqa: ARG002 - others name it in the path
        """Return the field `model`, tag included; `name` is its older spelling."""
        for key in ("model", "name"):
            model = _last(document, key) if isinstance(document, Object) else document.get(key)
            if isinstance(model, str):
                return model
        return ""

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": "..."}`."""
        message = f"{error.param}: {error.message}" if error.param else error.message
        return orjson.dumps({"error": message})


def _last(document: Object, key: str) -> object:
    """Return the last string at a key in any case: Ollama is written in Go, which reads that one."""
    found = (value.text() for name, value in document if folded(name) == key and isinstance(value, Text))
    return next(iter([*found][-1:]), None)


_GRAMMAR: Grammar = {
    "request": Place({"messages": "message"}, {"images": bare_pictures}),
    "message": Place(reads={"images": bare_pictures}),
}
