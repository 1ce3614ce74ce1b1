"""Gemini: images are parts with `inlineData` or `fileData`, in contents, instructions and tool responses.

Keys may be spelt in camel or in snake case, as protocol buffers allow both; the model stands in the path,
which at Vertex is longer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import orjson

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.address_sources import FileUri
from gateway.dialects.reading.display import at_level, framed, level_at, requests_in
from gateway.dialects.reading.document import Fields, Node, Object, Text, children
from gateway.dialects.reading.places import DUPLICATE_KEYS, Grammar, Place, misfits, objects, walk
from gateway.dialects.reading.readers import misfits_at, strings_at, typed_base64, unseen
from gateway.dialects.reading.sources import Source, Unseen
from gateway.errors import GatewayError

_PATHS = re.compile(
    r"/v1(alpha|beta|beta1)?/([^:]+/)?"
    r"((models|tunedModels|endpoints)/(?P<model>[^/:]+)"
    r":(generateContent|streamGenerateContent|countTokens|computeTokens|batchGenerateContent)"
    r"|cachedContents)",
    re.IGNORECASE,
)
_TYPE_KEYS = ("mimeType", "mime_type")
_URI_KEYS = ("fileUri", "file_uri")
_SETTINGS_KEYS = ("generationConfig", "generation_config")
_LEVEL_KEYS = ("mediaResolution", "media_resolution")  # of the settings, and of one part
_STORED = re.compile(r"(gs://|https://generativelanguage\.googleapis\.com/|files/)", re.IGNORECASE)
_VIDEOS = re.compile(r"https?://(www\.|m\.)?(youtube\.com|youtu\.be)/", re.IGNORECASE)
_STATUSES: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    504: "DEADLINE_EXCEEDED",
}


class Gemini:
    """POST ...models/NAME:generateContent and its kin."""

    name = "gemini"
    credential_headers: Sequence[bytes] = (b"x-goog-api-key", b"authorization")
    markers: Sequence[bytes] = (b'"inline', b'"file')
    text_keys = frozenset({"text", "code", "output"})
    json_keys = frozenset(
        {"args", "response", "parameters", "responseSchema", "response_schema", "partMetadata"}
    )

    def takes(self, path: str) -> bool:
        """Take every method that takes contents, at Google AI and at Vertex."""
        return _PATHS.fullmatch(path) is not None

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield every part that shows something, of every request there is."""
        return framed(at_level(walk(document, _GRAMMAR, "request"), _level_of(document)), document)

    def model_of(self, path: str, document: Fields) -> str:
        """Return the model in the path; of cached contents, that in the body."""
        match = _PATHS.fullmatch(path)
        if match and match["model"]:
            return match["model"]
        model = document.get("model")
        return model.rpartition("/")[2] if isinstance(model, str) else ""

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": {"code", "message", "status", "details"}}`."""
        code = error.http_status
        status = _STATUSES.get(code, "INVALID_ARGUMENT" if code < 500 else "UNAVAILABLE")
        details: list[dict[str, object]] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": error.kind.upper(),
                "domain": "lmm-jnd",
            }
        ]
        if error.param is not None:
            violation = {"field": error.param, "description": error.message}
            details.append(
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
            )
        fields = {"code": code, "message": error.message, "status": status, "details": details}
        return orjson.dumps({"error": fields})


def _level_of(document: Object) -> str:
    """Return the level of detail that all requests of a body ask for; empty if they differ."""
    levels = {
        level_at(settings, *_LEVEL_KEYS)
        for request in requests_in(document)
        for key in _SETTINGS_KEYS
        for _, settings in children(request, key)
    }
    return levels.pop() if len(levels) == 1 else ""


def _inline_data(part: Object, value: Node, where: str) -> Iterator[Slot]:
    level = level_at(part, *_LEVEL_KEYS)
    for path, blob in objects(value, where):
        yield from at_level(typed_base64(blob, path, data_key="data", type_keys=_TYPE_KEYS), level)
    yield from misfits(value, where, Object)


def _file_data(part: Object, value: Node, where: str) -> Iterator[Slot]:
    if not isinstance(value, Object):
        yield from misfits(value, where)
        return
    declared = [text for key in _TYPE_KEYS for _, text in strings_at(value, key, where)]
    found = [each for key in _URI_KEYS for each in strings_at(value, key, where)]
    for path, text in found:
        if len(declared) > 1 or len(found) > 1:
            yield Slot(path, Unseen(DUPLICATE_KEYS, (text,)))
        elif (source := _address(text, value, declared[0] if declared else None)) is not None:
            yield Slot(path, source, level_at(part, *_LEVEL_KEYS))
    yield from misfits_at(value, _URI_KEYS, where)


def _address(text: Text, file: Object, type_text: Text | None) -> Source | None:
    """Read the address of a file: a picture's in the open web may be fetched, nothing else."""
    address = text.text().strip()
    media_type = "" if type_text is None else type_text.text().strip().lower()
    if media_type.startswith("video/") or _VIDEOS.match(address):
        return Unseen("video", (text,))
    if media_type.startswith(("audio/", "text/")):
        return None
    if media_type and not media_type.startswith("image/"):
        return Unseen("document", (text,))
    return Unseen("file_id", (text,)) if is_stored(address) else FileUri(text, file, type_text)


def is_stored(address: str) -> bool:
    """Tell whether an address is that of a file at Google, which its owner's key alone opens."""
    return _STORED.match(address) is not None


_PARTS = {"parts": "part"}
_GRAMMAR: Grammar = {
    "request": Place(
        {
            "contents": "content",
            "systemInstruction": "content",
            "system_instruction": "content",
            "generateContentRequest": "request",
            "generate_content_request": "request",
            "batch": "batch",
        }
    ),
    "batch": Place(
        {"inputConfig": "batch", "input_config": "batch", "requests": "batch", "request": "request"},
        {"fileName": unseen("file_id"), "file_name": unseen("file_id")},
    ),
    "content": Place(_PARTS),
    "part": Place(
        {"functionResponse": "content", "function_response": "content"},
        {
            "inlineData": _inline_data,
            "inline_data": _inline_data,
            "fileData": _file_data,
            "file_data": _file_data,
        },
    ),
}
