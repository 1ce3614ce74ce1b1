"""Every ready example starts a gateway that reaches the API it names, here made-up ones on this machine."""

import contextlib
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.app import create_app
from gateway.settings import Settings
from gateway.settings_file import read_settings
from gateway.startup import facts
from tests.gateway.conftest import FakeUpstream, StandInInspector, listening, make_pipeline, picture, png  # noqa: F401

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))

# What an SDK asks for, below the base URL that the example tells, and what the API must see.
ASKED = {
    "openai": ("/v1", "/chat/completions", "gpt-4o", "/v1/chat/completions"),
    "local": ("/v1", "/chat/completions", "embedded", "/v1/chat/completions"),
    "vllm": ("/v1", "/chat/completions", "Qwen/Qwen2.5-VL-7B-Instruct", "/v1/chat/completions"),
    "anthropic": ("", "/v1/messages", "claude-sonnet-4-5", "/v1/messages"),
    "gemini": (
        "",
        "/v1beta/models/gemini-2.0-flash:generateContent",
        "",
        "/v1beta/models/gemini-2.0-flash:generateContent",
    ),
    "ollama": ("", "/api/chat", "qwen2.5vl:7b", "/api/chat"),
}


def settings_of(name: str) -> Settings:
    reading = read_settings(EXAMPLES / f"{name}.yaml", {})
    assert reading.problems == ()
    return reading.settings


def elsewhere(settings: Settings, port: int) -> Settings:
    """Lead every upstream to this machine, its host as the first step of the path."""

    def moved(base_url: str) -> str:
        parts = urlsplit(base_url)
        return f"http://127.0.0.1:{port}/{parts.hostname}-{parts.port or 443}{parts.path}"

    def named(api):
        provider = next(
            each["provider"] for each in facts(settings)["upstreams"] if each["base_url"] == api.base_url
        )
        return api.model_copy(update={"base_url": moved(api.base_url), "provider": provider})

    apis = tuple(named(api) for api in settings.upstreams)
    return settings.model_copy(update={"upstream": named(settings.upstream), "upstreams": apis})


@pytest.fixture
def start(make_pipeline):  # noqa: F811
    with contextlib.ExitStack() as stack:
        api = FakeUpstream()
        behind = stack.enter_context(listening(api))

        def start(name: str):
            settings = elsewhere(settings_of(name), behind.port)
            return stack.enter_context(listening(create_app(settings, make_pipeline(settings)))), api

        yield start


@pytest.fixture
def inspector():
    return StandInInspector()


def test_there_is_an_example_for_each_kind_of_api():
    assert set(NAMES) == {"several", *ASKED}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_short_says_how_to_use_it_and_holds_no_secret(name):
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 45
    assert f"jnd-gateway serve --config {name}.yaml" in text
    assert "0.0.0.0" not in text
    assert all(re.fullmatch(r"\$\{[A-Z_]+\}", key) for key in re.findall(r"api_key: (\S+)", text))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_tells_the_base_url_that_its_comment_tells(name):
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")

    for api in facts(settings_of(name))["upstreams"]:
        assert api["sdk_base_url"] in text, api
        assert api["key"] == "the caller's"


@pytest.mark.parametrize("name", ASKED)
def test_an_example_reaches_its_api_with_the_callers_key_and_tells_the_verdict(start, name):
    below, path, model, seen = ASKED[name]
    server, api = start(name)

    answer = server.ask(
        "POST", below + path, json.dumps({"model": model}), {"authorization": "Bearer sk-caller"}
    )

    assert answer.status == 200, answer.body
    assert answer.headers["x-jnd-verdict"] == "none"
    assert re.sub(r"^/[^/]+", "", api.last["target"]) == seen
    assert (b"authorization", b"Bearer sk-caller") in api.last["headers"]


def test_several_apis_are_told_apart_by_path_and_by_model(start):
    server, api = start("several")

    def led_to(path: str, model: str) -> str:
        assert server.ask("POST", path, json.dumps({"model": model})).status == 200
        return api.last["target"]

    assert led_to("/v1/chat/completions", "gpt-4o") == "/api.openai.com-443/v1/chat/completions"
    assert (
        led_to("/v1/chat/completions", "Qwen/Qwen2.5-VL-7B-Instruct") == "/127.0.0.1-8000/v1/chat/completions"
    )
    assert led_to("/anthropic/v1/messages", "claude") == "/api.anthropic.com-443/v1/messages"
    assert led_to("/gemini/v1beta/models/x:generateContent", "").startswith(
        "/generativelanguage.googleapis.com-443/v1beta"
    )
