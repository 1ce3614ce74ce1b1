"""Where images stand in the bodies of the endpoints of integration: dialects like those of the APIs."""

from collections.abc import Iterator, Sequence

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.display import at_level, framed, level_at
from gateway.dialects.reading.document import Array, Fields, Object, Scalar, Text, strings
from gateway.dialects.reading.sources import DataUrl
from gateway.errors import GatewayError

_PARAMETERS = "additional_provider_specific_params"


class _Ours:
    """What both formats have in common: paths are the endpoints' affair, errors are told as OpenAI does."""

    credential_headers: Sequence[bytes] = ()
    text_keys: frozenset[str] = frozenset()
    json_keys: frozenset[str] = frozenset()

    def takes(self, path: str) -> bool:  # noqa: ARG002 - no path is found by asking
        """Take nothing."""
        return False

    def error_body(self, error: GatewayError) -> bytes:
        """Render `{"error": {"message", "type", "param", "code"}}`."""
        return OpenAIChat().error_body(error)


class OneImage(_Ours):
    """`{"image": ..., "model": ..., "detail": ...}`."""

    markers: Sequence[bytes] = (b"image",)

    def __init__(self, name: str) -> None:
        """Take the label of metrics and logs."""
        self.name = name

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield the image."""
        slots = (Slot(where, DataUrl(text)) for where, text in strings(document, "image"))
        yield from at_level(slots, level_at(document, "detail"))

    def model_of(self, path: str, document: Fields) -> str:  # noqa: ARG002 - the body names it
        """Return the field `model`."""
        return string_in(document, "model")


class LiteLLMGuardrail(_Ours):
    """LiteLLM's generic guardrail request: `{"texts": [...], "images": [...], ...}`.

    The images lie in `images`; the conversation around them comes once more in `structured_messages`.
    """

    name = "litellm_guardrail"
    markers: Sequence[bytes] = (b"images",)
    text_keys = frozenset({"texts"})
    json_keys = frozenset(
        {"structured_messages", "tools", "tool_calls", "request_data", "request_headers", _PARAMETERS}
    )

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield every image."""
        slots = (Slot(where, DataUrl(text)) for where, text in strings(document, "images"))
        yield from framed(slots, document)

    def model_of(self, path: str, document: Fields) -> str:  # noqa: ARG002 - the body names it
        """Return the field `model`, or that of the guardrail's own parameters."""
        parameters = document.get(_PARAMETERS)
        own = string_in(parameters, "model") if isinstance(parameters, Object) else ""
        return string_in(document, "model") or own


def images_of(document: Object) -> list[str]:
    """Return the strings of `images`, in order."""
    return [text.text() for _, text in strings(document, "images")]


def are_strings(document: Object, key: str) -> bool:
    """Tell whether a field is missing, null, or an array of strings: nobody reads anything else there."""
    return all(
        all(isinstance(each, Text) for each in node.items)
        if isinstance(node, Array)
        else isinstance(node, Scalar)
        for node in document.all(key)
    )


def string_in(document: Fields, key: str) -> str:
    """Return a field if it is a string, else nothing."""
    found = document.get(key)
    return found if isinstance(found, str) else ""
