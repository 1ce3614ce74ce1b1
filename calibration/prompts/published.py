"""Published response change ratios of perturbed prompts (arXiv 2507.00490), for orientation only.

Read off a figure at its lowest and highest level; which prompts were perturbed, and how, is unpublished.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calibration.stimuli.prompt_text import LEVELS

LOWEST_LEVEL, HIGHEST_LEVEL = LEVELS[0], LEVELS[-1]  # per cent


@dataclass(frozen=True)
class PublishedRatio:
    """One model's response change ratios, per cent."""

    lowest: float  # at the lowest level
    highest: float  # at the highest; the peak may lie between


PUBLISHED: Mapping[str, Mapping[str, PublishedRatio]] = MappingProxyType(
    {
        "prompt-characters": {
            "GPT-4o": PublishedRatio(32, 47),
            "Qwen2.5-VL-7B": PublishedRatio(15, 40),
            "InternVL2.5-78B": PublishedRatio(22, 36),
            "LLaVA-OV-72B": PublishedRatio(21, 34),
            "Qwen2.5-VL-3B": PublishedRatio(10, 32),
            "Gemini 2.0 Flash": PublishedRatio(9, 15),
        },
        "prompt-words": {
            "GPT-4o": PublishedRatio(33, 48),
            "InternVL2.5-78B": PublishedRatio(10, 35),
            "Gemini 2.0 Flash": PublishedRatio(8, 15),
        },
        "prompt-sentences": {
            "GPT-4o": PublishedRatio(33, 37),
            "InternVL2.5-78B": PublishedRatio(22, 33),
            "Gemini 2.0 Flash": PublishedRatio(9, 12),
        },
    }
)
