"""Part cost: processor time of the whole verdict, a megapixel, and as a ratio to decode and encode."""

import time
from collections.abc import Callable

import numpy as np
from detection_bench import Bench, Case, Pixels
from detection_benign_encodings import jpeg, png

from calibration.image import Image, decode, encode_jpeg

_SHAPES = {"1 MP": (1000, 1000), "4 MP": (2000, 2000), "12 MP": (3000, 4000)}
_FLOOR_MS = 60.0


def measure(bench: Bench) -> dict[str, object]:
    """Time photographs of three sizes as PNG and JPEG; every picture differs, so nothing is remembered."""
    rows: dict[str, dict[str, float]] = {}
    photographs = [pixels for _, pixels in bench.photographs(48) if pixels.shape == (512, 512, 3)]
    for size, (height, width) in _SHAPES.items():
        repeats = max(3, min(12, bench.count) // (1 if size == "1 MP" else 4))
        for codec, encode in (("png", png), ("jpeg 90", jpeg)):
            verdicts, plain = [], []
            for turn in range(repeats + 1):
                data = encode(_mosaic(photographs, height, width, turn))
                decoding = _milliseconds(lambda data=data: decode(data))
                verdicts.append(
                    _milliseconds(lambda data=data: bench.verdict(Case("cost", "", data))) - decoding
                )
                image = decode(data).image
                plain.append(
                    decoding + _milliseconds(lambda image=image: encode_jpeg(Image(image.pixels), 90))
                )
            area = height * width / 1e6
            rows[f"{size} {codec}"] = {
                "ms_per_mp": round(float(np.median(verdicts[1:])) / area, 1),
                "p95_ms_per_mp": round(float(np.percentile(verdicts[1:], 95)) / area, 1),
                "ratio_to_decode_and_encode": round(float(np.median(verdicts[1:]) / np.median(plain[1:])), 2),
            }
    one = max(rows["1 MP png"]["ms_per_mp"], rows["1 MP jpeg 90"]["ms_per_mp"])
    return {"floors": {"60 ms per megapixel": one <= _FLOOR_MS}, "rows": rows}


def _mosaic(photographs: list[Pixels], height: int, width: int, turn: int) -> Pixels:
    rng = np.random.default_rng(turn)
    across, down = width // 512 + 1, height // 512 + 1
    chosen = rng.integers(0, len(photographs), (down, across))
    rows = [np.concatenate([photographs[index] for index in row], axis=1) for row in chosen]
    return np.ascontiguousarray(np.concatenate(rows, axis=0)[:height, :width])


def _milliseconds(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return 1e3 * (time.process_time() - began)
