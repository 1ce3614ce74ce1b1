"""Put lightened images where LiteLLM reads them: in the conversation that comes beside them.

LiteLLM (1.108) writes back the rows of `structured_messages` that a guardrail changed, nothing of `images`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from gateway.relay.images.looking import Looked

_ROWS = "structured_messages"
_DEEPEST = (
    16  # lists and objects around an image: rows, row, content, part, image_url; more in answers of tools
)


def lightened_rows(body: bytes, *, came: Sequence[str], goes: Sequence[str]) -> bytes | None:
    """Return every row of the conversation, as JSON, with the images that go instead of those that came.

    None where there is no conversation, or one so odd or deep that not every reader of JSON takes it.

    Args:
        body: LiteLLM's request.
        came: Its images.
        goes: What they became, in order.
    """
    lighter = {old: new for old, new in zip(came, goes, strict=True) if old != new}
    try:
        rows = orjson.loads(body).get(_ROWS)
        return orjson.dumps(_with(rows, lighter, _DEEPEST)) if isinstance(rows, list) else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def without_copies(looked: Looked) -> Looked:
    """Leave out of the strays what the conversation holds of `images` a second time.

    Where it holds more than `images` does, LiteLLM overlooked a picture: that is told.
    """
    strays = [
        each for each in looked.strays if not each.where.startswith(_ROWS) or each.count > len(looked.slots)
    ]
    return replace(looked, strays=strays)


def _with(value: object, lighter: Mapping[str, str], deepest: int) -> object:
    if isinstance(value, str):
        return lighter.get(value, value)
    if not deepest:
        return value
    if isinstance(value, list):
        return [_with(item, lighter, deepest - 1) for item in value]
    if isinstance(value, dict):
        return {key: _with(item, lighter, deepest - 1) for key, item in value.items()}
    return value
