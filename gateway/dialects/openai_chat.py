"""OpenAI chat completions, and what others put into them: images, files and videos as parts of a message.

LiteLLM takes lists of parts as answers of tools, OpenRouter gives the pictures of earlier answers in a list
of their own, vLLM takes videos and the embeddings of images.
"""

from collections.abc import Iterator, Mapping, Sequence

import orjson

from gateway.dialects.anthropic import sources
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.display import framed
from gateway.dialects.reading.document import Fields, Node, Object, Text
from gateway.dialects.reading.film import films
from gateway.dialects.reading.places import Grammar, Place, Reader, member, misfits, objects, texts, walk
from gateway.dialects.reading.readers import file_strings, files, misfits_at, picture_urls, unseen
from gateway.dialects.reading.sources import Unseen
from gateway.errors import GatewayError

_PATH = "/chat/completions"
_OTHERS = frozenset({"/invocations", "/tokenize"})  # vLLM and SGLang take the same bodies there
_NOT_OURS = "/openai/deployments/"  # Azure's, where the path names the model
_TYPES: Mapping[int, str] = {401: "authentication_error", 429: "rate_limit_error"}  # by status; else by class


class OpenAIChat:
    """POST /v1/chat/completions, and wherever else others serve it: /v1beta/openai/chat/completions, ..."""

    name = "openai_chat"
    credential_headers: Sequence[bytes] = (b"authorization",)
    markers: Sequence[bytes] = (b'"image', b'"file', b'"video', b'"document')
    text_keys = frozenset({"content", "text", "arguments", "reasoning_content", "refusal", "input"})
    json_keys = frozenset({"arguments", "input", "parameters", "metadata"})

    def takes(self, path: str) -> bool:
        """Take every path that ends as OpenAI's does: whoever imitates it takes the same body."""
        path = path.lower()
        return (path.endswith(_PATH) and _NOT_OURS not in path) or path in _OTHERS

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield images, files and videos of every message."""
        return framed(walk(document, _GRAMMAR, "request"), document)

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


def _shown(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read what parts of Hugging Face's templates show, at a key that others use for words."""
    kinds = {node.text() for node in part.all("type") if isinstance(node, Text)}
    if not kinds.isdisjoint(_UNSEEN_KINDS):
        yield from unseen(next(iter(kinds & _UNSEEN_KINDS)))(part, value, where)
    elif "image" in kinds:
        yield from picture_urls(part, value, where)


def _source(part: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read the source of a picture or document in Anthropic's form."""
    kinds = {node.text() for node in part.all("type") if isinstance(node, Text)}
    if not kinds.isdisjoint({"image", "document"}):
        yield from sources(part, value, where)


def _loose(message: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read pictures in a list beside the words of a message; those that are parts are led to."""
    for path, text in texts(value, where):
        yield from picture_urls(message, text, path)
    yield from misfits(value, where, Text, Object)


def _file(part: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read a file: its data or its id in an object, or its data alone."""
    yield from file_strings(value, where)
    yield from misfits(value, where, Text, Object)
    for path, inner in objects(value, where):
        for key, reader in _FILE.items():
            for node in inner.all(key):
                yield from reader(inner, node, member(path, key))
        yield from misfits_at(inner, tuple(_FILE), path)


def _embeddings(part: Object, value: Node, where: str) -> Iterator[Slot]:  # noqa: ARG001 - a Reader
    """Read pictures that are no pixels any more."""
    for path, text in texts(value, where):
        yield Slot(path, Unseen("image_embeds", (text,)))
    yield from misfits(value, where, Text, Object, reason="image_embeds")
    for path, inner in objects(value, where):
        for key, node in inner.items:
            yield from unseen("image_embeds")(inner, node, member(path, key))


_UNSEEN_KINDS = frozenset({"document", "video"})
_FILE: Mapping[str, Reader] = {
    "file_data": files,
    "file_url": unseen("document"),
    "file_id": unseen("file_id"),
}
_GRAMMAR: Grammar = {
    "request": Place({"messages": "part"}),
    # Messages, and the parts within them, which may hold parts again.
    "part": Place(
        {"content": "part", "images": "part", "output": "part"},
        {
            "image_url": picture_urls,
            "image_file": picture_urls,
            "image": picture_urls,
            "images": _loose,
            "document_url": unseen("document"),
            "file_url": unseen("document"),
            "file": _file,
            "video_url": films,
            "video": films,
            "image_embeds": _embeddings,
        },
        {"url": _shown, "source": _source},
    ),
}
