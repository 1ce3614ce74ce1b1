"""Run mozjpeg's lossless optimisation in a process of its own: on some hostile files it ends its process.

One child for each process, started when first needed and again after each such file. Run as a program, this
module is that child. Requests and replies are a length of four bytes and as many bytes; no bytes: it cannot.
"""

import atexit
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

_LENGTH = struct.Struct(">I")
_MOST_SECONDS = 60.0  # beyond, the child hangs


class MozjpegProcess:
    """The child, and who may speak to it: one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = 0  # a fork of this process must not speak to the same child

    def optimize(self, data: bytes) -> bytes | None:
        """Return the JPEG with better entropy coding and no metadata; None where mozjpeg cannot."""
        with self._lock:
            child = self._running()
            watch = threading.Timer(_MOST_SECONDS, child.kill)
            watch.start()
            try:
                return _ask(child, data) or None
            except (OSError, EOFError):
                self._end()
                return None
            finally:
                watch.cancel()

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._parent != os.getpid():
            self._parent = os.getpid()
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, on this file
                [sys.executable, "-I", str(Path(__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # mozjpeg says there what is wrong with a picture
                start_new_session=True,  # an interrupt at the terminal is for the parent alone
            )
            atexit.register(self.close)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and self._parent == os.getpid():
            child.kill()
            child.communicate()
            atexit.unregister(self.close)


def _ask(child: "subprocess.Popen[bytes]", data: bytes) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise EOFError("the child has no pipes")
    _write(child.stdin, data)
    return _read(child.stdout)


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    file.flush()


def _read(file: IO[bytes]) -> bytes:
    """Read one message.

    Raises:
        EOFError: The other end is gone.
    """
    head = file.read(_LENGTH.size)
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = file.read(length)
        if len(data) == length:
            return data
    raise EOFError("the other end is gone")


def _serve(requests: IO[bytes], replies: IO[bytes]) -> None:
    from mozjpeg_lossless_optimization import optimize  # noqa: PLC0415 - never in the parent

    while True:
        try:
            data = _read(requests)
        except EOFError:
            return
        try:
            _write(replies, optimize(data))
        except ValueError:
            _write(replies, b"")


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
