import gzip
import random
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from gateway.relay.callers.encodings import PackedBodyError, UnpackedTooLargeError, unpack

TEXT = b'{"messages": [' + b'"a picture", ' * 5000 + b'""]}'


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"Deflate": _raw_deflate,
    b"br": brotli.compress,
    b"zstd": zstandard.compress,
}


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("data", [TEXT, b"", b"{}"])
def test_what_was_packed_comes_back(name, data):
    assert unpack(PACKERS[name](data), name, len(data)) == data


def test_layers_are_undone_in_reverse():
    assert unpack(brotli.compress(gzip.compress(TEXT)), b"gzip, identity, br", len(TEXT)) == TEXT


def test_several_members_are_one_body():
    assert unpack(gzip.compress(b"one ") + gzip.compress(b"two"), b"gzip", 100) == b"one two"
    assert unpack(zstandard.compress(b"one ") + zstandard.compress(b"two"), b"zstd", 100) == b"one two"


@pytest.mark.parametrize("name", [b"gzip", b"zstd"])
def test_parts_without_end_are_not_gone_through(name):
    with pytest.raises(PackedBodyError):
        unpack(PACKERS[name](b"") * 10_000, name, 100)


@pytest.mark.parametrize("name", PACKERS)
def test_one_byte_over_the_limit_is_too_much(name):
    with pytest.raises(UnpackedTooLargeError):
        unpack(PACKERS[name](TEXT), name, len(TEXT) - 1)


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_is_left_packed(name):
    bomb = PACKERS[name](b"\0" * 5_000_000)
    with pytest.raises(UnpackedTooLargeError):
        unpack(bomb, name, 100_000)


@pytest.mark.parametrize("name", PACKERS)
def test_a_body_cut_short_is_not_taken_for_whole(name):
    with pytest.raises(PackedBodyError):
        unpack(PACKERS[name](TEXT)[:-9], name, len(TEXT))


@pytest.mark.parametrize("name", PACKERS)
def test_garbage_is_told(name):
    with pytest.raises(PackedBodyError):
        unpack(b"\xfenot packed at all", name, 1000)


@pytest.mark.parametrize("name", [b"compress", b"gzip, gzip, gzip, gzip", b"dcb"])
def test_what_nobody_can_unpack_is_told(name):
    with pytest.raises(PackedBodyError):
        unpack(b"x", name, 1000)


@pytest.mark.parametrize("name", PACKERS)
def test_room_is_asked_for_before_it_is_taken_and_for_every_layer(name):
    asked: list[int] = []
    data = b"\0" * 5_000_000
    packed = PACKERS[name](PACKERS[name](data))

    assert unpack(packed, name + b"," + name, 5_000_000, asked.append) == data
    assert asked == sorted(asked)
    assert 5_000_000 <= asked[-1] < 8_000_000
    assert len(asked) < 20


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_not_held_is_not_unpacked(name):
    def refuse(_: int) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        unpack(PACKERS[name](b"\0" * 5_000_000), name, 5_000_000, refuse)


def test_a_large_body_is_not_copied_at_the_end():
    data = random.Random(0).randbytes(8_000_000)
    packed = gzip.compress(data, 1)
    tracemalloc.start()
    try:
        unpacked = unpack(packed, b"gzip", 10_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert unpacked == data
    assert peak < 1.4 * len(data)
