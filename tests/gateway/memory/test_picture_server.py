import asyncio
import socket
import time
from typing import Any

import pytest

from gateway.memory.frames import SIZES_BYTES, decode_head, decode_sizes, encode_frame
from gateway.memory.picture_server import PackedPicture, serve_pictures
from gateway.memory.seen_pictures import SeenPictures

REMEMBER = {
    "do": "remember",
    "tenant": "a",
    "fingerprint": 1,
    "digest": "00",
    "height": 1,
    "width": 2,
    "is_deflated": False,
}
ALIKE = {"do": "alike", "id": 6, "tenant": "a", "fingerprint": 3, "most_bits": 1, "held": []}


async def say(*frames: bytes, answers: int) -> tuple[list[Any], SeenPictures[PackedPicture]]:
    """Send frames to a server, read so many answers, hang up; return their heads and what it keeps."""
    store = SeenPictures[PackedPicture](10, 60.0, time.monotonic)
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    serving = asyncio.ensure_future(serve_pictures(*await asyncio.open_connection(sock=theirs), store))
    writer.write(b"".join(frames))
    heads = []
    for _ in range(answers):
        head_bytes, payload_bytes = decode_sizes(await reader.readexactly(SIZES_BYTES))
        heads.append(decode_head(await reader.readexactly(head_bytes)))
        await reader.readexactly(payload_bytes)
    writer.write_eof()
    await asyncio.wait_for(serving, 5)
    assert await reader.read() == b""
    writer.close()
    return heads, store


@pytest.mark.anyio
async def test_questions_are_answered_by_number_and_what_is_told_in_silence():
    remember = encode_frame(REMEMBER, [b"123456"])
    accept = encode_frame({"do": "accept", "tenant": "a"})
    mark = {"do": "mark", "tenant": "a", "fingerprint": 1, "digest": "01", "most_bits": 1}
    told = (remember, accept, encode_frame(mark))
    asked = ({"do": "hear", "tenant": "a", "id": 4}, {**mark, "id": 5}, ALIKE)

    heads, store = await say(*told, *map(encode_frame, asked), answers=3)

    assert heads == [{"id": 4}, {"id": 5, "count": 1}, {"id": 6, "pictures": [[1, "00", 1, 2, 6, False]]}]
    assert len(store) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(("held", "size_bytes"), [([], 6), (["00"], 0), (["01"], 6)])
async def test_pixels_go_only_to_whoever_does_not_hold_them(held: list[str], size_bytes: int):
    store = SeenPictures[PackedPicture](10, 60.0, time.monotonic)
    store.remember("a", PackedPicture(1, b"\0", 1, 2, b"123456", is_deflated=False))
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    serving = asyncio.ensure_future(serve_pictures(*await asyncio.open_connection(sock=theirs), store))

    writer.write(encode_frame({**ALIKE, "held": held}))
    _, payload_bytes = decode_sizes(await reader.readexactly(SIZES_BYTES))
    writer.close()
    await asyncio.wait_for(serving, 5)

    assert payload_bytes == size_bytes


@pytest.mark.anyio
@pytest.mark.parametrize(
    "frame",
    [
        encode_frame({"do": "invent", "tenant": "a", "id": 1}),
        encode_frame({"do": "alike", "id": 1}),
        encode_frame({**REMEMBER, "id": 1}, [b"too few"]),
        encode_frame({**REMEMBER, "digest": "no hex", "id": 1}, [b"123456"]),
        b"\xff" * 64,
    ],
)
async def test_whoever_asks_what_is_unknown_is_hung_up_on(frame: bytes, caplog: pytest.LogCaptureFixture):
    _, store = await say(frame, answers=0)

    assert len(store) == 0
    assert "does not know" in caplog.text
