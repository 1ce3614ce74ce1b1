"""A first start by the README's words, literally but for the ports: the model that ships, then a vLLM."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.services import free_port
from tests.gateway.conftest import FakeUpstream, listening

ROOT = Path(__file__).parents[2]
SECTION = re.search(
    r"^### Put the gateway in front of an API\n(.*?)(?:^### |^\| verdict)",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)
BLOCKS = [
    re.findall(r"^\$ (.+?)(?: +#.*)?$", block, re.MULTILINE)
    for block in re.findall(r"^```console\n(.*?)^```", SECTION[1], re.MULTILINE | re.DOTALL)
]
PATIENCE_SECONDS = 120  # for a server on a busy machine
PROGRAM = """
import json
from openai import OpenAI
with open("deploy/examples/request.json") as file:
    messages = json.load(file)["messages"]
answer = OpenAI().chat.completions.with_raw_response.create(
    model="Qwen/Qwen2.5-VL-7B-Instruct", messages=messages)
print(answer.headers["x-jnd-verdict"])
"""


@dataclass(frozen=True)
class Newcomer:
    """Types what the README says, in a folder of its own; the README's ports are other ones here."""

    folder: Path
    ports: dict[str, str]
    started: contextlib.ExitStack

    def type(self, command: str) -> str:
        for written, free in self.ports.items():
            command = command.replace(written, free)
        if " serve " in command:
            return self._leave_running(command)
        done = subprocess.run(
            as_typed(command),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _leave_running(self, command: str) -> str:
        port = self.ports["8001" if "calibrate" in command else "8080"]
        log = self.folder / f"{port}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                as_typed(f"exec {command}"),
                cwd=self.folder,
                stdout=file,
                stderr=file,
            )
        self.started.callback(stop, process)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_open(int(port)):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        return log.read_text()


def as_typed(command: str) -> list[str]:
    """Return what a shell runs that knows our commands and none of our settings."""
    return [
        "bash",
        "-c",
        f"unset ${{!JND_@}} ${{!OPENAI_@}}; PATH={Path(sys.executable).parent}:$PATH; {command}",
    ]


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    ports = {written: str(free_port()) for written in ("8000", "8001", "8080")}
    for file in (tmp_path / "deploy" / "examples").glob("*.yaml"):
        text = file.read_text()
        for written, free in ports.items():
            text = text.replace(f":{written}/", f":{free}/").replace(f"port: {written}", f"port: {free}")
        if "port:" not in text:
            text += f"listen: {{port: {ports['8080']}}}\n"
        file.write_text(text)
    with contextlib.ExitStack() as started:
        yield Newcomer(tmp_path, ports, started)


def test_the_readme_starts_locally_and_then_leads_to_other_apis():
    local, own = BLOCKS

    assert [command.split()[0] for command in local] == [
        "jnd-calibrate",
        "cp",
        "jnd-gateway",
        "jnd-gateway",
        "curl",
    ]
    assert [command.split()[0] for command in own][:2] == ["cp", "jnd-gateway"]
    for name in re.findall(
        r"`(\w+)`", SECTION[1].split("begin with its file:")[1].split("several of them")[0]
    ):
        assert (ROOT / "deploy" / "examples" / f"{name}.yaml").is_file(), name


@pytest.mark.slow
def test_a_newcomer_gets_a_verdict_from_the_model_that_ships_within_two_minutes(newcomer):
    start = time.monotonic()

    told = [newcomer.type(command) for command in BLOCKS[0]]

    assert "gateway.yaml can be used" in told[2]
    assert told[-1].startswith("HTTP/1.1 200")
    assert "x-jnd-verdict: clean" in told[-1]
    assert '"chat.completion"' in told[-1]
    assert time.monotonic() - start < 120


@pytest.mark.slow
def test_a_newcomer_gets_a_program_through_to_a_vllm(newcomer):
    (newcomer.folder / "your_program.py").write_text(PROGRAM)
    vllm = FakeUpstream()

    with listening(vllm) as server:
        newcomer.ports["8000"] = str(server.port)
        example = newcomer.folder / "deploy" / "examples" / "vllm.yaml"
        example.write_text(
            re.sub(r"(base_url: http://127\.0\.0\.1):\d+", rf"\1:{server.port}", example.read_text())
        )

        told = [newcomer.type(command) for command in BLOCKS[1]]

    assert told[-1].strip() in {"clean", "imperceptible_edit", "noticeable_edit"}
    assert vllm.last["target"] == "/v1/chat/completions"
