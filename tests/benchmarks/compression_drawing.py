"""Draw rate-answer curves: bytes left against how far answers moved."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

NAMES = {
    "ours": "ours",
    "jpeg": "JPEG, one quality for all",
    "webp": "WebP, one quality for all",
    "squeezer": "vision-squeezer 0.9",
    "512": "512 pixels, JPEG",
    "ssimulacra2": "WebP at an SSIMULACRA2 target",
}
_LEAST_KL = 1e-5  # below lie pictures that were left alone: a logarithmic axis has no zero


def draw(file: Path, title: str, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Write a PNG; each curve is its share of bytes left and its mean KL."""
    figure = Figure(figsize=(9, 6), dpi=110, layout="constrained")
    axes = figure.subplots()
    for name, (shares, divergence) in curves.items():
        axes.plot(
            shares,
            np.maximum(divergence, _LEAST_KL),
            marker="o",
            markersize=4,
            linewidth=2.6 if name == "ours" else 1.3,
            color="black" if name == "ours" else None,
            label=NAMES.get(name, name),
        )
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("bytes left of the original (further left is lighter)")
    axes.set_ylabel("how far answers moved: mean KL, nats (lower is better)")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)
