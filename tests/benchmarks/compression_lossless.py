"""The tier `exact`: what is saved while every pixel stays as it was, and that it does."""

import numpy as np
from compression_bench import Bench, Found, mean
from compression_pictures import camera_files, png_photographs
from compression_sending import GEMINI_2

PART = "exact"


def measure(bench: Bench) -> Found:
    """Send camera files and PNG photographs where nothing is shrunk, so that no pixel may be free.

    What a camera file saves is counted without its metadata: those of the files here are under a kilobyte.
    """
    sender = bench.sender("exact")
    saved: dict[str, list[float]] = {"camera_jpeg": [], "png": []}
    changed = 0
    for kind, pictures in (
        ("camera_jpeg", camera_files(bench.count(full=6, quick=2))),
        ("png", png_photographs(bench.count(full=16, quick=3))),
    ):
        for picture in pictures:
            sent = bench.send(f"{PART} {kind}", sender, picture, GEMINI_2)
            changed += not np.array_equal(sent.image.pixels, picture.decoded.image.pixels)
            saved[kind].append(sent.saved)
    figures = {f"exact_saved_{kind}": mean(shares) for kind, shares in saved.items()}
    return Found(figures | {"exact_pixels_changed": float(changed)})
