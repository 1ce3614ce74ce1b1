import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.memory.frames import SIZES_BYTES, decode_head, decode_sizes, encode_frame
from gateway.memory.picture_connection import MAX_UNTOLD, PictureConnection


class Troubles:
    count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def heads(connection: socket.socket, count: int) -> list[dict[str, object]]:
    """Read so many messages."""
    found = []
    connection.settimeout(5)
    with connection.makefile("rb") as file:
        for _ in range(count):
            head_bytes, payload_bytes = decode_sizes(file.read(SIZES_BYTES))
            found.append(dict(decode_head(file.read(head_bytes))))
            file.read(payload_bytes)
    return found


def test_what_is_told_while_nobody_reads_arrives_later_and_in_order(ends, troubles: Troubles):
    line = PictureConnection(ends[0], on_trouble=troubles)
    for number in range(20):
        line.tell({"number": number}, [bytes(100_000)])  # more than a socket takes
    found: list[dict[str, object]] = []
    reader = threading.Thread(target=lambda: found.extend(heads(ends[1], 21)))

    reader.start()
    line.ask({"number": 20})
    reader.join(5)

    assert [head["number"] for head in found] == list(range(21))


def test_telling_never_waits_and_what_is_too_much_is_counted(ends, troubles: Troubles):
    line = PictureConnection(ends[0], on_trouble=troubles)
    started = time.monotonic()

    for number in range(MAX_UNTOLD + 5000):
        line.tell({"number": number})

    assert time.monotonic() - started < 3.0
    assert 0 < troubles.count < 5000


def test_a_silent_other_end_costs_little_time_and_is_said_once(
    ends, troubles: Troubles, caplog: pytest.LogCaptureFixture
):
    line = PictureConnection(ends[0], on_trouble=troubles)
    started = time.monotonic()

    assert [line.ask({}) for _ in range(10)] == [None] * 10

    assert time.monotonic() - started < 2.0
    assert troubles.count == 10
    assert caplog.text.count("no answer in time") == 1


def test_an_end_that_answers_again_is_said(ends, troubles: Troubles, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    line = PictureConnection(ends[0], on_trouble=troubles, patience_seconds=0.01)
    line.ask({})
    ends[1].sendall(encode_frame({"id": 2}))

    assert line.ask({}) is not None

    assert "answers again" in caplog.text


def test_answers_that_come_too_late_are_not_taken_for_later_ones(ends, troubles: Troubles):
    line = PictureConnection(ends[0], on_trouble=troubles, patience_seconds=0.02)
    assert line.ask({}) is None
    for number in (1, 2):
        ends[1].sendall(encode_frame({"id": number}, [bytes([number])]))

    found = line.ask({})

    assert found is not None
    assert found.payload == bytes([2])


def test_two_ends_that_both_have_much_to_say_do_not_wait_for_each_other(ends, troubles: Troubles):
    line = PictureConnection(ends[0], on_trouble=troubles, patience_seconds=5.0)
    late = encode_frame({"id": 0}, [bytes(1_000_000)])
    answer = encode_frame({"id": 1})

    def answer_before_reading() -> None:
        ends[1].sendall(late)
        heads(ends[1], 2)
        ends[1].sendall(answer)

    other = threading.Thread(target=answer_before_reading)
    other.start()
    line.tell({}, [bytes(1_000_000)])
    found = line.ask({})
    other.join(5)

    assert found is not None


def test_garbage_ends_the_connection_instead_of_being_believed(ends, troubles: Troubles):
    line = PictureConnection(ends[0], on_trouble=troubles)
    ends[1].sendall(b"\xff" * 64)

    assert [line.ask({}), line.ask({})] == [None, None]

    line.tell({"number": 1})
    assert troubles.count == 3
