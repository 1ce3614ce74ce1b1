"""Read what an endpoint of integration is sent: JSON, or an image as it is."""

import asyncio
from urllib.parse import parse_qs

import orjson
import pybase64

from gateway.errors import RequestRefusedError
from gateway.relay.admission import Reservation
from gateway.relay.callers.encodings import PackedBodyError, UnpackedTooLargeError, layers
from gateway.relay.callers.incoming import BodyTooLargeError, Incoming
from gateway.relay.callers.unpacking import Unpacking

IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_OPENINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_EXPECTED = f'expected content-type: {", ".join(IMAGE_TYPES)}, or JSON such as {{"image": "..."}}'
IN_QUERY = (
    "model",
    "provider",
    "detail",
    "heat_map",
)  # of an image as it is: what JSON says beside the image


async def read_body(incoming: Incoming, room: Reservation, unpacking: Unpacking, max_bytes: int) -> bytes:
    """Return the body as JSON, unpacked; an image as it is becomes the JSON that says the same.

    Raises:
        RequestRefusedError: It is too large, packed in a way nobody here can undo, or neither JSON nor an
            image.
    """
    too_large = f"expected a body of at most {max_bytes} bytes"
    try:
        body = await incoming.read(max_bytes, room)
        coding = incoming.joined(b"content-encoding")
        if layers(coding):
            body = await unpacking.unpack(body, coding, room)
    except (BodyTooLargeError, UnpackedTooLargeError) as error:
        raise RequestRefusedError("body_too_large", too_large) from error
    except PackedBodyError as error:
        raise RequestRefusedError("encoded_body", str(error)) from error
    declared = incoming.header(b"content-type").partition(b";")[0].strip().lower().decode("latin-1")
    media_type = declared if declared in IMAGE_TYPES else _type_of(body)
    if not media_type:
        if "json" not in declared and body.lstrip()[:1] not in (b"{", b"["):
            raise RequestRefusedError("invalid_request", _EXPECTED, param="image")
        return body
    room.grow(len(body) * 4 // 3)
    return await asyncio.to_thread(_as_json, body, media_type, incoming.query)


def _type_of(body: bytes) -> str:
    """Name an image by its opening; empty for anything else. What curl declares by itself says nothing."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((name for opening, name in _OPENINGS.items() if body.startswith(opening)), "")


def _as_json(image: bytes, media_type: str, query: bytes) -> bytes:
    asked = parse_qs(query.decode("latin-1"))
    fields = orjson.dumps({name: asked[name][-1] for name in IN_QUERY if name in asked})
    start = b'{"image":"data:%s;base64,%s"' % (media_type.encode(), pybase64.b64encode(image))
    return start + (b"," + fields[1:] if len(fields) > len(b"{}") else b"}")
