"""Model servers of other people behind the gateway: `transformers serve`, the shapes of Ollama and llama.cpp.

The last two are stood in for by servers that answer as they do, to the byte, and read only the pictures that
they can read.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from skimage.data import astronaut

from calibration.image import Image, center_square, decode, encode_png
from calibration.observers.embedded.observer import MODEL_FOLDER
from gateway.demo.services import Service, free_port, own_command, serving
from tests.walkthrough.peer_programs import images_seen, running_gateway

pytestmark = pytest.mark.peers

OLLAMA_STREAM = b"".join(
    json.dumps(line).encode() + b"\n"
    for line in (
        *(
            {
                "model": "llava",
                "created_at": "2026-11-29T01:00:00.123456789Z",
                "message": {"role": "assistant", "content": word},
                "done": False,
            }
            for word in (" A", " quiet", " lake", ".")
        ),
        {
            "model": "llava",
            "created_at": "2026-11-29T01:00:01Z",
            "message": {"role": "assistant", "content": ""},
            "done_reason": "stop",
            "done": True,
            "total_duration": 1047000000,
            "load_duration": 1000000,
            "prompt_eval_count": 7,
            "prompt_eval_duration": 1000000,
            "eval_count": 4,
            "eval_duration": 1000000,
        },
    )
)
OLLAMA_MISSING = b'{"error":"model \'none\' not found"}'
LLAMA_ANSWER = json.dumps(
    {
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "message": {"role": "assistant", "content": "A quiet lake.", "reasoning_content": "hm"},
            }
        ],
        "created": 1,
        "model": "m.gguf",
        "system_fingerprint": "b1-abc",
        "object": "chat.completion",
        "usage": {"completion_tokens": 4, "prompt_tokens": 7, "total_tokens": 11},
        "id": "chatcmpl-1",
        "timings": {"cache_n": 0, "prompt_n": 7, "prompt_ms": 12.5, "predicted_per_second": 81.25},
    }
).encode()
LLAMA_STREAM = (
    b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]}\n\n'
    b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"A quiet lake."}}]}\n\n'
    b'data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"timings":{"predicted_n":4}}\n\n'
    b"data: [DONE]\n\n"
)
LLAMA_BAD_IMAGE = b'{"error":{"code":400,"message":"Failed to load image","type":"invalid_request_error"}}'
LLAMA_LOADING = b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'


class ModelServer(BaseHTTPRequestHandler):
    """Answers as Ollama below /api/, as llama.cpp elsewhere."""

    protocol_version = "HTTP/1.1"
    formats: list[str]  # of the pictures that arrived

    def do_GET(self) -> None:
        if self.path == "/health":
            self._say(503, LLAMA_LOADING)
        else:
            self._say(200, b'{"models":[{"name":"llava:latest","size":4733363377}]}')

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/chat":
            self._ollama(asked)
        else:
            self._llama(asked)

    def _ollama(self, asked: dict[str, Any]) -> None:
        if asked["model"] == "none":
            self._say(404, OLLAMA_MISSING)
            return
        self.formats += [self._format(data) for turn in asked["messages"] for data in turn.get("images", ())]
        self._say(200, OLLAMA_STREAM, "application/x-ndjson")

    def _llama(self, asked: dict[str, Any]) -> None:
        for turn in asked["messages"]:
            parts = turn["content"] if isinstance(turn["content"], list) else []
            urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
            self.formats += [self._format(url.partition(",")[2]) for url in urls]
        if set(self.formats) - {"png", "jpeg", "gif"}:  # stb_image reads no WebP
            self._say(400, LLAMA_BAD_IMAGE)
        elif asked.get("stream"):
            self._say(200, LLAMA_STREAM, "text/event-stream")
        else:
            self._say(200, LLAMA_ANSWER)

    def _format(self, data: str) -> str:
        return decode(base64.b64decode(data, validate=True)).source.format

    def _say(self, status: int, body: bytes, media_type: str = "application/json; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def model_server() -> Iterator[tuple[str, list[str]]]:
    """Serve on a free port; return the address and the formats of the pictures that will have come."""
    formats: list[str] = []
    handler = type("Handler", (ModelServer,), {"formats": formats})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", formats
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, list[str]]]:
    with model_server() as (address, formats):
        upstream = {"base_url": f"{address}/v1", "provider": "auto"}
        folder = tmp_path_factory.mktemp("gateway")
        with running_gateway(folder, address, upstream=upstream) as gateway:
            yield gateway, formats


@pytest.fixture
def served(running: tuple[Service, list[str]]) -> tuple[Service, list[str]]:
    running[1].clear()
    return running


def ask(gateway: Service, path: str, asked: dict[str, Any] | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST" if asked else "GET", path, json.dumps(asked) if asked else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def photograph() -> bytes:
    return encode_png(Image(np.ascontiguousarray(astronaut()[:240, :320])))


def shown_to_openai(data: bytes) -> list[dict[str, Any]]:
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


def test_ollama_answers_come_through_to_the_byte(served):
    gateway, formats = served
    before = images_seen(gateway)
    images = [base64.b64encode(photograph()).decode()]
    turns = [{"role": "user", "content": "Where?", "images": images}]

    answered = ask(gateway, "/ollama/api/chat", {"model": "llava", "messages": turns})

    assert answered == (200, OLLAMA_STREAM)
    assert len(formats) == 1
    assert images_seen(gateway) == before + 1


def test_ollama_errors_and_lists_come_through_to_the_byte(served):
    gateway, _ = served

    missing = ask(gateway, "/ollama/api/chat", {"model": "none", "messages": []})

    assert missing == (404, OLLAMA_MISSING)
    assert ask(gateway, "/ollama/api/tags")[0] == 200


def test_llama_cpp_gets_pictures_it_can_read(served):
    gateway, formats = served
    before = images_seen(gateway)

    answered = ask(gateway, "/v1/chat/completions", {"model": "m", "messages": shown_to_openai(photograph())})

    assert answered == (200, LLAMA_ANSWER)
    assert formats == ["png"]
    assert images_seen(gateway) == before + 1


def test_llama_cpp_streams_come_through_to_the_byte(served):
    gateway, _ = served
    turns = [{"role": "user", "content": "Where?"}]

    answered = ask(gateway, "/v1/chat/completions", {"model": "m", "stream": True, "messages": turns})

    assert answered == (200, LLAMA_STREAM)


def test_transformers_serve_replies_the_same_through_the_gateway(tmp_path: Path):
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    offline = ["env", "HF_HUB_OFFLINE=1", f"HF_HOME={tmp_path}"]
    command = [*offline, own_command("transformers"), "serve", str(MODEL_FOLDER), *options]
    log = tmp_path / "serve.log"
    turns = shown_to_openai(encode_png(center_square(Image(astronaut()), 96)))
    turns[0]["content"].append({"type": "text", "text": "What do you see?"})

    def replies(address: str) -> tuple[str | None, str]:
        direct = openai.DefaultHttpxClient(trust_env=False)
        with openai.OpenAI(
            base_url=f"{address}/v1", api_key="k", max_retries=0, http_client=direct
        ) as client:
            asked = {"model": str(MODEL_FOLDER), "messages": turns, "temperature": 0}
            whole = client.chat.completions.create(**asked).choices[0].message.content
            stream = client.chat.completions.create(**asked, stream=True)
            words = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
            return whole, "".join(words)

    with serving("serve", command, port=port, ready_path="/health", log=log, timeout_seconds=120) as server:
        models = {str(MODEL_FOLDER): "embedded"}
        with running_gateway(tmp_path, server.address, models=models) as gateway:
            through, direct = replies(gateway.address), replies(server.address)

            assert through == direct
            assert through[0]
            assert images_seen(gateway) == 2
