"""A real gateway with the shipped predictor, in front of a server of `jnd-calibrate serve`."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from calibration.image import Image, decode, encode_png
from calibration.observers.protocol import Query
from calibration.serve import build_app
from gateway.app import create_app
from gateway.assembly import load_pipeline
from gateway.compression.audit.ledger import FACTORS, Ledger
from gateway.relay.callers.http_server import server_config
from gateway.settings import Settings
from tests.gateway.conftest import Server, listening

PICTURES = [
    encode_png(Image(np.ascontiguousarray(data.chelsea()[20 * n : 20 * n + 64, 50 : 50 + 96])))
    for n in range(10)
]
TRIES = 400


class TextureModel:
    """Answers how much neighbouring pixels differ, which any loss changes; or always the same."""

    name = "m"

    def __init__(self) -> None:
        self.asked: list[str] = []  # prompts
        self.is_blind = False
        self.fails_from = 1_000  # questions

    def complete(self, queries: Sequence[Query]) -> list[str]:
        found = [np.diff(query.images[0].pixels[..., 1].astype(float), axis=1) for query in queries]
        textures = [float(np.abs(one).mean()) for one in found]
        self.asked += [query.prompt for query in queries]
        if len(self.asked) > self.fails_from:
            raise ValueError("out of memory")
        return ["a cat"] * len(queries) if self.is_blind else [f"{texture:.2f}" for texture in textures]

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def count_image_tokens(self, image: Image) -> int:
        return image.width


@pytest.fixture
def model() -> TextureModel:
    return TextureModel()


@pytest.fixture
def start(model: TextureModel, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A factory of gateways whose knob is turned too far; what they keep, they share."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(listening(build_app(model)))

        def begin(mode: str = "on", **audit: Any) -> Server:
            chosen = {"share": 1.0, "daily_budget": 100, "state": tmp_path / "state"} | audit
            settings = Settings(
                upstream={"base_url": f"http://127.0.0.1:{upstream.port}/v1", "provider": "openai"},
                models={"m": "embedded"},
                compression={"mode": mode, "tier": "lean", "max_probability": 0.9, "shadow_audit": chosen},
            )
            app = create_app(settings, load_pipeline(settings))
            config = server_config(app, settings, port=0, timeout_graceful_shutdown=1)
            return stack.enter_context(listening(app, config))

        yield begin


def settled(condition: Callable[[], bool]) -> bool:
    """Wait for what happens after an answer."""
    for _ in range(TRIES):
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_knob_turned_too_far_is_backed_off_until_answers_stay_and_a_restart_keeps_that(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel, tmp_path: Path
):
    gateway = start()
    sizes = []
    for turn, picture in enumerate(PICTURES):
        answer = gateway.chat(chat_body(picture))
        assert answer.status == 200
        sizes.append(int(answer.headers["x-jnd-bytes-saved"]))
        if Ledger(tmp_path / "state").of("m", "photograph") > 0:
            assert settled(lambda turn=turn: counted(gateway) == turn + 1)
        if Ledger(tmp_path / "state").of("m", "photograph") == 0:
            break

    left = Ledger(tmp_path / "state")
    asked = len(model.asked)
    again = start()
    after = again.chat(chat_body(PICTURES[0]))

    assert left.of("m", "photograph") == 0.0 and left.version("m") == f"photograph={len(FACTORS) - 1}"
    assert sizes[0] > 0
    assert (
        'jnd_policy_epoch{class="photograph",model="m"} 3.0' in gateway.ask("GET", "/metrics").body.decode()
    )
    assert 'jnd_policy_epoch{class="photograph",model="m"} 3.0' in again.ask("GET", "/metrics").body.decode()
    assert int(after.headers["x-jnd-bytes-saved"]) < sizes[0]
    assert json.loads(after.body)["choices"][0]["message"]["content"] == texture(PICTURES[0])
    assert len(model.asked) > asked


def test_answers_that_stay_the_same_are_counted_and_change_nothing(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel, tmp_path: Path
):
    model.is_blind = True
    gateway = start()

    for turn, picture in enumerate(PICTURES[:4]):
        gateway.chat(chat_body(picture))
        assert settled(lambda turn=turn: counted(gateway, "same") == turn + 1)

    assert Ledger(tmp_path / "state").entry("m", "photograph").answers == 4
    assert Ledger(tmp_path / "state").of("m", "photograph") == 1.0
    assert len(model.asked) == 8


def test_no_more_is_asked_in_a_day_than_the_budget_allows(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel
):
    gateway = start(daily_budget=4)

    for picture in PICTURES[:5]:
        gateway.chat(chat_body(picture))
        time.sleep(0.1)

    assert settled(lambda: gateway.metric("jnd_shadow_audit_budget_left") == 0)
    time.sleep(0.2)
    assert 5 < len(model.asked) <= 5 + 4


@pytest.mark.parametrize("more", [{"n": 2}, {"store": True}, {"stream": True}])
def test_requests_that_do_more_than_ask_are_never_repeated(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel, more: dict[str, Any]
):
    gateway = start()

    gateway.chat(chat_body(PICTURES[0], **more))
    time.sleep(0.3)

    assert len(model.asked) <= 1
    assert gateway.metric("jnd_shadow_audit_budget_left") == 100


def test_pictures_that_are_sent_as_they_came_and_a_share_of_none_ask_nothing(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel
):
    observing, unaudited = start("observe"), start(share=0.0)

    assert int(observing.chat(chat_body(PICTURES[0])).headers["x-jnd-would-save-bytes"]) > 0
    assert int(unaudited.chat(chat_body(PICTURES[0])).headers["x-jnd-bytes-saved"]) > 0
    time.sleep(0.3)

    assert len(model.asked) == 2


def test_an_answer_that_is_none_is_counted_and_the_caller_has_his(
    start: Callable[..., Server], chat_body: Callable[..., bytes], model: TextureModel, tmp_path: Path
):
    gateway = start()
    model.fails_from = 1

    answer = gateway.chat(chat_body(PICTURES[0]))

    assert answer.status == 200
    assert settled(lambda: counted(gateway, "unanswered") == 1)
    assert Ledger(tmp_path / "state").entry("m", "photograph").answers == 0


def counted(gateway: Server, *results: str) -> float:
    return sum(
        gateway.metric(f'jnd_shadow_audits_total{{class="photograph",model="m",result="{result}"}}')
        for result in results or ("same", "changed", "noise", "unanswered")
    )


def texture(picture: bytes) -> str:
    pixels = decode(picture).image.pixels[..., 1].astype(float)
    return f"{float(np.abs(np.diff(pixels, axis=1)).mean()):.2f}"
