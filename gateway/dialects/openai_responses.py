"""OpenAI responses: images are `input_image` parts of messages and of what tools gave back.

Tools give back pictures as lists of parts, as the screenshot of a computer, as outputs of code, and as the
result of generating one; a stored prompt takes them as variables, and the image tool as a mask.
"""

import re
from collections.abc import Iterator, Sequence

from gateway.dialects.openai_chat import OpenAIChat
from gateway.dialects.protocol import Slot
from gateway.dialects.reading.display import framed
from gateway.dialects.reading.document import Node, Object
from gateway.dialects.reading.film import films
from gateway.dialects.reading.places import ANY_KEY, Grammar, Place, walk
from gateway.dialects.reading.readers import bare_pictures, files, picture_urls, unseen

PATHS = (
    r"(responses(/input_tokens|/compact)?|conversations(/[^/]+/items)?"
    r"|threads(/runs|/[^/]+/(messages|runs))?)"
)
_PATHS = re.compile("(/api|/inference)?/v1/" + PATHS, re.IGNORECASE)


class OpenAIResponses(OpenAIChat):
    """POST /v1/responses, its companions, conversations, which keep the same items, and threads."""

    name = "openai_responses"
    markers: Sequence[bytes] = (
        *(b'"image_', b'"file_', b'"video_url"', b'"document_url"'),
        *(b'"outputs"', b'"result"'),
    )
    text_keys = frozenset(
        {"text", "content", "input", "instructions", "output", "arguments", "refusal", "code", "logs"}
    )
    # Annotations and results tell where words are from, by the ids of files among others.
    json_keys = frozenset(
        {"arguments", "parameters", "metadata", "schema", "output_schema", "annotations", "results", "action"}
    )

    def takes(self, path: str) -> bool:
        """Take what carries items of input."""
        return _PATHS.fullmatch(path) is not None

    def slots(self, document: Object) -> Iterator[Slot]:
        """Yield what every item, prompt and tool shows."""
        return framed(walk(document, _GRAMMAR, "request"), document)


def _generated(item: Object, value: Node, where: str) -> Iterator[Slot]:
    """Read a picture that the model made earlier; results of other items are text."""
    if item.get("type") == "image_generation_call":
        yield from bare_pictures(item, value, where)


_GRAMMAR: Grammar = {
    "request": Place(
        {
            **{"input": "part", "inputs": "part", "items": "part", "prompt": "prompt", "tools": "tool"},
            # Of messages, threads and runs.
            **{"content": "part", "messages": "part", "additional_messages": "part", "thread": "request"},
            "attachments": "part",
        }
    ),
    # Items of the input, parts of their content, masks: they share their keys.
    "part": Place(
        {
            **{"content": "part", "output": "part", "outputs": "code_output", "tools": "tool"},
            "attachments": "part",
        },
        {
            "image_url": picture_urls,
            "video_url": films,
            "file_data": files,
            "image_file": picture_urls,
            "file_url": unseen("document"),
            "document_url": unseen("document"),
            "file_id": unseen("file_id"),
            "result": _generated,
        },
    ),
    "code_output": Place(reads={"url": picture_urls}),
    "prompt": Place({"variables": "variables"}),
    "variables": Place({ANY_KEY: "part"}),
    "tool": Place(
        {"input_image_mask": "part", "container": "container", "environment": "container", "tools": "tool"}
    ),
    "container": Place(reads={"file_ids": unseen("file_id")}),
}
