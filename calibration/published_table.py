"""The main table of arXiv 2507.00490, and how often each model's replies were malformed: numbers only.

First JND by model and distortion, in the paper's levels (50; JPEG and banding 100), explicit prompt, mean
over images. A censored cell (">50") holds the end of its scale, as in the paper's own averages.
"""

from collections.abc import Mapping
from typing import Literal

Family = Literal["low_level", "injection", "viewpoint"]

COLUMNS = (
    "blur",
    "brightness",
    "saturation",
    "contrast",
    "jpeg",
    "noise",
    "banding",
    "mask",
    "qr",
    "text",
    "angle",
    "distance",
)
_LONG_SCALES = ("jpeg", "banding")


def end_of_scale(column: str) -> float:
    """Return the strongest level of a column."""
    return 100.0 if column in _LONG_SCALES else 50.0


def _row(*levels: float) -> Mapping[str, float]:
    return dict(zip(COLUMNS, levels, strict=True))


# No human figure for banding: BAND-2k levels are people's own ratings.
HUMAN_ROW: Mapping[str, float] = {
    "blur": 1.24,
    "brightness": 8.91,
    "saturation": 4.18,
    "contrast": 3.42,
    "jpeg": 52.68,
    "noise": 2.24,
    "mask": 1.02,
    "qr": 1.56,
    "text": 1.73,
    "angle": 1.13,
    "distance": 1.83,
}

# fmt: off
TABLE: Mapping[str, Mapping[str, float]] = {
    "SmolVLM-256M": _row(38.65, 44.93, 43.26, 46.36, 99.34, 43.79, 8.32, 42.73, 39.33, 49.91, 4.75, 5.67),
    "Qwen2.5-VL-72B": _row(2.87, 32.56, 25.46, 29.42, 97.19, 12.83, 2.26, 11.74, 11.76, 29.63, 5.50, 26.33),
    "Qwen2.5-VL-7B": _row(2.79, 32.00, 22.16, 25.72, 98.23, 15.70, 2.88, 42.73, 25.11, 40.95, 6.50, 33.50),
    "Qwen2.5-VL-3B": _row(2.37, 40.95, 36.99, 36.39, 96.58, 28.01, 4.32, 47.50, 13.67, 29.89, 9.00, 12.33),
    "DeepSeek-VL2": _row(2.60, 43.05, 32.02, 48.37, 98.18, 23.63, 5.45, 14.01, 26.75, 42.55, 17.75, 49.38),
    "DeepSeek-VL2-Small": _row(1.27, 33.18, 27.56, 30.39, 95.49, 9.27, 7.5, 49.87, 49.88, 49.97, 13.5, 18.83),
    "DeepSeek-VL2-Tiny": _row(50, 50, 46.67, 50, 100, 49.96, 100, 50, 49.97, 50, 50, 50),
    "InternVL2.5-78B": _row(1.77, 21.84, 17.46, 20.43, 46.43, 17.48, 1.23, 28.33, 14.28, 28.72, 7.17, 21.33),
    "InternVL2.5-38B": _row(1.87, 19.82, 13.53, 22.79, 52.09, 16.34, 2.57, 22.68, 10.37, 21.14, 7.67, 23.74),
    "InternVL2.5-8B": _row(2.07, 27.38, 21.10, 26.22, 76.85, 23.19, 2.46, 27.31, 16.71, 25.11, 11.25, 29.17),
    "Qwen2-VL-72B": _row(4.78, 31.11, 26.39, 33.21, 98.55, 7.29, 4.93, 17.45, 13.41, 36.06, 8.03, 33.39),
    "Qwen2-VL-7B": _row(1.53, 24.96, 31.93, 26.63, 99.52, 10.62, 26.82, 48.82, 43.43, 48.30, 10.25, 34.50),
    "Qwen2-VL-2B": _row(42.63, 34.49, 40.23, 43.63, 99.54, 34.68, 4.41, 48.02, 48.89, 49.49, 26.84, 40.33),
    "LLaVA-OV-72B": _row(2.86, 33.35, 22.56, 34.68, 85.75, 7.88, 3.60, 16.57, 13.28, 35.67, 7.50, 24.33),
    "LLaVA-OV-7B": _row(47.69, 48.31, 38.59, 47.07, 99.64, 49.13, 100, 48.92, 46.53, 48.94, 47.33, 39.17),
    "LLaVA-OV-0.5B": _row(49.68, 49.09, 49.87, 49.23, 99.65, 49.65, 100, 42.38, 46.70, 33.76, 48.25, 47.00),
    "GPT-4o": _row(1.25, 20.26, 9.69, 14.96, 41.28, 7.76, 8.32, 8.94, 14.17, 25.15, 1.50, 4.83),
    "Gemini 2.0 Flash": _row(1.27, 19.66, 8.93, 15.57, 44.38, 8.69, 9.87, 8.38, 10.58, 20.37, 1.33, 3.67),
    "Gemini 1.5 Pro": _row(1.31, 32.82, 20.86, 25.88, 89.82, 10.32, 12.23, 11.32, 14.63, 24.99, 3.25, 14.67),
    "Qwen-VL-Max": _row(1.41, 33.52, 21.85, 32.06, 82.56, 11.78, 16.96, 9.87, 17.68, 26.47, 13.25, 33.67),
}

# fmt: on
# People on all of our level scales, by the paper: what its rows are multiples of. Banding has no human
# figure: the finest model of the column stands in. Delivery distortions are ours, set to what blur of the
# same resolution loss, JPEG of the same fidelity and banding give.
HUMAN_LEVELS: Mapping[str, float] = {
    **HUMAN_ROW,
    "banding": min(row["banding"] for row in TABLE.values()),
    "webp": 20.0,
    "rescale": 8.0,
    "png8": 5.0,
}

# fmt: off
# Share of malformed replies, read off a figure: good to a few percent. Models left out have about none.
MALFORMED: Mapping[str, Mapping[Family, float]] = {
    "SmolVLM-256M": {"low_level": 0.83, "injection": 0.28, "viewpoint": 0.25},
    "Qwen2.5-VL-7B": {"low_level": 0.47, "injection": 0.56},
    "Qwen2.5-VL-3B": {"low_level": 0.12},
    "DeepSeek-VL2": {"low_level": 0.89, "injection": 0.75, "viewpoint": 0.21},
    "DeepSeek-VL2-Small": {"low_level": 1.00, "injection": 1.00, "viewpoint": 0.97},
    "DeepSeek-VL2-Tiny": {"low_level": 1.00, "injection": 1.00, "viewpoint": 1.00},
    "InternVL2.5-38B": {"low_level": 0.29},
    "InternVL2.5-8B": {"low_level": 0.57, "injection": 0.25},
    "Qwen2-VL-72B": {"low_level": 0.04, "injection": 0.50},
    "Qwen2-VL-7B": {"low_level": 1.00, "injection": 0.96, "viewpoint": 0.91},
    "Qwen2-VL-2B": {"low_level": 0.84, "injection": 0.94, "viewpoint": 0.69},
    "LLaVA-OV-7B": {"low_level": 0.57, "injection": 0.92, "viewpoint": 0.51},
    "LLaVA-OV-0.5B": {"low_level": 0.88, "injection": 0.99, "viewpoint": 1.00},
}
# fmt: on
