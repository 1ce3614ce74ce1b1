"""Real pictures as APIs take them, and what a dialect finds in a body that holds them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pybase64

from calibration.image import Image, decode, encode_jpeg, encode_png
from gateway.dialects.protocol import Dialect, Slot
from gateway.dialects.reading.data_url import NotInlineError
from gateway.dialects.reading.document import read_document
from gateway.dialects.reading.splice import splice

_ROWS, _COLUMNS = np.mgrid[0:48, 0:64]
PICTURE = Image(np.stack([_ROWS * 5, _COLUMNS * 3, _ROWS + _COLUMNS], axis=2).clip(0, 255).astype(np.uint8))
PNG, JPEG = encode_png(PICTURE), encode_jpeg(PICTURE, 80)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n" + bytes(64)
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(64)


def base64(data: bytes) -> str:
    return pybase64.b64encode(data).decode()


def data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64(data)}"


def slots(dialect: Dialect, body: Any) -> Sequence[Slot]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return list(dialect.slots(read_document(raw, max_values=100_000)))


def found(dialect: Dialect, body: Any) -> dict[str, str]:
    """Tell by path what is there: the format of a picture, or why there is none to look at."""
    return {slot.where: _told(slot) for slot in slots(dialect, body)}


def _told(slot: Slot) -> str:
    try:
        return decode(slot.source.read().data).source.format
    except NotInlineError as error:
        return error.reason


def with_every_picture(dialect: Dialect, body: Any, media_type: str, data: bytes) -> Any:
    """Put one picture in every slot, and read the body again."""
    raw = orjson.dumps(body)
    changes = [change for slot in slots(dialect, raw) for change in slot.source.write(media_type, data)]
    return orjson.loads(splice(raw, changes))
