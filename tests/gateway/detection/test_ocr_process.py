import sys
import time

import numpy as np
import pytest

from gateway.detection.faint_amplified import amplify
from gateway.detection.faint_lines import find_faint_lines
from gateway.detection.ocr_process import OcrProcess, is_ocr_installed
from tests.gateway.detection.test_faint_lines import flat, written

GREY, BLUE = (1.0, 1.0, 1.0), (0.0, 0.0, 1.0)
PAGE = np.full((40, 60), 255, np.uint8)
HEAD = "import sys, struct, json, time; read, write = sys.stdin.buffer.read, sys.stdout.buffer.write\n"
ANSWER = (
    "h, w = struct.unpack('>II', read(8)); read(h * w); line = json.dumps([f'{h} x {w}']).encode()\n"
    "write(struct.pack('>I', len(line)) + line); sys.stdout.flush()\n"
)


def child(program: str) -> OcrProcess:
    return OcrProcess((sys.executable, "-c", HEAD + program))


def test_what_the_child_reads_is_returned():
    process = child(ANSWER + ANSWER)

    assert process.read(PAGE, seconds=20) == ["40 x 60"]
    assert process.read(PAGE[:9], seconds=20) == ["9 x 60"]

    process.close()


def test_a_child_that_ends_costs_one_reading_and_is_started_again():
    process = child(ANSWER)

    readings = [process.read(PAGE, seconds=20) for _ in range(4)]

    assert readings == [["40 x 60"], None, ["40 x 60"], None]


@pytest.mark.parametrize("answer", [b"", b"\0\0", b"\0\0\0\4nope"])
def test_a_child_that_answers_nonsense_reads_nothing(answer: bytes):
    assert child(f"write({answer!r}); sys.stdout.flush()").read(PAGE, seconds=20) is None


def test_nobody_waits_longer_than_asked_nor_behind_another():
    process = child("time.sleep(60)")
    started = time.monotonic()

    readings = [process.read(PAGE, seconds=0.1), process.read(PAGE, seconds=30)]

    assert readings == [None, None]
    assert time.monotonic() - started < 10
    process.close()


def test_amplified_text_is_read_in_any_colour_and_polarity():
    assert is_ocr_installed()
    process = OcrProcess()
    pictures = [written(flat(), levels, colour=colour) for levels, colour in ((-4.0, GREY), (4.0, BLUE))]

    read = [process.read(amplify(one, find_faint_lines(one)), seconds=110) for one in pictures]

    process.close()
    assert all(lines is not None and "instructions" in " ".join(lines) for lines in read)
