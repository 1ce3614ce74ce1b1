import struct

import pytest

from gateway.memory.frames import (
    MAX_HEAD_BYTES,
    MAX_PAYLOAD_BYTES,
    SIZES_BYTES,
    FrameError,
    decode_head,
    decode_sizes,
    encode_frame,
)


def test_what_is_encoded_is_read_back():
    data = encode_frame({"id": 2**63, "tenant": "ä"}, [b"12", b"", b"345"])

    head_bytes, payload_bytes = decode_sizes(data[:SIZES_BYTES])

    assert len(data) == SIZES_BYTES + head_bytes + payload_bytes
    assert decode_head(data[SIZES_BYTES : SIZES_BYTES + head_bytes]) == {"id": 2**63, "tenant": "ä"}
    assert data[-payload_bytes:] == b"12345"


@pytest.mark.parametrize("sizes", [(MAX_HEAD_BYTES + 1, 0), (0, MAX_PAYLOAD_BYTES + 1)])
def test_sizes_no_message_has_are_refused(sizes: tuple[int, int]):
    with pytest.raises(FrameError, match="small message"):
        decode_sizes(struct.pack(">II", *sizes))


@pytest.mark.parametrize("head", [b"", b"{", b"[]", b"\xff"])
def test_a_head_that_is_no_object_is_refused(head: bytes):
    with pytest.raises(FrameError):
        decode_head(head)
