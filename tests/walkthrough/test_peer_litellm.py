"""A LiteLLM proxy asks the gateway as its guardrail, and speaks through it as any client does.

LiteLLM's generic guardrail API sends the pictures of a request and takes back what should be sent instead.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import openai
import pytest
import yaml
from skimage.data import astronaut

from calibration.image import Image, encode_png
from gateway.demo.services import Service, free_port, serving
from tests.walkthrough.peer_programs import images_seen, peer, running_gateway
from tests.walkthrough.strict_upstream import WORDS, Api, strict_upstream

pytestmark = pytest.mark.peers

SENTENCE = "".join(WORDS)
STRICT = {"policy": {"mode": "block", "on_failure": "refuse"}}
START_SECONDS = 180.0  # it imports for a while


@dataclass(frozen=True)
class Stack:
    """LiteLLM with the gateway beside it, and the API behind both."""

    litellm: Service
    gateway: Service
    api: Api

    def ask(self, content: object, *, model: str = "m", is_guarded: bool = True) -> str:
        """Ask LiteLLM with OpenAI's SDK."""
        direct = openai.DefaultHttpxClient(trust_env=False)
        address = self.litellm.address
        with openai.OpenAI(base_url=address, api_key="k", max_retries=0, http_client=direct) as client:
            completion = client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": content}],  # type: ignore[list-item, misc]
                extra_body={"guardrails": ["jnd"]} if is_guarded else {},
            )
        return completion.choices[0].message.content or ""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("litellm")
    with strict_upstream() as api, running_gateway(folder, api.address, **STRICT) as gateway:
        port = free_port()
        models = {"m": f"{api.address}/v1", "through": f"{gateway.address}/v1"}
        guard = {"guardrail": "generic_guardrail_api", "mode": "pre_call", "api_base": gateway.address}
        config = {
            "model_list": [
                {
                    "model_name": name,
                    "litellm_params": {"model": "openai/m", "api_base": base, "api_key": "k"},
                }
                for name, base in models.items()
            ],
            "guardrails": [{"guardrail_name": "jnd", "litellm_params": guard}],
            "litellm_settings": {"telemetry": False, "num_retries": 0},
        }
        (folder / "litellm.yaml").write_text(yaml.safe_dump(config))
        command = [
            *("env", "LITELLM_LOCAL_MODEL_COST_MAP=True", "NO_PROXY=*"),
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY=true",
            *(str(peer("litellm", "bin", "litellm")), "--config", str(folder / "litellm.yaml")),
            *("--host", "127.0.0.1", "--port", str(port)),
        ]
        options = {"port": port, "log": folder / "litellm.log", "timeout_seconds": START_SECONDS}
        with serving("litellm", command, ready_path="/health/liveliness", **options) as litellm:
            yield Stack(litellm, gateway, api)


@pytest.fixture
def stack(servers: Stack) -> Stack:
    for remembered in (servers.api.asked, servers.api.faults, servers.api.pictures):
        remembered.clear()
    return servers


def parts(data: bytes) -> list[dict[str, object]]:
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    return [{"type": "text", "text": "How large?"}, {"type": "image_url", "image_url": {"url": url}}]


def photograph(offset: int) -> bytes:
    return encode_png(Image(np.ascontiguousarray(astronaut()[offset : offset + 240, :320])))


def test_text_needs_no_guard(stack: Stack):
    assert stack.ask("Where?") == SENTENCE
    assert stack.api.faults == []


def test_a_guarded_picture_is_looked_at_and_arrives_lighter(stack: Stack):
    before, sent = images_seen(stack.gateway), photograph(0)

    told = stack.ask(parts(sent))

    assert told == "320 x 240"
    assert images_seen(stack.gateway) == before + 1
    assert stack.api.pictures == ["320 x 240 image/webp"]
    assert len(str(stack.api.asked)) < len(base64.b64encode(sent))


def test_what_cannot_be_looked_at_is_blocked_with_the_reason(stack: Stack):
    with pytest.raises(openai.APIStatusError) as caught:
        stack.ask(parts(photograph(0)[:400]))

    assert caught.value.status_code == 400
    assert "image" in str(caught.value)
    assert stack.api.asked == []


def test_litellm_speaks_through_the_gateway_as_a_client(stack: Stack):
    before = images_seen(stack.gateway)

    told = stack.ask(parts(photograph(60)), model="through", is_guarded=False)

    assert told == "320 x 240"
    assert images_seen(stack.gateway) == before + 1
