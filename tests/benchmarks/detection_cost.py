"""Part cost: processor time of the whole verdict and of each detector, a megapixel, beside decode and encode.

Reading words runs in a process of its own and does not count. The part runs on one thread; as other programs
share the processor's caches, the ratio to decode and encode says more than the milliseconds.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from detection_bench import ALPHA, Bench, Pixels, resized
from detection_benign_encodings import jpeg, png

from calibration.image import Decoded, Image, decode, encode_jpeg
from calibration.profile import default_profile
from gateway.detection.inspector import Inspector, name_of
from gateway.detection.protocol import Detector, Examined
from gateway.detection.remembered import HASH_DISTANCE
from gateway.detection.verdict import Evidence
from gateway.memory.kept_picture import KeptPicture
from gateway.memory.protocol import SeenPicture
from gateway.memory.seen_pictures import SeenPictures

# No squares, which have fewer sizes to shrink to.
_SHAPES = {"1 MP": (800, 1250), "4 MP": (1600, 2500), "12 MP": (3000, 4000)}
_ENCODERS: dict[str, Callable[[Pixels], bytes]] = {"png": png, "jpeg 90": lambda pixels: jpeg(pixels, 90)}
_FOLDERS = {"screen": "screens", "document": "documents", "chart": "charts"}
_PLAIN = "photograph"
_FLOOR_MS, _MEMORY_FLOOR_MS = 60.0, 2.0
_REMEMBERED = 10_000
_PIXELS_OF_A_FILL = (32, 32, 3)  # what the memory is full of: only its index is asked
_ASKED, _LOOKS = 400, 3  # pictures; lookups for each, by the detectors that remember


@dataclass
class _Timed:
    """A detector, and how long it took for the last picture."""

    detector: Detector
    milliseconds: float = 0.0

    def examine(self, examined: Examined) -> Evidence | None:
        began = time.process_time()
        try:
            return self.detector.examine(examined)
        finally:
            self.milliseconds = _since(began)


@dataclass
class _Row:
    """What pictures of one kind, size and codec took, in milliseconds of the processor."""

    verdicts: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)  # decode and encode
    stages: dict[str, list[float]] = field(default_factory=dict)

    def summary(self, megapixels: float) -> dict[str, object]:
        """Reduce it to medians a megapixel; the first picture warmed up."""
        verdicts, plain = np.array(self.verdicts[1:]), np.array(self.plain[1:])
        stages = {
            name: round(float(np.median(each[1:])) / megapixels, 1) for name, each in self.stages.items()
        }
        return {
            "ms_per_mp": round(float(np.median(verdicts)) / megapixels, 1),
            "p95_ms_per_mp": round(float(np.percentile(verdicts, 95)) / megapixels, 1),
            "decode_and_encode_ms_per_mp": round(float(np.median(plain)) / megapixels, 1),
            "ratio_to_decode_and_encode": round(float(np.median(verdicts) / np.median(plain)), 2),
            "stages_ms_per_mp": stages,
        }


def measure(bench: Bench) -> dict[str, object]:
    """Time pictures of several kinds and sizes as PNG and JPEG; every one has a caller of its own."""
    timed = [_Timed(detector) for detector in bench.deployed]
    rows: dict[str, dict[str, object]] = {}
    for size, (height, width) in _SHAPES.items():
        repeats = max(3, min(12, bench.count) // (1 if size == "1 MP" else 4))
        for kind, make in _kinds(bench).items():
            if kind != _PLAIN and size != "1 MP":
                continue
            pictures = [make(height, width, turn) for turn in range(repeats + 1)]
            for codec, encode in _ENCODERS.items():
                cell = f"{size} {codec}" if kind == _PLAIN else f"{size} {kind} {codec}"
                if bench.only in cell:
                    rows[cell] = _timed_row(bench, timed, map(encode, pictures)).summary(height * width / 1e6)
                    print(f"{cell:<28} {rows[cell]}", file=sys.stderr, flush=True)
    floors = {f"60 ms per megapixel: {cell}": row["ms_per_mp"] <= _FLOOR_MS for cell, row in rows.items()}
    added = _memory_milliseconds(_REMEMBERED) - _memory_milliseconds(1)
    return {
        "floors": {
            "60 ms per megapixel": all(floors.values()),
            "10,000 remembered pictures add 2 ms": added <= _MEMORY_FLOOR_MS,
        },
        "missed": [name for name, is_met in floors.items() if not is_met],
        "remembered_ms": round(added, 3),
        "rows": rows,
    }


def _timed_row(bench: Bench, timed: Sequence[_Timed], files: Iterable[bytes]) -> _Row:
    row = _Row()
    inspector = Inspector(timed, ALPHA, bench.calibration)
    for data in files:
        began = time.process_time()
        decoded = decode(data)
        encode_jpeg(Image(decoded.image.pixels), 90)
        row.plain.append(_since(began))
        examined = _examined(decoded, data, bench.caller())
        began = time.process_time()
        inspector.inspect(examined)
        row.verdicts.append(_since(began))
        for one in timed:
            row.stages.setdefault(name_of(one.detector), []).append(one.milliseconds)
    return row


def _examined(decoded: Decoded, data: bytes, caller: str) -> Examined:
    lone = Examined.by_itself(decoded, data, default_profile())
    return Examined(decoded, data, lone.digest, lone.profile, model=lone.model, tenant=caller)


def _kinds(bench: Bench) -> dict[str, Callable[[int, int, int], Pixels]]:
    """Return what makes pictures of each kind: of a height, a width and a number."""
    photographs = [pixels for _, pixels in bench.photographs(48) if pixels.shape == (512, 512, 3)]

    def photograph(height: int, width: int, turn: int) -> Pixels:
        return _mosaic(photographs, height, width, turn)

    def night(height: int, width: int, turn: int) -> Pixels:
        dark = photograph(height, width, turn) * np.float32(0.25) + 8
        noise = np.random.default_rng(turn).standard_normal(dark.shape, np.float32) * 6
        return np.asarray(np.clip(dark + noise, 0, 255), dtype=np.uint8)

    kinds = {_PLAIN: photograph, "night": night}
    for kind, folder in _FOLDERS.items():
        files = [data for _, data in bench.pictures_in(folder)]
        if files:
            kinds[kind] = partial(_cut_out, files)
    return kinds


def _cut_out(files: Sequence[bytes], height: int, width: int, turn: int) -> Pixels:
    """Bring one of the files to cover the size, and cut its upper left."""
    pixels = decode(files[turn * 7 % len(files)]).image.pixels
    scale = max(height / pixels.shape[0], width / pixels.shape[1])
    size = (max(width, round(pixels.shape[1] * scale)), max(height, round(pixels.shape[0] * scale)))
    return np.ascontiguousarray(resized(pixels, *size)[:height, :width])


def _mosaic(photographs: list[Pixels], height: int, width: int, turn: int) -> Pixels:
    rng = np.random.default_rng(turn)
    across, down = width // 512 + 1, height // 512 + 1
    chosen = rng.integers(0, len(photographs), (down, across))
    rows = [np.concatenate([photographs[index] for index in row], axis=1) for row in chosen]
    return np.ascontiguousarray(np.concatenate(rows, axis=0)[:height, :width])


def _memory_milliseconds(remembered: int) -> float:
    """Return what looking for one picture more, and keeping it, takes in a memory of so many."""
    rng = np.random.default_rng(remembered)
    blank = Image(np.zeros(_PIXELS_OF_A_FILL, np.uint8))
    hashes = rng.integers(0, 1 << 63, remembered + _ASKED, np.int64).tolist()
    pictures = [
        KeptPicture.of(SeenPicture(blank, one, number.to_bytes(32, "big")))
        for number, one in enumerate(hashes)
    ]
    memory = SeenPictures[KeptPicture](remembered + _ASKED, 3600.0, time.monotonic)
    for picture in pictures[:remembered]:
        memory.remember("caller", picture)
    began = time.process_time()
    for picture in pictures[remembered:]:
        for _ in range(_LOOKS):
            memory.alike("caller", picture.fingerprint, HASH_DISTANCE)
        memory.remember("caller", picture)
    return _since(began) / _ASKED


def _since(began: float) -> float:
    return 1e3 * (time.process_time() - began)
