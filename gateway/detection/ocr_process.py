"""Read text in pictures in a process of its own: an engine that hangs or crashes is not ours.

One child for each process, started when first needed and again after each failure. Nobody queues: who comes
while another picture is being read goes without. Run as a program, this module is that child. Requests are
height, width and grey levels; replies JSON with the lines that were read.
"""

import atexit
import importlib.util
import json
import os
import struct
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_SIZE = struct.Struct(">II")
_LENGTH = struct.Struct(">I")
_MOST_SECONDS = 120.0  # for loading the engine and one picture; beyond, the child hangs
_SURE = 0.7  # confidence of the engine, 0 to 1: below, it makes words out of grain
_OPTIONS = {
    "Global.log_level": "critical",
    "Global.use_cls": False,  # which looks for upside-down lines
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def is_ocr_installed() -> bool:
    """Tell whether the extra `ocr` is there; loads nothing of it."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))
    except ModuleNotFoundError:  # from whoever else looks for modules here
        return False


class OcrProcess:
    """The child, and who may speak to it: one thread at a time."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-I", str(Path(__file__)))) -> None:
        """Take the command that starts a child."""
        self._command = command
        self._lock = threading.Lock()
        self._reading: Future[list[str]] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = 0  # a fork of this process must not speak to the same child

    def read(self, grey: npt.NDArray[np.uint8], *, seconds: float) -> list[str] | None:
        """Return the lines read surely; None where there was no time, a picture before it, or a failure.

        Args:
            grey: (H, W), dark ink on light ground reads best.
            seconds: To wait at most; what comes later is lost, and the next finds the engine loaded.
        """
        reading: Future[list[str]] = Future()
        with self._lock:
            if self._parent != os.getpid():
                self._parent, self._child, self._reading = os.getpid(), None, None
                atexit.register(self.close)
            if self._reading is not None and not self._reading.done():
                return None
            self._reading = reading
        request = _SIZE.pack(*grey.shape) + grey.tobytes()
        # A daemon: the end of this process must not wait for the child.
        threading.Thread(target=self._answer, args=(request, reading), name="ocr", daemon=True).start()
        try:
            return reading.result(timeout=seconds)
        except (OSError, EOFError, ValueError, TimeoutError):
            return None

    def close(self) -> None:
        """End the child, if there is one."""
        child = self._child
        if child is not None and self._parent == os.getpid():
            child.kill()
            child.wait()

    def _answer(self, request: bytes, reading: "Future[list[str]]") -> None:
        try:
            reading.set_result(self._ask(request))
        except (OSError, EOFError, ValueError) as error:
            reading.set_exception(error)

    def _ask(self, request: bytes) -> list[str]:
        child = self._running()
        watch = threading.Timer(_MOST_SECONDS, child.kill)
        watch.daemon = True
        watch.start()
        try:
            if child.stdin is None or child.stdout is None:
                raise EOFError("the child has no pipes")
            child.stdin.write(request)
            child.stdin.flush()
            (length,) = _LENGTH.unpack(_exactly(child.stdout, _LENGTH.size))
            return [str(line) for line in json.loads(_exactly(child.stdout, length))]
        except (OSError, EOFError, ValueError):
            self._child = None
            child.kill()
            child.communicate()
            raise
        finally:
            watch.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, on this file
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the engine says there what it loads
                start_new_session=True,  # an interrupt at the terminal is for the parent alone
            )
        return self._child


def _exactly(file: IO[bytes], length: int) -> bytes:
    """Read so many bytes.

    Raises:
        EOFError: The other end is gone.
    """
    data = file.read(length)
    if len(data) != length:
        raise EOFError("the other end is gone")
    return data


def _serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    from rapidocr import RapidOCR  # noqa: PLC0415 - never in the parent

    engine: Any = RapidOCR(params=_OPTIONS)
    while True:
        try:
            height, width = _SIZE.unpack(_exactly(requests, _SIZE.size))
            grey = np.frombuffer(_exactly(requests, height * width), np.uint8).reshape(height, width, 1)
        except EOFError:
            return
        found = engine(grey.repeat(3, axis=2))
        read = zip(found.txts or (), found.scores or (), strict=True)
        lines = json.dumps([text for text, confidence in read if confidence >= _SURE]).encode()
        replies.write(_LENGTH.pack(len(lines)) + lines)
        replies.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
