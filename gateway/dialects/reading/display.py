"""Tell how a request wants its images shown: at which level of detail, and whether models point into them.

Whether they do is told by computer tools: who clicks where a model points needs the coordinates as they were.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.dialects.protocol import Slot
from gateway.dialects.reading.document import Node, Object, Text, children
from gateway.providers.detail import DEFAULT, find_level

_LONGEST_LEVEL = 64  # characters
# Keys that lead from a body to the requests in it: batches, and bodies that hold a body.
_TO_REQUESTS = (
    "requests",
    "params",
    "request",
    "batch",
    "inputConfig",
    "input_config",
    "generateContentRequest",
    "generate_content_request",
)
_COMPUTER = "computer"  # computer_20250124, computer_use_preview, computer
_COMPUTER_KEYS = ("computerUse", "computer_use")


def level_at(holder: Object, *keys: str) -> str:
    """Return the level of detail that one of these keys names; empty if none does, or more than one."""
    found = [node for key in keys for node in holder.all(key)]
    if len(found) != 1:  # readers disagree on which of two counts
        return ""
    (node,) = found
    if isinstance(node, Object):
        return _level(node.all("level"))
    return _level(found)


def at_level(slots: Iterable[Slot], level: str) -> Iterator[Slot]:
    """Say of every slot that does not say otherwise at which level it is wanted."""
    for slot in slots:
        yield replace(slot, detail=level) if level and not slot.detail else slot


def framed(slots: Iterable[Slot], document: Object) -> Iterator[Slot]:
    """Say of every slot whether computer tools are in the body; of a batch, in any of its requests."""
    is_framed: bool | None = None
    for slot in slots:
        if is_framed is None:  # of the many bodies without pictures nobody wants to know
            is_framed = has_computer_tools(document)
        yield replace(slot, is_framed=True) if is_framed else slot


def has_computer_tools(document: Object) -> bool:
    """Tell whether the model is given a computer to point and click at."""
    return any(
        _is_computer(tool) for request in requests_in(document) for _, tool in children(request, "tools")
    )


def requests_in(document: Object) -> Iterator[Object]:
    """Yield the body, and whatever it holds that is or leads to a request."""
    waiting: list[Iterator[Object]] = [iter([document])]
    while waiting:
        request = next(waiting[-1], None)
        if request is None:
            waiting.pop()
            continue
        yield request
        waiting.append(_within(request))


def _within(request: Object) -> Iterator[Object]:
    return (inner for key in _TO_REQUESTS for _, inner in children(request, key))


def _level(nodes: list[Node]) -> str:
    if len(nodes) != 1 or not isinstance(nodes[0], Text) or nodes[0].end - nodes[0].start > _LONGEST_LEVEL:
        return DEFAULT
    return find_level(nodes[0].text()) or DEFAULT


def _is_computer(tool: Object) -> bool:
    if any(tool.all(key) for key in _COMPUTER_KEYS):
        return True
    described = [tool, *(function for _, function in children(tool, "function"))]
    names = (node for each in described for key in ("type", "name") for node in each.all(key))
    return any(
        isinstance(node, Text) and node.head(len(_COMPUTER)).decode(errors="replace") == _COMPUTER
        for node in names
    )
