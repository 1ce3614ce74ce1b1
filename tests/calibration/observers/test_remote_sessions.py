"""Whole runs of the command line against servers that answer as today's reasoning models do."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from typer.testing import CliRunner, Result

from calibration.cli import app
from calibration.image import Image, encode_png
from calibration.profile import load_profile
from calibration.trials import read_trials

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, peer, monkeypatch: pytest.MonkeyPatch) -> Run:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        pixels = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
        (photos / f"{number}.png").write_bytes(encode_png(Image(pixels)))
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    monkeypatch.setenv("GEMINI_BASE_URL", peer.address)

    def run(observer: str, *more: object) -> Result:
        arguments = ["run", "--observer", observer, "--images", photos, "--out", tmp_path / "out"]
        sized = ["--distortions", "blur", "--queries-per-threshold", 30, *more]
        return CliRunner().invoke(app, [str(argument) for argument in [*arguments, *sized]])

    return run


def gemini(body: dict[str, object], thought: int = 2000) -> dict[str, object]:
    """A Gemini that thinks for 2,000 tokens, as the limit allows."""
    limit = body["generationConfig"]["maxOutputTokens"]
    is_cut = limit < thought + 40
    candidate = {"finishReason": "MAX_TOKENS" if is_cut else "STOP", "content": {"role": "model"}}
    if not is_cut:
        candidate["content"] = {"role": "model", "parts": [{"text": "<yes> One is softer."}]}
    usage = {"promptTokenCount": 620, "thoughtsTokenCount": min(thought, limit), "candidatesTokenCount": 40}
    return {"candidates": [candidate], "usageMetadata": usage}


def chat(text: str = "<yes> Blurred.", tokens: int = 40) -> dict[str, object]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return {"choices": [choice], "usage": {"prompt_tokens": 600, "completion_tokens": tokens}}


def dollars(result: Result, pattern: str) -> float:
    found = re.search(pattern, result.stderr)
    assert found is not None, result.stderr
    return float(found[1])


def test_what_is_announced_for_a_thinking_model_is_near_what_is_spent(run: Run, peer, tmp_path: Path):
    peer.answer = gemini

    result = run("gemini:gemini-2.5-flash", "--price", "0.3/2.5")

    announced = dollars(result, r"about \$(\d+\.\d+)")
    spent = load_profile(tmp_path / "out").details["dollars"]
    trials = read_trials(tmp_path / "out" / "trials.jsonl")
    assert announced / 2 < spent < announced * 2
    assert len(trials) == 30
    assert all(trial.reply == "<yes> One is softer." for trial in trials)  # none was cut
    assert all(trial.tokens_out == 2040 * trial.questions for trial in trials)


@pytest.mark.parametrize("thought", [2000, 12_000])
def test_dollars_are_overspent_by_no_more_than_the_requests_in_flight(
    run: Run, peer, tmp_path: Path, thought: int
):
    peer.answer = lambda body: gemini(body, thought)
    peer.pause_seconds = 0.02

    result = run("gemini:gemini-2.5-flash", "--price", "1.25/10", "--budget", "$0.50")

    each = (620 * 1.25 + (thought + 40) * 10) / 1e6
    spent = len(peer.bodies) * each
    assert spent <= 0.50 + (2 * each if thought > 10_000 else 0)  # the first two, before their price is known
    assert spent >= 0.50 - 2 * each or len(peer.bodies) >= 30
    assert load_profile(tmp_path / "out").details["dollars"] == pytest.approx(spent)
    assert "is spent after" in result.stderr or len(peer.bodies) >= 30


def test_replies_far_longer_than_announced_are_told_with_what_they_come_to(run: Run, peer):
    peer.answer = lambda body: chat(tokens=900)  # noqa: ARG005

    result = run(f"openai:plain@{peer.address}/v1", "--price", "1/10")

    assert "replies take 900 tokens each so far, 80 were announced" in result.stderr
    assert result.stderr.count("replies take") == 1


def test_a_session_goes_on_with_the_same_server_alone(run: Run, peer, tmp_path: Path):
    peer.answer = lambda body: chat()  # noqa: ARG005
    spec = f"openai:m@{peer.address}/v1"
    assert run(spec, "--budget", 6).exit_code in (0, 1)

    elsewhere = run("openai:m@http://127.0.0.1:9/v1", "--budget", 12)
    otherwise = run(spec, "--budget", 12, "--effort", "low")
    again = run(f"{spec}/chat/completions", "--budget", 12)

    assert (elsewhere.exit_code, otherwise.exit_code) == (1, 1)
    assert "with other address" in elsewhere.stderr
    assert "with other effort" in otherwise.stderr
    assert again.exit_code in (0, 1)
    assert sum(trial.questions for trial in read_trials(tmp_path / "out" / "trials.jsonl")) == 12


def test_a_server_of_one_picture_is_told_noted_and_gone_on_with(run: Run, peer, tmp_path: Path):
    async def takes_one(request: web.Request) -> web.StreamResponse:
        if len(json.loads(await request.read())["messages"][0]["content"]) == 2:
            return web.json_response(chat())
        words = "At most 1 image(s) may be provided in one prompt."
        return web.json_response({"error": {"message": words}}, status=400)

    peer.script = [takes_one] * 40
    spec = f"openai:m@{peer.address}/v1"

    first = run(spec, "--budget", 6, "--workers", 1)
    second = run(spec, "--budget", 12)

    assert "two are shown side by side as one" in first.stderr.replace("\n", " ")
    assert json.loads((tmp_path / "out" / "session.json").read_text())["side_by_side"] is True
    assert load_profile(tmp_path / "out").details["side_by_side"] is True
    assert "error" not in second.stderr
    shown = [len(body["messages"][0]["content"]) for body in peer.bodies]
    assert shown[0] == 3
    assert set(shown[1:]) == {2}  # a run that goes on asks so from its first question


def test_retries_are_told_as_they_happen_and_summed_up(run: Run, peer, tmp_path: Path):
    peer.answer = lambda body: chat()  # noqa: ARG005
    peer.script = [(503, {"retry-after-ms": "1"}, "busy")] * 3
    spec = f"openai:m@{peer.address}/v1"

    told = run(spec, "--budget", 8)
    peer.script = [(429, {"retry-after-ms": "1"}, "slow")]
    record = run(spec, "--budget", 16, "--json")

    assert "warning: m: HTTP 503: busy" in told.stderr
    assert "asked again: HTTP 503 3 times" in told.stderr
    assert json.loads(record.stdout)["retries"] == {"HTTP 429": 1}
    assert load_profile(tmp_path / "out").details["retries"] == {"HTTP 429": 1}


def test_a_timeout_is_taken_from_the_command_line(run: Run, peer):
    async def dawdle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - the peer's signature
        await asyncio.sleep(1.5)
        return web.json_response(chat())

    peer.script = [dawdle]
    peer.answer = lambda body: chat()  # noqa: ARG005

    result = run(f"openai:m@{peer.address}/v1", "--timeout", 1, "--budget", 1)

    assert "no answer within 1 s" in result.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--effort", "hard"], "--effort none, minimal"),
        (["--thinking", "maybe"], "--thinking on, off"),
    ],
)
def test_what_cannot_be_understood_is_told_at_once(run: Run, peer, more: list[str], said: str):
    result = run(f"openai:m@{peer.address}/v1", *more)

    assert result.exit_code == 2
    assert said in result.stderr
    assert peer.bodies == []


def test_options_of_remote_models_are_refused_for_others(run: Run):
    result = run("simulated:threshold=20", "--effort", "low", "--max-tokens", 100)

    assert result.exit_code == 2
    assert "--max-tokens, --effort are for observers asked over HTTP" in result.stderr
