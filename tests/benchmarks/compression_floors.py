"""The floors that compression is held to, and how figures are judged against them."""

import math
from collections.abc import Mapping

AT_LEAST = {
    "camera_saved_claude": 0.88,
    "camera_saved_gpt_4o": 0.90,
    "camera_saved_gpt_5_4_high": 0.80,
    "camera_saved_gemini_2": 0.50,
    "camera_saved_qwen2_5": 0.50,
    "photographs_saved": 0.50,
    "photographs_saved_jpeg_only": 0.40,
    "photographs_ssimulacra2_5th_percentile": 70.0,
    "photographs_konjnd_careful": 5.0,  # of six outputs
    "answers_lean_tokens_saved": 0.25,
    "exact_saved_camera_jpeg": 0.05,
    "exact_saved_png": 0.24,
    "documents_saved": 0.40,
    "documents_words_unchanged": 0.99,
    "documents_lean_words_unchanged": 0.95,
}
AT_MOST = {
    "camera_ms_claude": 70.0,
    "camera_ms_gpt_4o": 70.0,
    "camera_ms_gpt_5_4_high": 70.0,
    "camera_ms_gemini_2": 400.0,
    "camera_ms_qwen2_5": 400.0,
    "camera_scaled_decode_ms_claude": 120.0,
    "camera_scaled_decode_ms_gpt_4o": 120.0,
    "camera_scaled_decode_ms_gpt_5_4_high": 120.0,
    "photographs_ssimulacra2_median": 82.0,
    "photographs_ms_fast": 25.0,
    "photographs_ms_normal": 80.0,
    "photographs_ms_cached": 1.0,
    "answers_faithful_confident_rate": 0.01,
    "answers_faithful_changed_per_300": 1.0,
    "answers_lean_confident_rate": 0.05,
    "curves_default_bytes_to_jpeg": 1.0,
    "curves_default_bytes_to_webp": 1.0,
    "curves_default_bytes_to_squeezer": 1.0,
    "curves_default_bytes_to_512": 1.0,
    "curves_default_bytes_to_ssimulacra2": 1.05,
    "curves_known_bytes_to_jpeg": 1.0,
    "curves_known_bytes_to_webp": 1.0,
    "curves_known_bytes_to_squeezer": 1.0,
    "curves_known_bytes_to_512": 1.0,
    "curves_known_bytes_to_ssimulacra2": 1.05,
    "exact_pixels_changed": 0.0,
    "documents_ms_4k": 400.0,
    "left_alone_photographs": 0.05,
    "left_alone_without_reason": 0.0,
    "left_alone_damaged_or_raised": 0.0,
}
# Reached by fewer bytes than the others, not by as many.
STRICTLY = {name for name, most in AT_MOST.items() if name.startswith("curves_") and most == 1.0}


def judged(figures: Mapping[str, float]) -> dict[str, dict[str, object]]:
    """Hold every figure that has a floor against it; one that could not be taken has missed it."""
    found: dict[str, dict[str, object]] = {}
    for name, value in figures.items():
        if name in AT_LEAST:
            found[name] = {"at_least": AT_LEAST[name], "is": value, "pass": value >= AT_LEAST[name]}
        elif name in STRICTLY:
            found[name] = {"less_than": AT_MOST[name], "is": value, "pass": value < AT_MOST[name]}
        elif name in AT_MOST:
            found[name] = {"at_most": AT_MOST[name], "is": value, "pass": value <= AT_MOST[name]}
    return found


def without_nan(value: object) -> object:
    """Put null for figures that there are not, since JSON knows no NaN."""
    if isinstance(value, Mapping):
        return {name: without_nan(each) for name, each in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
