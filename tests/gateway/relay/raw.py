"""Raw sockets for tests: an upstream that answers with given bytes, a caller that sends them."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket], None]


@dataclass
class RawUpstream:
    """Runs one behaviour per connection; remembers everything it received."""

    port: int
    connections: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def raw_upstream(behave: Behaviour) -> Iterator[RawUpstream]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    found = RawUpstream(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=run, args=(connection,), daemon=True).start()

    def run(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            behave(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield found
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_head(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return received
        received += piece
    return received


def answering(answer: bytes) -> Behaviour:
    """Read one head and a body of known length, send the answer, and keep the connection for the next."""

    def behave(connection: socket.socket) -> None:
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                piece = connection.recv(65536)
                if not piece:
                    return
                received += piece
            head, _, received = received.partition(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            while len(received) < length:
                received += connection.recv(65536)
            received = received[length:]
            connection.sendall(answer)

    return behave


def call(port: int, sent: bytes, *, timeout: float = 5) -> bytes:
    """Send bytes, and return everything that comes until the server closes or is silent for half a second."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        client.sendall(sent)
        client.settimeout(0.5)
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while piece := client.recv(65536):
                received += piece
        return received
