"""Show the whole path on the embedded model, without a network: calibrate it, attack it, protect it.

The laboratory runs as commands beside this one, as it would in a deployment; the client is OpenAI's own SDK.
Everything the demo makes lies in its output folder; everything it starts is stopped again, also on Ctrl-C.
"""

import contextlib
import json
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import yaml
from rich.console import Console
from rich.markup import escape

from calibration.image import encode_png, load
from gateway.demo.client import Client
from gateway.demo.paid_models import paid_models_table, start_estimate
from gateway.demo.pictures import bundled_photograph, camera_jpeg, edit_locally
from gateway.demo.services import (
    Job,
    Service,
    ServiceError,
    finish_job,
    finish_job_lines,
    free_port,
    own_command,
    serving,
    start_job,
    stop,
)
from gateway.demo.table import (
    Row,
    Sample,
    calibration_disappointments,
    calibration_table,
    disappointments,
    metrics_table,
    table_of,
)

_QUESTION = "What is the dominant color of this image?"
_MODEL = "embedded"
_ATTACK_EPS = 8  # grey levels
_DISTORTIONS = "blur,noise,jpeg"
_QUERIES_PER_THRESHOLD = 25
_SEED = 7
_LOG_WIDTH = 110  # columns, where the output goes to a file


@dataclass(frozen=True)
class Places:
    """Where the demo keeps what it makes."""

    root: Path

    @property
    def pictures(self) -> Path:
        """What is sent."""
        return self.root / "pictures"

    @property
    def references(self) -> Path:
        """Photographs that the calibration damages step by step."""
        return self.root / "references"

    @property
    def calibration(self) -> Path:
        """Trials, profile and report."""
        return self.root / "calibration"

    @property
    def logs(self) -> Path:
        """What the commands said."""
        return self.root / "logs"

    def make(self) -> None:
        """Create the folders; an earlier calibration goes, since it may be another model's."""
        shutil.rmtree(self.calibration, ignore_errors=True)
        for folder in (self.pictures, self.references, self.calibration, self.logs):
            folder.mkdir(parents=True, exist_ok=True)


