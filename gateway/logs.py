"""Write logs to stderr, one JSON object a line: requests, and everything else with its level and source.

Lines of requests are gathered for a tenth of a second and written together: a write for each would cost more
than the whole accounting. What is gathered goes out before anything else is told, and at exit.
"""

import io
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator

import orjson

_REQUESTS = "gateway.access"  # the logger whose messages are JSON already
_GATHERING_SECONDS = 0.1
_ATOMIC_BYTES = 4096  # of one write to a pipe (POSIX): lines of several processes do not mix below it


def configure_logging() -> None:
    """Set up logging for a serving process; called once, by the command line."""
    handler = GatheringHandler(sys.stderr.fileno())
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What no line tells need not be found out for each: the ways logging's manual gives.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class JsonLines(logging.Formatter):
    """Formats a record as JSON; those of the access log are JSON already."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        if record.name == _REQUESTS:
            return str(record.msg)
        fields: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "source": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str).decode()


class GatheringHandler(logging.Handler):
    """Writes lines to a file descriptor, many at a time, from a thread of its own."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: deque[str] = deque()  # whose two ends are safe among threads
        self._writing = threading.Lock()
        self._has_lines = threading.Event()
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._start_over)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a request's line for the next write; anything else goes out at once."""
        self._lines.append(self.format(record))
        if record.name != _REQUESTS:
            self.flush()
        elif not self._has_lines.is_set():
            self._has_lines.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_now_and_then, name="logs", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Write everything gathered."""
        with self._writing:
            for piece in _pieces(self._lines):
                _write_all(self._descriptor, piece)

    def _write_now_and_then(self) -> None:
        while True:
            self._has_lines.wait()
            time.sleep(_GATHERING_SECONDS)
            self._has_lines.clear()
            self.flush()

    def _start_over(self) -> None:
        """Forget the thread, and lines that are the parent's, in a forked child."""
        self._lines = deque()
        self._writing = threading.Lock()
        self._has_lines = threading.Event()
        self._thread = None


def _pieces(lines: deque[str]) -> Iterator[bytes]:
    """Take lines away, and join whole ones up to what a pipe takes at once."""
    piece = io.BytesIO()
    while lines:
        encoded = lines.popleft().encode("utf-8", "backslashreplace") + b"\n"
        if piece.tell() and piece.tell() + len(encoded) > _ATOMIC_BYTES:
            yield piece.getvalue()
            piece = io.BytesIO()
        piece.write(encoded)
    if piece.tell():
        yield piece.getvalue()


def _write_all(descriptor: int, data: bytes) -> None:
    """Write, in as many steps as it takes; whoever closed our stderr does not want to read it."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return
