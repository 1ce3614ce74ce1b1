"""Anthropic messages: images are blocks with a source, in messages, tool results, documents and batches.

Of `system` nothing is ever rewritten: clients count on its blocks arriving verbatim.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import orjson

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.address_sources import SourceUrl
from gateway.dialects.reading.display import framed
from gateway.dialects.reading.document import Fields, Node, Object, Text, children
from gateway.dialects.reading.places import DUPLICATE_KEYS, Grammar, Place, misfits, objects, walk
from gateway.dialects.reading.readers import misfits_at, strings_at, typed_base64, unseen
from gateway.dialects.reading.sources import Source, Unseen
from gateway.errors import GatewayError

_PATHS = re.compile(
    r"(/[^/]+)?/v1/messages(/count_tokens|/batches)?"
    r"|/v1(beta1)?/(.+/)?publishers/anthropic/models/(?P<model>[^/:]+):(raw|streamRaw)Predict",
    re.IGNORECASE,
)
_ERROR_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Anthropic:
    """POST /v1/messages, its token counts and its batches; at Vertex too."""

    name = "anthropic"
    credential_headers: Sequence[bytes] = (b"x-api-key", b"authorization")
    markers: Sequence[bytes] = (b'"source"', b'"file_id"')
    text_keys = frozenset({"text", "content", "system", "thinking", "cited_text", "context", "title"})
    json_keys = frozenset({"input", "input_schema", "input_examples", "schema", "citations"})

    def takes(self, path: str) -> bool:
        """Take what carries messages."""
        return _PATHS.fullmatch(path) is not None

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield every block that shows something, of every message of every request."""
        return framed(walk(document, _GRAMMAR, "request"), document)

    def model_of(self, path: str, document: Fields) -> str:
        """Return the model in the path or the body; of a batch, that of its first request."""
        match = _PATHS.fullmatch(path)
        if match and match["model"]:
            return match["model"]
        model = document.get("model")
        if not isinstance(model, str):
            model = _model_of_first(document)
        return model if isinstance(model, str) else ""

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"type": "error", "error": {"type", "message"}, "request_id"}`."""
        status = error.http_status
        kind = _ERROR_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
        message = f"{error.param}: {error.message}" if error.param else error.message
        return orjson.dumps(
            {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}
        )


def _model_of_first(batch: Fields) -> object:
    """Return what the first request of a batch names as its model, whichever parser read it."""
    if isinstance(batch, Object):
        _, first = next(children(batch, "requests"), ("", None))
        _, params = next(children(first, "params"), ("", None)) if first else ("", None)
        return params.get("model") if params else None
    requests = batch.get("requests")
    first_read = requests[0] if isinstance(requests, list) and requests else None
    params_read = first_read.get("params") if isinstance(first_read, dict) else None
    return params_read.get("model") if isinstance(params_read, dict) else None


def sources(block: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read the source of a picture or document: data, an address, or the id of a file."""
    kinds = _kinds(block)
    is_document = "document" in kinds
    for path, source in objects(value, where):
        if _kinds(source) != {"text"}:  # the data of a text is its characters
            yield from typed_base64(source, path, data_key="data", type_keys=("media_type",))
        for at, text in strings_at(source, "file_id", path):
            yield Slot(at, Unseen("file_id", (text,)))
        addresses = list(strings_at(source, "url", path))
        for at, text in addresses:
            yield Slot(at, Unseen("document", (text,)) if is_document else _address(source, text, addresses))
        yield from misfits_at(source, ("file_id", "url"), path)
    # Of a search result, the source is the name of where it is from.
    yield from misfits(value, where, *((Text, Object) if kinds == {"search_result"} else (Object,)))


def _address(source: Object, text: Text, addresses: Sequence[object]) -> Source:
    """Read the address of a picture, unless others stand beside it and nobody knows which one counts."""
    declared = [] if len(addresses) > 1 else [each for each in source.all("type") if isinstance(each, Text)]
    if len(declared) != 1 or source.all("data"):
        return Unseen(DUPLICATE_KEYS, (text,))
    return SourceUrl(text, declared[0])


def _kinds(holder: Object) -> set[str]:
    """Return every type that an object says it is of: readers disagree on which of two counts."""
    return {node.text() for node in holder.all("type") if isinstance(node, Text)}


def _in_system(block: Object, value: Node, where: str) -> Iterator[Slot]:
    """Tell of a picture among the instructions, where the API knows none."""
    for slot in sources(block, value, where):
        yield Slot(slot.where, Unseen("image_in_system", slot.source.texts))


_GRAMMAR: Grammar = {
    "request": Place({"messages": "message", "system": "system", "requests": "batched"}),
    "batched": Place({"params": "request"}),
    "message": Place({"content": "block"}),
    "block": Place(
        {"content": "block", "source": "source"}, {"source": sources, "file_id": unseen("file_id")}
    ),
    "source": Place({"content": "block"}),
    "system": Place({"content": "system"}, {"source": _in_system}),
}
