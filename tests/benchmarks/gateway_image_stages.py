"""What a new photograph costs in the gateway, stage by stage, beside decoding and encoding it."""

import http.client
import statistics
import time
from collections.abc import Callable

from gateway_bodies import ONE_MEGAPIXEL, about, photograph

from calibration.image import decode, encode_jpeg

PATH = "/v1/chat/completions"


def image_stages(gateway: int, requests: int) -> dict[str, object]:
    """Send new photographs of one megapixel, then one of them again."""
    pictures = photograph(requests)
    files = [encode_jpeg(picture, 92, progressive=False) for picture in pictures]
    bodies = [about(data) for data in files]
    connection = http.client.HTTPConnection("127.0.0.1", gateway)
    _overhead_ms(connection, bodies[0])  # first use warms the detectors up
    before = _stage_seconds(gateway)
    overheads = [_overhead_ms(connection, body) for body in bodies[1:]]
    repeated = [_overhead_ms(connection, bodies[-1]) for _ in range(5)]
    time.sleep(0.1)
    after = _stage_seconds(gateway)
    connection.close()
    decode_ms = _median_ms(lambda: decode(files[0]))
    encode_ms = _median_ms(lambda: encode_jpeg(pictures[0], 85))
    whole = statistics.median(overheads)
    stages = {name: (after[name] - before.get(name, 0)) * 1000 / len(overheads) for name in after}
    return {
        "stages_ms": {name: round(value, 2) for name, value in stages.items()},
        "whole_ms": round(whole, 2),
        "seen_before_ms": round(statistics.median(repeated), 2),
        "decode_ms": round(decode_ms, 2),
        "encode_ms": round(encode_ms, 2),
        "ratio_to_decode_and_encode": round(whole / (decode_ms + encode_ms), 2),
        "pixels": ONE_MEGAPIXEL[0] * ONE_MEGAPIXEL[1],
    }


def _overhead_ms(connection: http.client.HTTPConnection, body: bytes) -> float:
    connection.request("POST", PATH, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return float(answer.headers["x-jnd-overhead-ms"])


def _stage_seconds(gateway: int) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    found = [line.rsplit(" ", 1) for line in lines if line.startswith("jnd_stage_seconds_sum")]
    return {name.split('stage="')[1].split('"')[0]: float(value) for name, value in found}


def _median_ms(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)
