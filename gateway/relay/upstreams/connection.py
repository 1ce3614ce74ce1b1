"""One HTTP/1.1 connection to an upstream: a request out, its answer in, byte for byte.

The parser is llhttp's; what is ours is what proxies need and client libraries do not offer: an answer that
comes before the body is sent reaches the caller, even when the upstream resets the connection behind it;
headers of any number; nothing is ever sent twice.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import cast

import httptools

from gateway.errors import (
    GatewayError,
    UpstreamGarbledError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from gateway.relay.upstreams.answer import NO_BODY, Answer, Headers
from gateway.relay.upstreams.upload import AT_ONCE_BYTES, Body, Upload, Whole

# No upstream gives up an idle connection so soon; one that ends it at once says so in its answer.
_SURELY_ALIVE_SECONDS = 0.05


class Connection(asyncio.Protocol):
    """Answers one request at a time."""

    def __init__(self, place: str, sock: socket.socket, max_header_bytes: int) -> None:
        """Use a connected socket; `place` is the upstream's host and port, for messages."""
        self._place = place
        self._sock = sock
        self._max_header_bytes = max_header_bytes
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._answer: Answer | None = None
        self._on_free: Callable[[Connection], None] = _forget
        self._upload: Upload | None = None
        self._is_keepable = True
        self._ends_with_connection = False
        self._is_in_head = True
        self._head_bytes = 0
        self._headers: Headers = []
        self._transport: asyncio.Transport
        self.active_at = 0.0  # loop time of the last sign of life
        self.is_lost = False  # closed, and nothing of it is left

    @property
    def is_keepable(self) -> bool:
        """Whether nothing speaks against another request on this connection."""
        return self._is_keepable and not self._transport.is_closing()

    @property
    def silent_seconds(self) -> float:
        """How long ago the last sign of life was."""
        return self._loop.time() - self.active_at

    def rest(self) -> None:
        """Count the time without use from now on."""
        self.active_at = self._loop.time()

    @property
    def is_alive(self) -> bool:
        """Whether another request can be sent: nothing has come, not even an end, since the last answer."""
        if not self.is_keepable:
            return False
        if self.silent_seconds < _SURELY_ALIVE_SECONDS:
            return True
        try:
            self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def ask(
        self,
        head: bytes,
        body: Body,
        *,
        is_chunked: bool,
        has_answer_body: bool,
        on_free: Callable[["Connection"], None],
    ) -> Answer:
        """Send a request and wait for the head of its answer; the answer's `close` frees the connection.

        Raises:
            UpstreamUnreachableError: The connection broke.
            UpstreamTimeoutError: No answer in time.
            UpstreamGarbledError: An answer that is not HTTP.
        """
        self._on_free = on_free
        answer = self._answer = Answer(
            has_body=has_answer_body, on_end=self._release, on_drained=self._drained, loop=self._loop
        )
        self.active_at = self._loop.time()
        try:
            if body is None:
                self._transport.write(head)
            elif isinstance(body, Whole) and len(body) <= AT_ONCE_BYTES:
                self._transport.writelines((head, body))
            else:
                self._upload = Upload(self._transport, self._sock, answer, self._upload_ended)
                self._upload.start(head, body, is_chunked=is_chunked)
            await answer.head()
        except BaseException:
            self.close()
            self._release()
            raise
        return answer

    def close(self) -> None:
        """Break the connection off; whatever is under way has failed."""
        self._is_keepable = False
        if self._answer is None:
            # Closed twice, a TLS transport of Python 3.11.2 forgets what `break_off` still has to abort.
            if not self._transport.is_closing():
                self._transport.close()
        else:
            self._transport.abort()  # what was not sent yet must not keep the connection open

    def break_off(self) -> None:
        """Close without a farewell, which TLS would wait for."""
        self._is_keepable = False
        self._transport.abort()

    def time_out(self, now: float, seconds: float) -> None:
        """Fail the answer if the upstream has been silent for too long although it was its turn."""
        answer = self._answer
        is_silent = answer is not None and not answer.is_over and not answer.is_full
        is_its_turn = self._upload is None or not self._upload.waits_for_caller
        if answer is not None and is_silent and is_its_turn and now - self.active_at > seconds:
            message = f"{self._place} did not answer within {seconds:g} s"
            answer.fail(UpstreamTimeoutError(message), cut="upstream_timeout")
            self.close()

    def _release(self) -> None:
        """End the exchange: keep the connection only if both sides have said all."""
        answer, upload = self._answer, self._upload
        if answer is None:
            return
        if not answer.is_complete or (upload is not None and upload.is_open):
            self.close()
        elif answer.is_full:
            self._drained()  # nobody will take what is left: the next answer must not wait for that
        self._answer = self._upload = None
        if upload is not None:
            upload.close()
        self._on_free(self)

    def _upload_ended(self) -> None:
        """Fail the answer if the body could not be sent: a caller that hung up or fell silent, most often."""
        self.active_at = self._loop.time()
        if self._upload is None or self._upload.error is None or self._answer is None:
            return
        error = self._upload.error
        if not isinstance(error, GatewayError):
            error = UpstreamUnreachableError(f"the request could not be sent to {self._place}")
        self._answer.fail(error)
        self.close()

    # --- the transport's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self.active_at = self._loop.time()
        if self._answer is None or self._answer.is_over:
            self.close()  # nobody asked
            return
        if self._is_in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(UpstreamGarbledError(f"{self._place} wants to leave HTTP"))
        except httptools.HttpParserError as error:
            self._fail(_garbled(self._place, error))
        if self._is_in_head and self._head_bytes > self._max_header_bytes:
            self._fail(self._too_many_headers())

    def eof_received(self) -> None:
        """End the answer that lasts as long as the connection; any other has failed."""
        answer = self._answer
        if answer is not None and answer.has_begun and self._ends_with_connection:
            answer.end()
        self.connection_lost(None)
        self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the answer unless it is whole, or can be found among what was not read yet."""
        self.is_lost = True
        self._is_keepable = False
        self.resume_writing()
        answer = self._answer
        if answer is None or answer.is_over:
            return
        if error is not None:
            for data in self.left_over():
                self.data_received(data)
                if answer.is_over:
                    return
        answer.fail(UpstreamUnreachableError(f"{self._place} closed the connection without an answer"))

    def left_over(self) -> Iterator[bytes]:
        """Yield what arrived before the connection was reset, and was not read yet."""
        return self._upload.left_over() if self._upload is not None else iter(())

    def pause_writing(self) -> None:
        """Make the sender wait."""
        if self._upload is not None:
            self._upload.pause()

    def resume_writing(self) -> None:
        """Let the sender go on."""
        self.active_at = self._loop.time()
        if self._upload is not None:
            self._upload.resume()

    def _fail(self, error: GatewayError) -> None:
        if self._answer is not None:
            self._answer.fail(error)
        self.close()

    def _drained(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self.active_at = self._loop.time()

    def _too_many_headers(self) -> UpstreamGarbledError:
        return UpstreamGarbledError(
            f"the headers of {self._place} exceed upstream.max_header_bytes, {self._max_header_bytes}"
        )

    # --- the parser's calls

    def on_message_begin(self) -> None:
        """Never use a connection again that says more than it was asked."""
        if self._answer is None or self._answer.is_over:
            self._is_keepable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; fields of a trailer come after the body and are dropped, as RFC 9110 allows."""
        if self._is_in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin the answer, unless it is an interim one."""
        status = self._parser.get_status_code()
        headers, self._headers = self._headers, []
        if 100 <= status < 200 and status != 101:
            self._head_bytes = 0
            return
        answer = self._answer
        if answer is None or answer.is_over:
            return
        is_long = self._head_bytes > self._max_header_bytes  # with what came of the body, so look closer
        if is_long and sum(len(name) + len(value) for name, value in headers) > self._max_header_bytes:
            self._fail(self._too_many_headers())
            return
        self._is_in_head = False
        answer.has_body = answer.has_body and status not in NO_BODY
        self._is_keepable = self._is_keepable and self._parser.should_keep_alive()
        names = {name for name, _ in headers} if answer.has_body else set()
        self._ends_with_connection = answer.has_body and names.isdisjoint(
            {b"content-length", b"transfer-encoding"}
        )
        answer.begin(status, headers)
        if not answer.has_body:
            if status not in NO_BODY:
                self._is_keepable = False  # the parser would wait for the body that HEAD leaves out
            answer.end()

    def on_body(self, piece: bytes) -> None:
        """Pass a piece on."""
        answer = self._answer
        if answer is not None and answer.has_body and not answer.is_over:
            answer.add(piece)
            if answer.is_full:
                self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """End the answer, unless it was an interim one."""
        if self._is_in_head:
            return
        self._is_in_head = True
        self._head_bytes = 0
        if self._answer is not None and not self._answer.is_over:
            self._answer.end()


def _forget(_: Connection) -> None:
    """Nobody waits for this connection."""


def _garbled(place: str, error: Exception) -> UpstreamGarbledError:
    return UpstreamGarbledError(f"{place} did not answer in HTTP: {error}")
