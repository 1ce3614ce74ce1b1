"""Messages between a worker and the process that keeps the pictures: a JSON head, then raw bytes.

No pickle: what a broken worker sends can be wrong, but it cannot be code. Knows nothing of what is asked.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_SIZES = struct.Struct(">II")  # bytes of the head, bytes after it
SIZES_BYTES = _SIZES.size
MAX_HEAD_BYTES = 64 * 1024
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


class FrameError(ValueError):
    """What came is no message."""


@dataclass(frozen=True)
class Frame:
    """One message."""

    head: Mapping[str, Any]
    payload: bytes = b""


def encode_frame(head: Mapping[str, Any], payload: Sequence[bytes] = ()) -> bytes:
    """Return the bytes of one message."""
    packed = orjson.dumps(head)
    return b"".join([_SIZES.pack(len(packed), sum(map(len, payload))), packed, *payload])


def decode_sizes(data: bytes) -> tuple[int, int]:
    """Return how many bytes of head and of payload follow.

    Raises:
        FrameError: More than any message has.
    """
    head_bytes, payload_bytes = _SIZES.unpack(data)
    if head_bytes > MAX_HEAD_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise FrameError(f"expected a small message, got {head_bytes} + {payload_bytes} bytes")
    return head_bytes, payload_bytes


def decode_head(data: bytes) -> Mapping[str, Any]:
    """Read the head of a message.

    Raises:
        FrameError: It is not a JSON object.
    """
    try:
        head = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FrameError(f"the head is not JSON: {error}") from error
    if not isinstance(head, dict):
        raise FrameError("the head is not an object")
    return head
