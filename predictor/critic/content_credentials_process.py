"""Verify C2PA manifests in a process of its own: a library that hangs or crashes on such files is not ours.

One child for each process, started when first needed and again after each failure. Run as a program, this
module is that child; nothing is fetched from the network. A request is the list of trust, the media type and
the file, each behind its length of four bytes; a reply is JSON: what `c2pa.Reader` says, or {"error": why}.
"""

import atexit
import contextlib
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

_LENGTH = struct.Struct(">I")
_MOST_SECONDS = 10.0  # for loading the library and one file, and to wait for others before; beyond, it hangs
_MOST_MEMORY = 4 << 30  # bytes of address space of the child
_MOST_REPLY = 4 << 20  # bytes
_SETTINGS = {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}


def is_c2pa_installed() -> bool:
    """Tell whether the extra `provenance` is there; loads nothing of it."""
    try:
        return importlib.util.find_spec("c2pa") is not None
    except (ModuleNotFoundError, ValueError):  # from whoever else looks for modules here
        return False


class ContentCredentialsProcess:
    """The child, and who may speak to it: one thread at a time."""

    def __init__(
        self,
        command: tuple[str, ...] = (sys.executable, "-I", str(Path(__file__))),
        seconds: float = _MOST_SECONDS,
    ) -> None:
        """Take the command that starts a child, and how long one file may take."""
        self._command = command
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._parent = 0  # a fork of this process must not speak to the same child

    def read(self, data: bytes, media_type: str, trust_anchors: bytes = b"") -> dict[str, Any] | None:
        """Return what the library says of a file's manifest; None where it gave up, or there was no time.

        Args:
            data: The file.
            media_type: Of the file.
            trust_anchors: Certificates of those whose signatures are trusted, in PEM.
        """
        if not self._lock.acquire(timeout=self._seconds):
            return None
        try:
            return self._read((trust_anchors, media_type.encode(), data))
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._end()

    def _read(self, fields: tuple[bytes, ...]) -> dict[str, Any] | None:
        try:
            child = self._running()
        except OSError:
            return None
        watch = threading.Timer(self._seconds, child.kill)
        watch.daemon = True
        watch.start()
        try:
            return _ask(child, fields)
        except (OSError, EOFError, ValueError, RecursionError):
            self._end()
            return None
        finally:
            watch.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._parent != os.getpid():
            self._parent = os.getpid()
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter, on this file
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
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


def _ask(child: "subprocess.Popen[bytes]", fields: tuple[bytes, ...]) -> dict[str, Any]:
    if child.stdin is None or child.stdout is None:
        raise EOFError("the child has no pipes")
    for field in fields:
        _write(child.stdin, field)
    told = json.loads(_read(child.stdout))
    if not isinstance(told, dict):
        raise ValueError("expected an object")
    return told


def _write(file: IO[bytes], data: bytes) -> None:
    file.write(_LENGTH.pack(len(data)))
    file.write(data)
    file.flush()


def _read(file: IO[bytes]) -> bytes:
    """Read one field.

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
    _limit_memory()
    while True:
        try:
            anchors, media_type, data = _read(requests), _read(requests), _read(requests)
        except EOFError:
            return
        reply = _said(data, media_type.decode(), anchors.decode(errors="replace")).encode()
        _write(replies, reply if len(reply) <= _MOST_REPLY else b'{"error": "the manifest is too long"}')


def _said(data: bytes, media_type: str, anchors: str) -> str:
    import c2pa  # noqa: PLC0415 - never in the parent

    settings: dict[str, Any] = {"verify": _SETTINGS}
    if anchors:
        settings["trust"] = {"trust_anchors": anchors}
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(settings))
        with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            return str(reader.json())
    except c2pa.C2paError as error:
        return json.dumps({"error": str(error)})


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
