"""The bytes that one remembered picture is in a store outside this process: a version, a head, the pixels.

A later version may add fields to the head, which this one leaves alone; whatever it cannot read, it has not
seen.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from calibration.image import Image
from gateway.memory.protocol import SeenPicture

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
_START = struct.Struct(">BH")  # version, bytes of the head
_CHANNELS = 3


@dataclass(frozen=True)
class _Head:
    height: int
    width: int


class PictureRecordError(ValueError):
    """These bytes are no picture, or one of a version that is not known here."""


def pack_picture(seen: SeenPicture, further: Mapping[str, Any] | None = None) -> bytes:
    """Return a picture's record; its fingerprint and digest are its name, kept elsewhere.

    `further` fields of the head are for whoever knows them.
    """
    pixels = np.ascontiguousarray(seen.picture.pixels)
    height, width = pixels.shape[:2]
    head = msgspec.msgpack.encode({"height": height, "width": width, **(further or {})})
    return b"".join((_START.pack(VERSION, len(head)), head, pixels.data))


def unpack_picture(record: bytes, fingerprint: int, digest: bytes) -> SeenPicture:
    """Return the picture of a record.

    Raises:
        PictureRecordError: It is none, or of another version.
    """
    try:
        version, head_bytes = _START.unpack_from(record)
        if version != VERSION:
            raise PictureRecordError(f"expected a picture's record of version {VERSION}, got {version}")
        start = _START.size + head_bytes
        head = msgspec.msgpack.decode(record[_START.size : start], type=_Head)
    except (struct.error, msgspec.MsgspecError) as error:
        raise PictureRecordError(f"expected a picture's record: {error}") from error
    if min(head.height, head.width) < 1 or head.height * head.width * _CHANNELS != len(record) - start:
        raise PictureRecordError(f"expected {head.height} x {head.width} pixels, got {len(record)} bytes")
    flat: NDArray[np.uint8] = np.frombuffer(record, np.uint8, offset=start)
    return SeenPicture(Image(flat.reshape(head.height, head.width, _CHANNELS).copy()), fingerprint, digest)
