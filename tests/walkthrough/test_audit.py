"""The embedded model as the real one: audited offline, then on live traffic, where the gateway backs off.

Every command is a process of its own, as in a deployment.
"""

import base64
import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from skimage import data

from calibration.image import Image, encode_png
from gateway.demo.services import Service, free_port, own_command, serving

pytestmark = pytest.mark.slow
PROMPT = "What is shown in this image?"
SIDE = 192


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("astronaut", "coffee", "chelsea", "rocket"):
        pixels = getattr(data, name)()
        for row in range(0, pixels.shape[0] - SIDE + 1, 96):
            for column in range(0, pixels.shape[1] - SIDE + 1, 128):
                crop = np.ascontiguousarray(pixels[row : row + SIDE, column : column + SIDE])
                (folder / f"{name}-{row}-{column}.png").write_bytes(encode_png(Image(crop)))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    port = free_port()
    command = [own_command("jnd-calibrate"), "serve", "--observer", "embedded", "--port", str(port)]
    log = tmp_path_factory.mktemp("model") / "log"
    with serving("model", command, port=port, ready_path="/livez", log=log) as service:
        yield service


def audited(model: Service, pictures: Path, folder: Path, *more: str) -> tuple[int, dict[str, object]]:
    (folder / "prompt.txt").write_text(PROMPT)
    command = [
        own_command("jnd-gateway"),
        "audit",
        "--images",
        pictures,
        "--questions",
        folder / "prompt.txt",
    ]
    command += ["--model", "embedded", "--upstream", f"{model.address}/v1", "--provider", "openai", "--json"]
    command += ["--budget", "200", "--out", folder / "audit.jsonl", *more]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, json.loads(done.stdout)


def test_the_exact_tier_keeps_answers_and_a_knob_turned_too_far_does_not(
    model: Service, pictures: Path, tmp_path: Path
):
    exact, nothing = audited(model, pictures, tmp_path, "--tier", "exact")
    # The model tells how sure it is, so its confident answers are judged: few of thirty change.
    lean, found = audited(
        model, pictures, tmp_path, "--tier", "lean", "--max-probability", "1.0", "--promise", "0.0005"
    )

    assert (exact, nothing["changed"]) == (0, [])
    assert (lean, found["kept"]) == (1, False)
    assert found["changed"] and found["unanswered"] == 0


def test_live_traffic_makes_the_gateway_back_off_and_a_restart_keeps_that(
    model: Service, pictures: Path, tmp_path: Path
):
    settings = {
        "listen": {"port": free_port()},
        "upstream": {"base_url": f"{model.address}/v1", "provider": "openai"},
        "models": {"embedded": "embedded"},
        "compression": {
            "tier": "lean",
            "max_probability": 0.9,
            "shadow_audit": {
                "share": 1.0,
                "daily_budget": 500,
                "promise": 0.001,
                "state": str(tmp_path / "state"),
            },
        },
    }
    (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(settings))
    port = settings["listen"]["port"]
    command = [own_command("jnd-gateway"), "serve", "--config", str(tmp_path / "gateway.yaml")]
    files = sorted(pictures.glob("*.png"))

    with serving("gateway", command, port=port, ready_path="/readyz", log=tmp_path / "log") as gateway:
        for number, file in enumerate(files, start=1):
            ask(gateway, file)
            if not audits_reach(gateway, number):
                break  # what is left alone by now is not asked again
        raised = epoch(gateway)
    with serving("gateway", command, port=port, ready_path="/readyz", log=tmp_path / "log2") as again:
        kept = epoch(again)

    assert raised == kept >= 1
    assert "lightened less from now on" in (tmp_path / "log").read_text()


def ask(gateway: Service, file: Path) -> None:
    url = "data:image/png;base64," + base64.b64encode(file.read_bytes()).decode()
    content = [{"type": "text", "text": PROMPT}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": "embedded", "messages": [{"role": "user", "content": content}]}
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()
    finally:
        connection.close()


def audits_reach(gateway: Service, number: int) -> bool:
    """Wait until so many requests were asked again; false once the gateway backed off."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and epoch(gateway) == 0:
        counts = re.findall(r"^jnd_shadow_audits_total\{.*\} (\S+)$", metrics(gateway), re.MULTILINE)
        if sum(map(float, counts)) >= number:
            return True
        time.sleep(0.05)
    return False


def epoch(gateway: Service) -> int:
    found = re.findall(r"^jnd_policy_epoch\{.*\} (\S+)$", metrics(gateway), re.MULTILINE)
    return int(float(found[0])) if found else 0


def metrics(gateway: Service) -> str:
    status, body = gateway.get("/metrics")
    assert status == 200
    return body.decode()
