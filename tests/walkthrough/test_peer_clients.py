"""Clients of other people talk through the gateway to an API that takes only what their own SDKs would send.

Run by `make peers`, which installs them in environments of their own.
"""

import base64
import gzip
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from calibration.image import Image, encode_png
from gateway.demo.services import Service
from tests.walkthrough.peer_programs import images_seen, peer, running_gateway
from tests.walkthrough.strict_upstream import WORDS, Api, strict_upstream

pytestmark = pytest.mark.peers

CLIENTS = Path(__file__).parent / "clients"
SENTENCE = "".join(WORDS)
SIZE = (320, 240)


@dataclass(frozen=True)
class Bench:
    """A gateway between a client and an API."""

    gateway: Service
    api: Api
    picture: Path

    def run(self, command: Sequence[str | Path], *, folder: Path, **environment: str) -> str:
        """Run a client to its end; return its standard output."""
        changed = {"NO_PROXY": "*", "LANGSMITH_TRACING": "false"} | environment
        told = subprocess.run(
            ["env", *(f"{name}={value}" for name, value in changed.items()), *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert told.returncode == 0, (told.stderr[-3000:], self.api.faults)
        assert self.api.faults == []
        return told.stdout


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("clients")
    picture = folder / "picture.png"
    picture.write_bytes(encode_png(photograph()))
    with strict_upstream() as api, running_gateway(folder, api.address) as gateway:
        yield Bench(gateway, api, picture)


@pytest.fixture
def bench(servers: Bench) -> Bench:
    for remembered in (servers.api.asked, servers.api.headers, servers.api.faults, servers.api.pictures):
        remembered.clear()
    return servers


def photograph() -> Image:
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    noise = np.random.default_rng(0).integers(0, 24, rows.shape)
    channels = [rows + noise, columns // 2 + noise, 200 - rows // 2 + noise]
    return Image(np.stack(channels, axis=2).clip(0, 255).astype(np.uint8))


def is_the_picture(told: str) -> bool:
    """Tell whether an answer gives the picture's size, or that of a smaller version of the same shape."""
    width, height = map(int, told.split(" x "))
    return width <= SIZE[0] and abs(width / height - SIZE[0] / SIZE[1]) < 0.02


def test_langchain(bench: Bench, tmp_path: Path):
    before = images_seen(bench.gateway)
    command = [peer("clients", "bin", "python"), CLIENTS / "langchain_client.py"]

    told = json.loads(bench.run([*command, bench.gateway.address, bench.picture], folder=tmp_path))

    assert told["plain"] == told["claude"] == told["claude_stream"] == SENTENCE
    assert told["stream"] == list(WORDS)
    assert is_the_picture(told["picture"]) and is_the_picture(told["tool_picture"])
    assert images_seen(bench.gateway) == before + 2


def test_pydantic_ai(bench: Bench, tmp_path: Path):
    before = images_seen(bench.gateway)
    command = [peer("clients", "bin", "python"), CLIENTS / "pydantic_ai_client.py"]

    told = json.loads(bench.run([*command, bench.gateway.address, bench.picture], folder=tmp_path))

    assert told["plain"] == told["claude"] == SENTENCE
    assert told["stream"] == list(WORDS)
    shown = [told[name] for name in ("picture", "tool_picture", "claude_tool_picture")]
    assert all(map(is_the_picture, shown))
    assert images_seen(bench.gateway) == before + 3


def test_vercel_ai_sdk(bench: Bench):
    before = images_seen(bench.gateway)
    command = ["node", CLIENTS / "vercel_ai.mjs", bench.gateway.address, bench.picture]

    told = json.loads(bench.run(command, folder=peer("npm")))

    assert told["plain"] == told["claude"] == SENTENCE
    assert told["stream"] == list(WORDS)
    shown = [told[name] for name in told if name.endswith("picture")]
    assert len(shown) == 4 and all(map(is_the_picture, shown))
    assert images_seen(bench.gateway) == before + 4


def test_llm_command_line(bench: Bench, tmp_path: Path):
    model = {"model_id": "ours", "model_name": "m", "vision": True, "api_base": f"{bench.gateway.address}/v1"}
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps([model]))
    llm = [peer("clients", "bin", "llm"), "-m", "ours", "--key", "k"]

    def told(*arguments: str | Path) -> str:
        return bench.run([*llm, *arguments], folder=tmp_path, LLM_USER_PATH=str(tmp_path)).strip()

    assert told("Where?", "--no-stream") == SENTENCE
    assert told("Where?") == SENTENCE
    assert is_the_picture(told("How large?", "--no-stream", "-a", bench.picture))
    assert len(bench.api.pictures) == 1


CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Where?"}]})


@pytest.fixture
def curl(bench: Bench, tmp_path: Path):
    program = shutil.which("curl")
    assert program, "curl is not installed: apt-get install curl"
    headers = ("-H", "content-type: application/json", "-H", "authorization: Bearer k")

    def run(*arguments: str, body: bytes = CHAT.encode(), path: str = "/v1/chat/completions") -> str:
        sent = tmp_path / "body"
        sent.write_bytes(body)
        command = [program, "-sS", "--fail-with-body", *headers, "--data-binary", f"@{sent}", *arguments]
        return bench.run([*command, bench.gateway.address + path], folder=tmp_path)

    return run


def sentence_of(answer: str) -> str:
    return str(json.loads(answer)["choices"][0]["message"]["content"])


def test_curl_sends_chunks(curl, bench: Bench):
    assert sentence_of(curl("-H", "transfer-encoding: chunked")) == SENTENCE
    assert bench.api.asked == [json.loads(CHAT)]


def test_curl_sends_gzip(curl, bench: Bench):
    answer = curl("-H", "content-encoding: gzip", body=gzip.compress(CHAT.encode()))

    assert sentence_of(answer) == SENTENCE
    assert bench.api.asked == [json.loads(CHAT)]


def test_a_picture_in_a_body_of_gzip_is_looked_into(curl, bench: Bench):
    before = images_seen(bench.gateway)
    url = "data:image/png;base64," + base64.b64encode(bench.picture.read_bytes()).decode()
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]})

    answer = curl("-H", "content-encoding: gzip", body=gzip.compress(body.encode()))

    assert is_the_picture(sentence_of(answer))
    assert images_seen(bench.gateway) == before + 1


def test_curl_that_waits_for_continue_need_not_wait_long(curl, bench: Bench):
    long = CHAT[:-1] + " " * 2_000_000 + "}"
    began = time.monotonic()

    answer = curl("-H", "expect: 100-continue", "--expect100-timeout", "30", body=long.encode())

    assert sentence_of(answer) == SENTENCE
    assert time.monotonic() - began < 20
    assert "expect" not in bench.api.headers[-1]


def test_curl_of_http_1_0_gets_answers_without_chunks(curl):
    answer = curl("--http1.0", "-i")

    head, _, body = answer.partition("\n\n") if "\r\n\r\n" not in answer else answer.partition("\r\n\r\n")
    assert "transfer-encoding" not in head.lower()
    assert sentence_of(body) == SENTENCE


def test_curl_of_http_1_0_gets_streams_to_their_end(curl):
    body = json.dumps(json.loads(CHAT) | {"stream": True})

    answer = curl("--http1.0", "-N", body=body.encode())

    assert answer.endswith("data: [DONE]\n\n")
    assert [word for word in WORDS if json.dumps(word) in answer] == list(WORDS)


def test_curl_of_http_2_without_tls_is_answered_in_http_1_1(curl):
    assert sentence_of(curl("--http2")) == SENTENCE
