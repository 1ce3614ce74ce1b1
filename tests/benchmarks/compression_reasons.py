"""Pictures that were left alone: how many, why, and whether every reason is one of a closed list.

Beside what the other parts met stand files that nobody can lighten, or that are damaged: nothing may be
raised but `ImageError`, and what cannot be lightened comes back as it was.
"""

import io
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from compression_bench import Bench, Found
from compression_pictures import Picture
from compression_sending import CLAUDE, known_reason
from PIL import Image as PillowImage

from calibration.image import Image as Pixels
from calibration.image import ImageError, encode_jpeg, encode_png, encode_webp

PART = "left_alone"
PHOTOGRAPHS = ("camera", "photographs")  # parts


def measure(bench: Bench) -> Found:
    """Sum up what the other parts of this run left alone, and send what is odd."""
    odd, raised = _odd_ones(bench)
    reasons = Counter(one.reason for one in bench.left_alone)
    of_photographs = sum(one.part in PHOTOGRAPHS for one in bench.left_alone)
    figures = {
        "left_alone_without_reason": float(sum(not known_reason(one.reason) for one in bench.left_alone)),
        "left_alone_damaged_or_raised": float(raised),
    }
    if sent := sum(bench.sent.get(part, 0) for part in PHOTOGRAPHS):
        figures["left_alone_photographs"] = round(of_photographs / sent, 4)
    return Found(figures, {"reasons": dict(reasons.most_common()), "odd": odd})


def _odd_ones(bench: Bench) -> tuple[dict[str, str], int]:
    """Send each by itself; return what became of it, and how many raised what they must not."""
    sender = bench.sender()
    became, raised = {}, 0
    for name, data in _odd_files().items():
        try:
            sent = bench.send("odd", sender, Picture(name, data), CLAUDE)
            became[name] = sent.plan.reason or f"{sent.plan.bytes_in} -> {sent.plan.bytes_out} bytes"
        except ImageError as error:
            became[name] = f"refused as {error.reason}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            became[name] = f"raised {type(error).__name__}: {error}"
            raised += 1
    return became, raised


def _odd_files() -> Mapping[str, bytes]:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    smooth = np.linspace(0, 255, 300 * 400 * 3).reshape(300, 400, 3).astype(np.uint8)
    jpeg = encode_jpeg(Pixels(smooth), 92, progressive=False)
    frames = [PillowImage.fromarray(np.full((40, 40, 3), shade, dtype=np.uint8)) for shade in (0, 120, 250)]
    alpha = np.dstack([noise, np.arange(128, dtype=np.uint8)[None].repeat(96, axis=0)])
    long = Pixels(np.resize(smooth, (60, 17_000, 3)))
    return {
        "tiny": encode_png(Pixels(noise[:1, :1].copy())),
        "already optimal": encode_webp(Pixels(smooth), 30, effort=6),
        "animated": _saved(lambda to: frames[0].save(to, "GIF", save_all=True, append_images=frames[1:])),
        "transparent": _saved(lambda to: PillowImage.fromarray(alpha).save(to, "PNG")),
        "16 bit": _saved(
            lambda to: PillowImage.fromarray(noise[..., 0].astype(np.uint16) * 257).save(to, "PNG")
        ),
        "cmyk": _saved(lambda to: PillowImage.fromarray(smooth).convert("CMYK").save(to, "JPEG")),
        "no end": jpeg[:-2],
        "half": jpeg[: len(jpeg) // 2],
        "no picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
        "long and thin": encode_png(long),
        "above 8,000 pixels": encode_jpeg(Pixels(np.resize(smooth, (1000, 8100, 3))), 92),
    }


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    save(target)
    return target.getvalue()
