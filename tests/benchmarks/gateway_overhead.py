"""Measure what the gateway costs: beside a bare pass-through for text, and stage by stage for an image.

A mock upstream, a bare FastAPI + aiohttp pass-through and the real `jnd-gateway serve` run as processes of
their own; one client asks all three in turn, so that whatever else the machine does hits them alike.
Floor: the gateway adds at most twice the median latency that the bare pass-through adds.

    python tests/benchmarks/gateway_overhead.py [--requests 600]
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import numpy as np
import orjson
import pybase64
import uvicorn
from fastapi import FastAPI, Request, Response
from sklearn.datasets import load_sample_image

from calibration.image import Image, decode, encode_jpeg, resize

FLOOR_RATIO = 2.0
PATH = "/v1/chat/completions"
ANSWER = orjson.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * 400}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
)
ONE_MEGAPIXEL = (1224, 817)


async def mock_upstream(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def bare_pass_through(upstream: int) -> FastAPI:
    """The least a Python proxy can do, as one would write it in ten lines."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(auto_decompress=False, connector=connector) as session:
            app.state.session = session
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post(PATH)
    async def forward(request: Request) -> Response:
        body = await request.body()
        headers = {"content-type": request.headers["content-type"]}
        url = f"http://127.0.0.1:{upstream}{PATH}"
        async with request.app.state.session.post(url, data=body, headers=headers) as answer:
            content = await answer.read()
        return Response(content, answer.status, media_type=answer.headers["content-type"])

    return app


def serve_role(role: str, port: int, upstream: int) -> None:
    app = mock_upstream if role == "upstream" else bare_pass_through(upstream)
    options = {"log_level": "error", "access_log": False, "timeout_keep_alive": 75}
    uvicorn.run(app, host="127.0.0.1", port=port, **options)


@contextlib.contextmanager
def running(command: list[str], port: int, ready_path: str) -> Iterator[int]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 120
            while not answers(port, ready_path):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise SystemExit(f"{command} did not start:\n{log.read().decode()[-2000:]}")
                time.sleep(0.1)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def all_servers() -> Iterator[dict[str, int]]:
    ports = {name: free_port() for name in ("direct", "bare", "gateway")}
    this = [sys.executable, __file__, "--upstream", str(ports["direct"])]
    config = f"upstream: {{base_url: 'http://127.0.0.1:{ports['direct']}/v1', provider: openai}}\n"
    config += "models: {gpt-4o: gpt-4o}\n"
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path = Path(folder) / "gateway.yaml"
        path.write_text(config)
        commands = {
            "direct": [*this, "--role", "upstream", "--port", str(ports["direct"])],
            "bare": [*this, "--role", "bare", "--port", str(ports["bare"])],
            "gateway": [
                str(Path(sys.executable).with_name("jnd-gateway")),
                *("serve", "--config", str(path), "--port", str(ports["gateway"])),
            ],
        }
        for name, command in commands.items():
            stack.enter_context(running(command, ports[name], "/livez" if name == "gateway" else "/"))
        yield ports


