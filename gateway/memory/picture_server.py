"""The memory of seen pictures, asked by worker processes: one connection each, answered on one event loop.

Keeps pixels as they came, so that the process which keeps them loads nothing that looks at pictures.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.memory.frames import (
    SIZES_BYTES,
    Frame,
    FrameError,
    decode_head,
    decode_sizes,
    encode_frame,
)
from gateway.memory.protocol import kept_bytes
from gateway.memory.seen_pictures import SeenPictures

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PackedPicture:
    """One remembered picture as it travels."""

    fingerprint: int
    digest: bytes
    height: int
    width: int
    pixels: bytes  # as a `KeptPicture` has them
    is_deflated: bool

    @property
    def size_bytes(self) -> int:
        """Memory it holds."""
        return kept_bytes(len(self.pixels))


async def serve_pictures(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, store: SeenPictures[PackedPicture]
) -> None:
    """Answer one worker until it is gone."""
    try:
        while True:
            frame = await _read(reader)
            answer = _answer(frame, store)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the worker has ended
    except (FrameError, KeyError, TypeError, ValueError) as error:
        log.warning("a worker asked the memory of pictures something it does not know: %r", error)
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Frame:
    head_bytes, payload_bytes = decode_sizes(await reader.readexactly(SIZES_BYTES))
    head = decode_head(await reader.readexactly(head_bytes))
    return Frame(head, await reader.readexactly(payload_bytes))


def _answer(frame: Frame, store: SeenPictures[PackedPicture]) -> bytes | None:
    """Do what is told or asked; None where nobody waits for an answer."""
    head = frame.head
    tenant = str(head["tenant"])
    match head["do"]:
        case "alike":
            return _alike(head, store.alike(tenant, int(head["fingerprint"]), int(head["most_bits"])))
        case "remember":
            store.remember(tenant, _unpack(head, frame.payload))
            return None
        case "mark":
            digest = bytes.fromhex(head["digest"])
            count = store.mark(tenant, int(head["fingerprint"]), digest, int(head["most_bits"]))
            return encode_frame({"id": head["id"], "count": count}) if "id" in head else None
        case "hear":  # whatever was told before this is done by now
            return encode_frame({"id": head["id"]})
        case "accept":
            store.accept(tenant)
            return None
        case "forget":
            store.forget(tenant)
            return None
        case unknown:
            raise FrameError(f"nothing is called {unknown!r}")


def _alike(head: Mapping[str, Any], found: Sequence[PackedPicture]) -> bytes:
    """Name what was found, with the pixels of what the worker does not hold itself."""
    held = set(head["held"])
    pictures = [
        [each.fingerprint, each.digest.hex(), each.height, each.width, len(each.pixels), each.is_deflated]
        for each in found
    ]
    payload = [each.pixels for each in found if each.digest.hex() not in held]
    return encode_frame({"id": head["id"], "pictures": pictures}, payload)


def _unpack(head: Mapping[str, Any], pixels: bytes) -> PackedPicture:
    height, width, is_deflated = int(head["height"]), int(head["width"]), bool(head["is_deflated"])
    if not is_deflated and height * width * 3 != len(pixels):
        raise FrameError(f"expected {height} x {width} pixels, got {len(pixels)} bytes")
    digest = bytes.fromhex(head["digest"])
    return PackedPicture(int(head["fingerprint"]), digest, height, width, pixels, is_deflated)