def run_demo(output: Path = Path("demo-output")) -> int:
    """Run the demo and return its exit code: 0 when all went as promised, 1 when not, 130 on Ctrl-C."""
    console = Console()
    if not console.is_terminal:
        console.width = _LOG_WIDTH
    places = Places(output.resolve())
    places.make()
    try:
        with told_to_stop() as heed, ExitStack() as stack:
            disappointing = _show(places, console, stack, heed)
    except (ServiceError, OSError) as error:
        console.print(f"[bold red]The demo stopped:[/] {escape(str(error))}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        return 130
    for line in disappointing:
        console.print(f"[bold red]Not as promised:[/] {escape(line)}", highlight=False)
    console.print("Everything was stopped again.")
    return 1 if disappointing else 0


def _show(places: Places, console: Console, stack: ExitStack, heed: Callable[[], None]) -> list[str]:
    """Start everything, send the pictures, print what came of them; return what was not as promised."""
    console.print("Starting the model, an attack on it, its calibration, and the gateway in front of it …")
    victim = shutil.copy(bundled_photograph("skimage", "astronaut.png"), places.pictures)
    attack = _started(stack, _start_attack(places, Path(victim)))
    calibration = _started(stack, _start_calibration(places))
    model = stack.enter_context(_serving_model(places))
    gateway = stack.enter_context(_serving_gateway(places, model))
    console.print(f"  model    {model.address}/v1\n  gateway  {gateway.address}/v1", highlight=False)
    samples = _samples(places)
    heed()
    console.print(
        f"  attack   {_tell_attack(finish_job('the attack', attack, accepted=(0, 1)))}", highlight=False
    )
    # Tried by another process while the gateway is asked: the demo takes hardly longer for it.
    estimate = _started(stack, start_estimate(samples, log=places.logs / "estimate.log"))

    direct, through = _client(stack, model), _client(stack, gateway)
    original = Sample("the attacked picture's original", Path(victim), "image/png", "clean")
    victim_answer = direct.ask(original, _QUESTION, model=_MODEL)[0].text
    rows = []
    for sample in samples:
        rows.append(_row(sample, direct, through, victim_answer))
        heed()
    console.print(f"\nOpenAI's SDK asked about each picture: “{_QUESTION}”", highlight=False)
    console.print(table_of(rows))
    paid = finish_job_lines("the estimate", estimate, accepted=(0, 1))
    console.print(paid_models_table(samples, paid))
    console.print(metrics_table(gateway.get("/metrics")[1].decode()))

    heed()
    measured = finish_job("the calibration", calibration, accepted=(0, 1))
    heed()
    console.print(calibration_table(measured))
    console.print(f"Calibration report: {(places.calibration / 'report.html').as_uri()}", soft_wrap=True)
    return [line for row in rows for line in disappointments(row)] + calibration_disappointments(measured)


def _samples(places: Places) -> list[Sample]:
    """Make the four pictures."""
    clean = Path(shutil.copy(bundled_photograph("skimage", "coffee.png"), places.pictures))
    edited = places.pictures / "coffee-edited.png"
    spot = edit_locally(load(clean), strength=5, center=(0.62, 0.4), radius=0.12)
    edited.write_bytes(encode_png(spot))
    camera = places.pictures / "camera.jpg"
    photograph = load(bundled_photograph("sklearn", "flower.jpg"))
    camera.write_bytes(camera_jpeg(photograph, np.random.default_rng(_SEED)))
    attacked = places.pictures / "attacked.png"
    return [
        Sample("a photograph", clean, "image/png", "clean"),
        Sample("the same, one spot retouched", edited, "image/png", "hidden edit"),
        Sample(f"another, attacked (±{_ATTACK_EPS} grey levels)", attacked, "image/png", "attack"),
        Sample("a camera's 12-megapixel JPEG (enlarged, with grain)", camera, "image/jpeg", "camera"),
    ]


def _start_attack(places: Places, victim: Path) -> Job:
    command = [sys.executable, "-m", "calibration.observers.embedded.attack"]
    command += ["--image", str(victim), "--question", _QUESTION]
    command += ["--out", str(places.pictures / "attacked.png"), "--eps", str(_ATTACK_EPS)]
    return start_job(command, log=places.logs / "attack.log")


def _tell_attack(line: str) -> str:
    report = json.loads(line)
    return (
        f"changed the answer “{report['answer_before']}” to “{report['answer_after']}” "
        f"by at most {report['linf']} of 255 grey levels"
    )


def _start_calibration(places: Places) -> Job:
    for package, name in (("skimage", "chelsea.png"), ("skimage", "rocket.jpg"), ("sklearn", "china.jpg")):
        shutil.copy(bundled_photograph(package, name), places.references)
    command = [own_command("jnd-calibrate"), "run", "--observer", "embedded"]
    command += ["--images", str(places.references), "--out", str(places.calibration)]
    command += ["--distortions", _DISTORTIONS, "--queries-per-threshold", str(_QUERIES_PER_THRESHOLD)]
    return start_job([*command, "--json"], log=places.logs / "calibration.log")


def _serving_model(places: Places) -> contextlib.AbstractContextManager[Service]:
    port = free_port()
    command = [own_command("jnd-calibrate"), "serve", "--observer", "embedded", "--port", str(port)]
    return serving("the model", command, port=port, ready_path="/v1/models", log=places.logs / "model.log")


def _serving_gateway(places: Places, model: Service) -> contextlib.AbstractContextManager[Service]:
    port = free_port()
    config = {
        "listen": {"port": port},
        "upstream": {"base_url": f"{model.address}/v1", "provider": "embedded"},
        "models": {_MODEL: _MODEL},
    }
    path = places.root / "gateway.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    command = [own_command("jnd-gateway"), "serve", "--config", str(path)]
    return serving("the gateway", command, port=port, ready_path="/readyz", log=places.logs / "gateway.log")


def _row(sample: Sample, direct: Client, through: Client, victim_answer: str) -> Row:
    without, _ = direct.ask(sample, _QUESTION, model=_MODEL)
    with_gateway, headers = through.ask(sample, _QUESTION, model=_MODEL)
    original = victim_answer if sample.expects == "attack" else without.text
    return Row(sample, original, without, with_gateway, headers)


def _client(stack: ExitStack, service: Service) -> Client:
    client = Client(service)
    stack.callback(client.close)
    return client


def _started(stack: ExitStack, job: Job) -> Job:
    stack.callback(stop, job.process)
    return job


@contextlib.contextmanager
def told_to_stop() -> Iterator[Callable[[], None]]:
    """Let SIGTERM unwind the demo as Ctrl-C does, so that its servers are stopped.

    What is yielded raises KeyboardInterrupt once either came: libraries written in C lose it now and then.
    """
    told = threading.Event()

    def stop_now(_number: int, _frame: FrameType | None) -> None:
        told.set()
        raise KeyboardInterrupt

    def heed() -> None:
        if told.is_set():
            raise KeyboardInterrupt

    before = {each: signal.signal(each, stop_now) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heed
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
