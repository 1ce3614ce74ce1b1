"""The bytes that one kept picture is in a store outside this process: a version, a head, the packed pixels.

A later version may add fields to the head, which this one leaves alone; whatever it cannot read, it has not
seen.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.memory.kept_picture import KeptPicture, KeptPictureError

VERSION = 2
_START = struct.Struct(">BH")  # version, bytes of the head


@dataclass(frozen=True)
class _Head:
    height: int
    width: int
    is_deflated: bool


class PictureRecordError(ValueError):
    """These bytes are no picture, or one of a version that is not known here."""


def pack_picture(kept: KeptPicture, further: Mapping[str, Any] | None = None) -> bytes:
    """Return a picture's record; its fingerprint and digest are its name, kept elsewhere.

    `further` fields of the head are for whoever knows them.
    """
    size = {"height": kept.height, "width": kept.width, "is_deflated": kept.is_deflated}
    head = msgspec.msgpack.encode({**size, **(further or {})})
    return b"".join((_START.pack(VERSION, len(head)), head, kept.pixels))


def unpack_picture(record: bytes, fingerprint: int, digest: bytes) -> KeptPicture:
    """Return the picture of a record, once it is known that its pixels can be looked at.

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
    kept = KeptPicture(fingerprint, digest, head.height, head.width, record[start:], head.is_deflated)
    try:
        _ = kept.picture
    except KeptPictureError as error:
        raise PictureRecordError(str(error)) from error
    return kept
