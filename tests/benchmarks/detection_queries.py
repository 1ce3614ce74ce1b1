"""Attack a live gateway with queries, and send it what is like them and benign; count what is flagged.

    python tests/benchmarks/detection_queries.py [RUNS] [development|test]

A run is one picture, one attack, one caller of its own, and one way of sending: as it is, or resized,
cropped by a few pixels or re-encoded anew for every query. It counts as found where a query is flagged
among the first 20 from the first within the bound on (Square and NES: the second, after the clean picture;
HSJA and boundary: the first within 16 grey levels rms). The attacked classifier is a small one for
ImageNet. What the detectors were fitted on are photographs named 0 to 6 at the end; tests are those named 8
and 9.
"""

import base64
import contextlib
import http.client
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

# The benchmark of the gateway lies beside this one and is named as the package is.
sys.path.append(sys.path.pop(0))

from detection_query_attacks import Attack, Floats, boundary, hsja, nes, square
from detection_query_streams import benign_streams
from gateway_servers import Server, mock_api, ours

from calibration.image import Image, encode_jpeg, encode_png, load

SHARED = Path("../shared")
SIDE = 400  # pixels: photographs are cut to their middle
QUERIES = 20  # from the first neighbour on
PATIENCE = 60  # queries until there is a neighbour
NEAR = 16.0  # grey levels rms
FLOORS = {"plain": 0.99, "changed": 0.90}
ATTACKS: dict[str, Attack] = {
    "square 8": square(8),
    "square 16": square(16),
    "square 8, p .8": square(8, 0.8),
    "nes 8": nes(8, 2.55),
    "nes 8, step .001": nes(8, 0.255),
    "hsja": hsja,
    "boundary": boundary,
}
Pixels = npt.NDArray[np.uint8]
Sending = Callable[[Pixels, np.random.Generator], bytes]


class _EnoughError(Exception):
    """The run has told what it can."""


class Caller:
    """One caller of the gateway, with a key of its own."""

    def __init__(self, gateway: Server, name: str, model: str = "gpt-4o") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=120)
        self._model = model
        self._headers = {"content-type": "application/json", "authorization": f"Bearer {name}"}

    def flags(self, encoded: bytes) -> str:
        """Send a picture; return what it was flagged as, empty for nothing."""
        media_type = "image/png" if encoded.startswith(b"\x89PNG") else "image/jpeg"
        url = f"data:{media_type};base64,{base64.b64encode(encoded).decode()}"
        content = [{"type": "image_url", "image_url": {"url": url}}]
        body = json.dumps({"model": self._model, "messages": [{"role": "user", "content": content}]})
        self._connection.request("POST", "/v1/chat/completions", body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"expected status 200, got {answer.status}")
        return answer.getheader("x-jnd-flags", "")


def _plain(pixels: Pixels, _rng: np.random.Generator) -> bytes:
    return encode_png(Image(pixels))


def _resized(pixels: Pixels, rng: np.random.Generator) -> bytes:
    side = round(len(pixels) * rng.uniform(0.75, 1.1))
    return encode_png(Image(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_LINEAR)))


def _cropped(pixels: Pixels, rng: np.random.Generator) -> bytes:
    top, left, bottom, right = rng.integers(0, 7, 4)
    return encode_png(Image(pixels[top : len(pixels) - bottom, left : len(pixels) - right].copy()))


def _reencoded(pixels: Pixels, rng: np.random.Generator) -> bytes:
    return encode_jpeg(Image(pixels), int(rng.integers(75, 96)))


SENDINGS: dict[str, Sending] = {
    "plain": _plain,
    "resized": _resized,
    "cropped": _cropped,
    "reencoded": _reencoded,
}


