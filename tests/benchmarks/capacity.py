"""Measure what a request costs the gateway in processor time and memory, for deploy/CAPACITY.md.

Processor time of the gateway's processes, over requests one after another: what else the machine does hardly
counts. Inspection and compression as they are by default. The last line is JSON.

    python tests/benchmarks/capacity.py [--requests N]
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.demo.services import Service, free_port, own_command, serving
from tests.walkthrough.traffic import photographs, running_upstream, send_jpeg

SIZES = {
    "photograph 0.5 MP": (816, 612),
    "photograph 1 MP": (1152, 864),
    "photograph 12 MP": (4000, 3000),
}
UNINSPECTED = "photograph 1 MP"


def pictures(width: int, height: int, count: int) -> list[bytes]:
    """Return ever new photographs of one size, as JPEGs a camera would write."""
    made = []
    originals = list(photographs())
    for number in range(count):
        pixels = originals[number % len(originals)].pixels[number // len(originals) :]
        enlarged = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = np.random.default_rng(number).normal(0, 2, enlarged.shape)
        noisy = np.clip(enlarged + grain, 0, 255).astype(np.uint8)
        made.append(cv2.imencode(".jpg", noisy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    return made


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and all below it."""
    found = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in found)


def memory_bytes(pid: int) -> int:
    """Return the memory of a process and all below it that nobody else shares, as far as the system says."""
    found = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(each.memory_full_info().uss for each in found)


def measured(pid: int, ask: Callable[[int], None], count: int) -> dict[str, float]:
    """Return milliseconds of processor and of waiting, for one request."""
    before, began = processor_seconds(pid), time.perf_counter()
    for number in range(count):
        ask(number)
    spent, waited = processor_seconds(pid) - before, time.perf_counter() - began
    return {"processor_ms": round(1000 * spent / count, 2), "wall_ms": round(1000 * waited / count, 2)}


@contextlib.contextmanager
def running(folder: Path, upstream: int, inspection: str) -> Iterator[Service]:
    """Serve as by default, with or without inspection."""
    port = free_port()
    config = {
        "listen": {"port": port},
        "upstream": {"base_url": f"http://127.0.0.1:{upstream}/v1", "provider": "openai"},
        "models": {"gpt-4o": "gpt-4o"},
        "policy": {"inspection": inspection},
    }
    (folder / "gateway.yaml").write_text(yaml.safe_dump(config))
    command = [own_command("jnd-gateway"), "serve", "--config", str(folder / "gateway.yaml")]
    with serving("the gateway", command, port=port, ready_path="/readyz", log=folder / "log") as gateway:
        yield gateway


def measure(gateway: Service, count: int, results: dict[str, dict[str, float]]) -> dict[str, int]:
    """Fill in what requests cost; return what memory was held before and after."""
    pid, port = gateway.process.pid, gateway.port
    for warm in pictures(640, 480, 3):
        send_jpeg(port, warm)
    idle = memory_bytes(pid)
    results["text"] = measured(pid, lambda _: send_jpeg(port, None), 20 * count)
    for name, (width, height) in SIZES.items():
        new = pictures(width, height, count)
        for state in ("new", "seen"):
            figures = measured(pid, lambda n, new=new: send_jpeg(port, new[n]), count)
            results[f"{name}, {state}"] = figures | {"megabytes": round(sum(map(len, new)) / count / 1e6, 3)}
    return {"idle_megabytes": round(idle / 1e6), "busy_megabytes": round(memory_bytes(pid) / 1e6)}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=16)
    count = options.parse_args().requests
    results: dict[str, dict[str, float]] = {}
    with running_upstream() as upstream, tempfile.TemporaryDirectory(prefix="jnd-capacity-") as scratch:
        folder = Path(scratch)
        with running(folder, upstream, "on") as gateway:
            told = measure(gateway, count, results)
        with running(folder, upstream, "off") as gateway:
            new = pictures(*SIZES[UNINSPECTED], count + 3)
            for warm in new[:3]:
                send_jpeg(gateway.port, warm)
            results[f"{UNINSPECTED}, new, inspection off"] = measured(
                gateway.process.pid, lambda n, port=gateway.port: send_jpeg(port, new[3 + n]), count
            )
    for name, figures in results.items():
        print(f"{name:32} {figures}")
    print(json.dumps({"benchmark": "capacity", "requests": count, **told, "costs": results}))


if __name__ == "__main__":
    main()
