"""An upstream that answers, fails or hangs up as told, and a caller that sends every kind of picture."""

import base64
import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import PIL.Image
import PIL.ImageFilter

from calibration.image import Image, encode_png, load
from gateway.demo.pictures import bundled_photograph, edit_locally

FAIL, HANG_UP, STREAM = "fail, please", "hang up, please", "stream, please"
KEY, OTHER_KEY = "k-acme", "k-globex"  # of clients that the gateway's settings name
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
}


class Upstream(BaseHTTPRequestHandler):
    """A model's API, as simple as it can be."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if HANG_UP in body:
            self.close_connection = True
            return
        if STREAM in body:
            self._stream()
            return
        status = 500 if FAIL in body else 200
        answer = json.dumps({"error": {"message": "as told"}} if status == 500 else ANSWER).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *_):
        """Stay quiet."""


@contextlib.contextmanager
def running_upstream() -> Iterator[int]:
    """Serve on a free port and tell which."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(
    port: int,
    *,
    text: str = "What is this?",
    picture: bytes | None = None,
    model: str = "gpt-4o",
    policy: str | None = None,
    key: str = KEY,
) -> int:
    """Ask for a chat completion and return the status."""
    content: list[dict] = [{"type": "text", "text": text}]
    if picture is not None:
        url = "data:image/png;base64," + base64.b64encode(picture).decode()
        content.append({"type": "image_url", "image_url": {"url": url}})
    headers = {"authorization": f"Bearer {key}"}
    return _post(port, model, content, headers | ({} if policy is None else {"x-jnd-policy": policy}))


def _post(port: int, model: str, content: list[dict], headers: dict[str, str]) -> int:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": content}]})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(
            "POST", "/v1/chat/completions", body, {"content-type": "application/json"} | headers
        )
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def send_jpeg(port: int, picture: bytes | None, *, key: str = KEY) -> None:
    """Send one request that must be answered, with a JPEG or without."""
    content: list[dict] = [{"type": "text", "text": "What is this?"}]
    if picture is not None:
        url = "data:image/jpeg;base64," + base64.b64encode(picture).decode()
        content.append({"type": "image_url", "image_url": {"url": url}})
    assert _post(port, "gpt-4o", content, {"authorization": f"Bearer {key}"}) == 200


def photographs() -> Iterator[Image]:
    """Return ever new cuts of real photographs, so that no answer comes from a cache."""
    originals = [load(bundled_photograph("skimage", name)) for name in ("coffee.png", "astronaut.png")]
    for offset in range(0, 40):
        original = originals[offset % len(originals)]
        yield Image(
            np.ascontiguousarray(original.pixels[offset : offset + 340, 2 * offset : 2 * offset + 420])
        )


def one_soft_picture(port: int, photograph: Image, *, key: str = KEY) -> None:
    """Send a picture so soft that tier lean shows it smaller, for fewer tokens."""
    large = PIL.Image.fromarray(photograph.pixels).resize((560, 450))
    soft = large.filter(PIL.ImageFilter.GaussianBlur(6))
    assert send(port, picture=encode_png(Image(np.asarray(soft))), key=key) == 200


def one_round(port: int, photograph: Image) -> None:
    """Send one picture of every kind, and every way an upstream can fail."""
    clean = encode_png(photograph)
    edited = encode_png(edit_locally(photograph, strength=5, center=(0.5, 0.5), radius=0.12))
    assert send(port, picture=clean) == 200
    assert send(port, picture=edited) == 200
    assert send(port, picture=clean, policy="watch") == 200
    assert send(port, picture=clean) == 200
    assert send(port, text=STREAM) == 200
    assert send(port, picture=clean[: len(clean) // 2]) == 200
    assert send(port, model="unheard-of") == 200
    assert send(port, text=FAIL) == 500
    assert send(port, text=HANG_UP) == 502