def main() -> None:
    """Print a line for each attack and way of sending, one for each kind of stream, and one in all."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    split = sys.argv[2] if len(sys.argv) > 2 else "development"
    photographs = list(_photographs(runs, split))
    with (
        tempfile.TemporaryDirectory() as folder,
        mock_api(Path(folder)) as api,
        ours(api.port, Path(folder), {"compression": {"mode": "off"}}) as gateway,
    ):
        found = _attacked(gateway, photographs)
        flagged = _sent(gateway, photographs)
    rates = {
        family: [sum(values), len(values)]
        for family in FLOORS
        if (values := [hit for way, hit in found if (way == "plain") == (family == "plain")])
    }
    benign = [sum(count for count, _ in flagged), sum(count for _, count in flagged)]
    met = all(hits >= FLOORS[family] * count for family, (hits, count) in rates.items())
    met = met and benign[0] <= 0.01 * benign[1]
    print(
        json.dumps(
            {"benchmark": "detection_queries", "split": split, "found": rates, "benign": benign, "met": met}
        )
    )


def _photographs(count: int, split: str) -> Iterator[Pixels]:
    files = sorted((SHARED / "data" / "photos" / "biq2021").glob("*.jpg"))[:-300]
    endings = "0123456" if split == "development" else "89"
    files = [file for file in files if file.stem[-1] in endings]
    for number in np.random.default_rng(12).permutation(len(files))[:count]:
        pixels = load(files[number]).pixels
        top, left = ((length - SIDE) // 2 for length in pixels.shape[:2])
        yield pixels[top : top + SIDE, left : left + SIDE].copy()


def _classifier() -> Callable[[Pixels], npt.NDArray[np.float64]]:
    sys.path.append(str(SHARED / "tools"))
    from load_models import load_model  # noqa: PLC0415 (its folder is known only now)

    torch.set_num_threads(1)
    model = load_model("mobilenet_v1_0.5_160_quant")

    def probabilities(pixels: Pixels) -> npt.NDArray[np.float64]:
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            return np.asarray(model(batch).softmax(dim=1)[0].double())

    return probabilities


def _attacked(gateway: Server, photographs: list[Pixels]) -> list[tuple[str, bool]]:
    """Run every attack on every photograph -> (way of sending, found) of each run with a neighbour."""
    classify = _classifier()
    results = []
    for name, attack in ATTACKS.items():
        for way, sending in SENDINGS.items():
            told = [
                _run(
                    Caller(gateway, f"{name} {way} {number}"),
                    attack,
                    photograph,
                    classify,
                    sending=sending,
                    rng=np.random.default_rng(number),
                )
                for number, photograph in enumerate(photographs)
            ]
            counted = [each for each in told if each is not None]
            series, any_flag = (sum(each[n] <= QUERIES for each in counted) for n in (0, 1))
            firsts = [each[1] for each in counted]
            line = {"attack": name, "sent": way, "runs": len(counted), "series": series, "flagged": any_flag}
            print(json.dumps(line | {"first_flag": firsts}), flush=True)
            results += [(way, each[1] <= QUERIES) for each in counted]
    return results


def _run(
    caller: Caller,
    attack: Attack,
    photograph: Pixels,
    classify: Callable[[Pixels], npt.NDArray[np.float64]],
    *,
    sending: Sending,
    rng: np.random.Generator,
) -> tuple[int, int] | None:
    """Return after how many neighbours a series, and anything at all, was flagged; None without neighbour."""
    clean = photograph.astype(np.float32)
    first = {"series": QUERIES + 1, "any": QUERIES + 1}
    counts = {"sent": 0, "near": 0}

    def ask(picture: Floats) -> npt.NDArray[np.float64]:
        pixels = np.rint(picture).astype(np.uint8)
        encoded = sending(pixels, rng)
        flags = caller.flags(encoded)
        counts["sent"] += 1
        rms = float(np.sqrt(np.mean(np.square(picture - clean))))
        if counts["near"] or (counts["sent"] > 1 and 0 < rms <= NEAR):
            counts["near"] += 1
            if flags:
                first["any"] = min(first["any"], counts["near"])
            if "query_series" in flags:
                first["series"] = min(first["series"], counts["near"])
        told = first["series"] <= QUERIES or counts["near"] >= QUERIES
        if told or (counts["sent"] >= PATIENCE and not counts["near"]):
            raise _EnoughError
        return classify(pixels)

    with contextlib.suppress(_EnoughError):
        attack(clean, ask, rng)
    return (first["series"], first["any"]) if counts["near"] else None


def _sent(gateway: Server, photographs: list[Pixels]) -> list[tuple[int, int]]:
    """Send the benign streams, each as a caller of its own -> (flagged, pictures)."""
    kinds: dict[str, list[str]] = {}
    for number, photograph in enumerate(photographs):
        for kind, pictures in benign_streams(photograph, number):
            caller = Caller(gateway, f"{kind} {number}")
            kinds.setdefault(kind, []).extend(caller.flags(encoded) for encoded in pictures)
    results = []
    for kind, flags in kinds.items():
        series = sum("query_series" in each for each in flags)
        flagged = sum(map(bool, flags))
        line = {"stream": kind, "pictures": len(flags), "series": series, "flagged": flagged}
        print(json.dumps(line), flush=True)
        results.append((flagged, len(flags)))
    return results


if __name__ == "__main__":
    main()