def one_after_the_other(ports: dict[str, int], body: bytes, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds per request, the three servers asked in turn over kept connections."""
    connections = {name: http.client.HTTPConnection("127.0.0.1", port) for name, port in ports.items()}
    taken: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, connection in connections.items():
            began = time.perf_counter()
            connection.request("POST", PATH, body, {"content-type": "application/json"})
            connection.getresponse().read()
            taken[name].append((time.perf_counter() - began) * 1000)
    for connection in connections.values():
        connection.close()
    return {name: values[rounds // 10 :] for name, values in taken.items()}


async def side_by_side(ports: dict[str, int], body: bytes, rounds: int, width: int) -> dict[str, list[float]]:
    """The same with `width` requests under way at a time, all to one server, servers in turn."""
    taken: dict[str, list[float]] = {name: [] for name in ports}
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(name: str) -> None:
            began = time.perf_counter()
            url = f"http://127.0.0.1:{ports[name]}{PATH}"
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
            taken[name].append((time.perf_counter() - began) * 1000)

        for _ in range(rounds):
            for name in ports:
                await asyncio.gather(*(ask(name) for _ in range(width)))
    return {name: values[rounds * width // 10 :] for name, values in taken.items()}


def added_latency(taken: dict[str, list[float]]) -> dict[str, float]:
    points = {name: (quantile(values, 50), quantile(values, 99)) for name, values in taken.items()}
    direct = points["direct"]
    figures = {"direct_p50_ms": direct[0], "direct_p99_ms": direct[1]}
    for name in ("bare", "gateway"):
        figures[f"{name}_added_p50_ms"] = points[name][0] - direct[0]
        figures[f"{name}_added_p99_ms"] = points[name][1] - direct[1]
    figures["ratio_p50"] = figures["gateway_added_p50_ms"] / figures["bare_added_p50_ms"]
    return {name: round(value, 3) for name, value in figures.items()}


def quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def image_figures(gateway: int, requests: int) -> dict[str, object]:
    """Send new photographs of one megapixel, then one of them again."""
    pictures = photographs(requests)
    files = [encode_jpeg(picture, 92, progressive=False) for picture in pictures]
    bodies = [chat_about(data) for data in files]
    connection = http.client.HTTPConnection("127.0.0.1", gateway)
    ask_for_overhead(connection, bodies[0])  # first use warms the detectors up
    before = stage_sums(gateway)
    overheads = [ask_for_overhead(connection, body) for body in bodies[1:]]
    repeated = [ask_for_overhead(connection, bodies[-1]) for _ in range(5)]
    time.sleep(0.1)
    after = stage_sums(gateway)
    connection.close()
    decode_ms = median_ms(lambda: decode(files[0]))
    encode_ms = median_ms(lambda: encode_jpeg(pictures[0], 85))
    whole = statistics.median(overheads)
    return {
        "stages_ms": {
            stage: round((after[stage] - before.get(stage, 0)) * 1000 / len(overheads), 2) for stage in after
        },
        "whole_ms": round(whole, 2),
        "seen_before_ms": round(statistics.median(repeated), 2),
        "decode_ms": round(decode_ms, 2),
        "encode_ms": round(encode_ms, 2),
        "ratio_to_decode_and_encode": round(whole / (decode_ms + encode_ms), 2),
        "pixels": ONE_MEGAPIXEL[0] * ONE_MEGAPIXEL[1],
    }


def photographs(count: int) -> list[Image]:
    base = resize(Image(np.ascontiguousarray(load_sample_image("china.jpg"))), *ONE_MEGAPIXEL)
    return [Image(np.ascontiguousarray(np.roll(base.pixels, 97 * index, axis=1))) for index in range(count)]


def chat_about(data: bytes) -> bytes:
    url = "data:image/jpeg;base64," + pybase64.b64encode(data).decode()
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return orjson.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]})


def ask_for_overhead(connection: http.client.HTTPConnection, body: bytes) -> float:
    connection.request("POST", PATH, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return float(answer.headers["x-jnd-overhead-ms"])


def stage_sums(gateway: int) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    found = [line.split() for line in lines if line.startswith("jnd_stage_seconds_sum")]
    return {name.split('"')[1]: float(value) for name, value in found}


def median_ms(work) -> float:
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=600, help="text requests per server")
    parser.add_argument("--images", type=int, default=12, help="image requests")
    parser.add_argument("--role", choices=["upstream", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        serve_role(options.role, options.port, options.upstream)
        return 0
    text = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me about noticing. " * 80}]}
    body = orjson.dumps(text)
    with all_servers() as ports:
        sequential = added_latency(one_after_the_other(ports, body, options.requests))
        parallel = asyncio.run(side_by_side(ports, body, options.requests // 8, 8))
        image = image_figures(ports["gateway"], options.images)
    ratio = sequential["ratio_p50"]
    result = {
        "text": sequential,
        "text_8_at_a_time": added_latency(parallel),
        "image": image,
        "floors": {"ratio_p50": {"at_most": FLOOR_RATIO, "is": ratio, "pass": ratio <= FLOOR_RATIO}},
        "pass": ratio <= FLOOR_RATIO,
    }
    print(json.dumps(result))
    return 0 if result["pass"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
