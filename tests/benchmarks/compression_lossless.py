"""The tier `exact`: what is saved while every pixel stays as it was, and that it does."""

import numpy as np
from compression_bench import Bench, Found, mean
from compression_pictures import (
    Picture,
    camera_files,
    cmyk_files,
    cut_outs,
    deep_photographs,
    drawings,
    png_photographs,
)
from compression_sending import AS_SENT, GEMINI_2, Target

from calibration.channels import reads_alike

PART = "exact"


def measure(bench: Bench) -> Found:
    """Send pictures where nothing is shrunk, so that no pixel may be free.

    What a camera file saves is counted without its metadata: those of the files here are under a kilobyte.
    """
    sender = bench.sender("exact")
    saved: dict[str, list[float]] = {}
    changed = 0
    for kind, target, pictures in (
        ("camera_jpeg", GEMINI_2, camera_files(bench.count(full=6, quick=2))),
        ("png", GEMINI_2, png_photographs(bench.count(full=16, quick=3))),
        *_other_kinds(bench.count(full=16, quick=3)),
    ):
        for picture in pictures:
            sent = bench.send(f"{PART} {kind}", sender, picture, target)
            changed += not np.array_equal(sent.image.pixels, picture.decoded.image.pixels)
            if picture.decoded.source.has_alpha or picture.decoded.source.depth > 8:
                changed += not reads_alike(sent.data, picture.data)
            saved.setdefault(kind, []).append(sent.saved)
    figures = {f"exact_saved_{kind}": mean(shares) for kind, shares in saved.items()}
    return Found(figures | {"exact_pixels_changed": float(changed)})


def _other_kinds(count: int) -> tuple[tuple[str, Target, list[Picture]], ...]:
    """List what was left alone before, and opaque PNGs, for servers of any format and of the one sent."""
    return (
        ("transparent_drawing", GEMINI_2, drawings()),
        ("transparent_drawing_png_only", AS_SENT, drawings()),
        ("cut_out", GEMINI_2, cut_outs(count)),
        ("16_bit", GEMINI_2, deep_photographs(count)),
        ("cmyk", GEMINI_2, cmyk_files(count)),
    )
