"""The command line against servers that misbehave: each ends with a clear word, and can be resumed."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from calibration.cli import app
from calibration.image import Image, encode_png
from calibration.trials import read_trials

Answer = Callable[[str], tuple[int, str | bytes]]  # prompt -> status, content of the message or a whole body


@contextmanager
def server(answer: Answer, port: int) -> Iterator[str]:
    """Serve chat completions; yield the observer's SPEC."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            prompt = next(p["text"] for p in request["messages"][0]["content"] if p["type"] == "text")
            status, content = answer(prompt)
            message = {"role": "assistant", "content": content}
            body = (
                content
                if isinstance(content, bytes)
                else json.dumps({"choices": [{"message": message}]}).encode()
            )
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Stay quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"openai:odd@http://127.0.0.1:{listening.server_port}/v1"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        pixels = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
        (folder / f"{number}.png").write_bytes(encode_png(Image(pixels)))
    return folder


def calibrate(photos: Path, out: Path, answer: Answer, port: int = 0):
    """Run against a server at a free port, or at the one given: a session stays with its server."""
    with server(answer, port) as spec:
        options = [
            "run",
            "--observer",
            spec,
            "--images",
            photos,
            "--out",
            out,
            "--distortions",
            "noise",
            "--json",
        ]
        return CliRunner().invoke(app, [str(option) for option in options])


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def found(result) -> dict[str, object]:
    return json.loads(result.stdout)["distortions"]["noise"]


def words(result) -> str:
    return " ".join(result.stderr.split())


def affirm(prompt: str) -> str:
    """Say "different", whichever way the question is put."""
    return "No" if "identical" in prompt else "Yes"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda prompt: (200, affirm(prompt)), "unmeasurable"),
        (lambda prompt: (200, "Yes" if affirm(prompt) == "No" else "No"), "censored"),
        (lambda _: (200, "Yes"), "unmeasurable"),
        (lambda _: (200, "No"), "unmeasurable"),
    ],
    ids=["always different", "always same", "always yes", "always no"],
)
def test_a_model_that_cannot_be_measured_is_told_why(
    photos: Path, tmp_path: Path, answer: Answer, status: str
):
    result = calibrate(photos, tmp_path / "out", answer)

    profile = json.loads((tmp_path / "out" / "profile.json").read_text())
    assert found(result)["status"] == status
    assert profile["distortions"]["noise"]["reason"]
    assert result.exit_code == (1 if status == "unmeasurable" else 0)
    assert len(read_trials(tmp_path / "out" / "trials.jsonl")) == 25


@pytest.mark.parametrize(
    "reply",
    ["What a lovely pair of photographs of a door.", "I'm sorry, I can't help with that.", ""],
    ids=["prose", "refusal", "nothing"],
)
def test_a_model_whose_replies_cannot_be_read_ends_the_run_early_and_is_quoted(
    photos: Path, tmp_path: Path, reply: str
):
    result = calibrate(photos, tmp_path / "out", lambda _: (200, reply))

    assert result.exit_code == 1
    assert "stopped early: 0 of 20 replies could be read as yes or no" in words(result)
    assert words(result).count(f'"{reply[:20]}') >= 3
    assert len(read_trials(tmp_path / "out" / "trials.jsonl")) == 20


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (429, b"slow down", "HTTP 429"),
        (500, b"oops", "HTTP 500"),
        # without a retry-after it takes the observer's own patience to give up
        pytest.param(200, b"{not json", "not JSON", marks=pytest.mark.slow),
        pytest.param(200, b"[]", "not a chat completion", marks=pytest.mark.slow),
        (401, b'{"error": {"message": "wrong key"}}', "refused with HTTP 401: wrong key"),
        (404, b'{"error": {"message": "no such model"}}', "refused with HTTP 404: no such model"),
    ],
)
def test_a_server_that_gives_no_answer_ends_the_run_with_its_own_words_and_can_be_resumed(
    photos: Path, tmp_path: Path, status: int, body: bytes, said: str
):
    left = 7

    def fails_after_some(prompt: str) -> tuple[int, str | bytes]:
        nonlocal left
        left -= 1
        return (200, affirm(prompt)) if left > 0 else (status, body)

    port = free_port()
    cut = calibrate(photos, tmp_path / "out", fails_after_some, port)
    kept = read_trials(tmp_path / "out" / "trials.jsonl")
    elsewhere = calibrate(photos, tmp_path / "out", lambda prompt: (200, affirm(prompt)))
    resumed = calibrate(photos, tmp_path / "out", lambda prompt: (200, affirm(prompt)), port)

    assert cut.exit_code == 1
    assert said in words(cut)
    assert elsewhere.exit_code != 0
    assert "address" in words(elsewhere)
    assert cut.stdout == ""
    assert 0 < len(kept) <= 6
    trials = read_trials(tmp_path / "out" / "trials.jsonl")
    assert trials[: len(kept)] == kept
    assert len(trials) == 25
    assert found(resumed)["n_queries"] == 25
