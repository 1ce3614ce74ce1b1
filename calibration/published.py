"""The paper's table as prior profiles: what is believed of a model until somebody measures it.

The physical units of the paper's levels are unpublished, so its numbers are used as multiples of the human
JND of the same table (arXiv 2507.00490, main table), whose levels are taken for ours: people as measured here
would stretch them. Two readings of one row: `published_profile` takes it at its word; `cautious_profile` is
for acting on, and goes back to people as measured here wherever a large number may come from replies nobody
could read rather than from eyes that did not see.

Leaves out the paper's implicit prompt (every value is higher there, so the table is the careful side) and its
accuracies on benign pairs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from calibration.profile import JndProfile, Threshold, default_profile
from calibration.published_table import (
    COLUMNS,
    HUMAN_LEVELS,
    HUMAN_ROW,
    MALFORMED,
    TABLE,
    Family,
    end_of_scale,
)
from calibration.stimuli.registry import DISTORTIONS

HUMAN = "human"
SOURCE = "arXiv 2507.00490, main table"

# Replies malformed this often make a published JND say little about seeing: with every second reply lost,
# the climb goes past what was noticed.
_MOST_MALFORMED = 0.4
# A mean this close to the end of the scale holds pictures counted at the end rather than seen there.
_NEAR_END = 0.8
_USUAL_SLOPE = 3.0
# Delivery distortions are ours; each follows the published family that damages a picture most alike.
_NEAREST = {"webp": "jpeg", "rescale": "blur", "png8": "banding"}
# … but never further than this: JPEG itself cannot exceed 1.9 × the human JND on the paper's scale.
_MOST_DELIVERY = 2.0

_OWNERS = {
    *("openai", "azure", "google", "gemini", "models", "vertex_ai", "qwen", "opengvlab", "deepseek-ai"),
    *("huggingfacetb", "llava-hf", "lmms-lab", "openrouter"),
}
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "SmolVLM-256M": ("smolvlm-256m-instruct",),
    **{
        f"Qwen{version}-VL-{size}": (f"qwen{version}-vl-{size}-instruct",)
        for version, sizes in (("2.5", "72B 7B 3B"), ("2", "72B 7B 2B"))
        for size in sizes.split()
    },
    **{
        f"LLaVA-OV-{size}": tuple(
            f"llava-onevision-{rest}" for rest in (size, f"qwen2-{size}-ov", f"qwen2-{size}-ov-hf")
        )
        for size in ("72B", "7B", "0.5B")
    },
    "GPT-4o": ("gpt-4o-2024-11-20", "gpt-4o-1120"),
    "Gemini 2.0 Flash": ("gemini-2.0-flash-001",),
    "Qwen-VL-Max": ("qwen-vl-max-2024-11-19", "qwen-vl-max-1119"),
}


@dataclass(frozen=True)
class Multiple:
    """How many human JNDs a model needs, as published."""

    value: float  # at `is_censored` a lower bound
    is_censored: bool  # the paper prints ">50" or ">100"


def published_name(name: str) -> str | None:
    """Return the paper's name of a model, or None: a relative of a published model is another model."""
    return _by_spelling().get(_normalised(name))


def published_multiples(name: str) -> dict[str, Multiple] | None:
    """Return a model's JNDs in multiples of the human ones, by column; None for an unknown model."""
    row = _row(name)
    if row is None:
        return None
    return {
        column: Multiple(level / HUMAN_LEVELS[column], is_censored=level >= end_of_scale(column))
        for column, level in row.items()
    }


def published_profile(name: str) -> JndProfile | None:
    """Return a model's published JNDs on our level scales, or None for an unknown model."""
    multiples = published_multiples(name)
    if multiples is None:
        return None
    thresholds = {
        distortion: _scaled(distortion, _multiple_of(distortion, multiples)) for distortion in DISTORTIONS
    }
    return JndProfile(
        model=name,
        source="published-prior",
        distortions=thresholds,
        details={
            "source": SOURCE,
            "published_as": published_name(name) or HUMAN,
            "multiples_of_human": {column: round(found.value, 4) for column, found in multiples.items()},
            "published_levels": dict(_row(name) or {}),
            "banding_anchor": "the finest model of the table, for want of a human figure",
            "units": "unpublished: levels are the multiple times the human JND assumed on our scale",
        },
    )


def cautious_profile(name: str) -> JndProfile | None:
    """Return the prior to act on: no coarser than people as measured here where the number is doubtful.

    Too low a published JND (a readiness to say yes) only costs bytes, so it is kept. Too high a one would
    allow damage, so it is not believed where the model's replies were mostly malformed, where the cell is
    censored, or where the mean lies at the end of the scale.
    """
    profile = published_profile(name)
    if profile is None:
        return None
    human = default_profile(name)
    doubts = {column: _doubt(name, column) for column in COLUMNS}
    kept, withdrawn = {}, {}
    for distortion, found in profile.distortions.items():
        doubt = doubts.get(_NEAREST.get(distortion, distortion), "")
        people = human.distortions[distortion]
        is_coarser = (found.threshold or 0) > (people.threshold or 0)
        kept[distortion] = replace(people, reason=f"human level: {doubt}") if doubt and is_coarser else found
        if doubt and is_coarser:
            withdrawn[distortion] = doubt
    return replace(profile, distortions=kept, details={**profile.details, "not_believed": withdrawn})


def _row(name: str) -> Mapping[str, float] | None:
    if name.strip().lower() == HUMAN:
        return HUMAN_ROW
    known = published_name(name)
    return None if known is None else TABLE[known]


def _multiple_of(distortion: str, multiples: Mapping[str, Multiple]) -> Multiple | None:
    """Return the multiple a distortion takes; None where nothing published is like it."""
    if distortion in _NEAREST:
        nearest = multiples.get(_NEAREST[distortion])
        return None if nearest is None else Multiple(min(max(nearest.value, 1.0), _MOST_DELIVERY), False)
    return multiples.get(distortion)


def _scaled(distortion: str, multiple: Multiple | None) -> Threshold:
    human = HUMAN_LEVELS[distortion]
    if multiple is None:
        return _assumed(distortion, human, reason="human level: nothing published")
    strongest = DISTORTIONS[distortion].levels
    level = human * multiple.value
    is_beyond = multiple.is_censored  # as published: a multiple that our scale cannot hold was still noticed
    level = float(f"{strongest if is_beyond else min(level, strongest):.4g}")
    like = f", as {_NEAREST[distortion]}" if distortion in _NEAREST else ""
    reason = f"published: {'more than ' if is_beyond else ''}{multiple.value:.3g} × the human JND{like}"
    found = _assumed(distortion, level, reason=reason)
    return replace(found, status="censored") if is_beyond else found


def _assumed(distortion: str, level: float, *, reason: str) -> Threshold:
    return Threshold(
        status="assumed",
        threshold=level,
        unit_value=DISTORTIONS[distortion].unit_value(level),
        low=None,
        high=None,
        slope=_USUAL_SLOPE,
        false_alarm=None,
        hit_at_max=None,
        n_queries=0,
        reason=reason,
    )


def _doubt(name: str, column: str) -> str:
    """Say why a large published JND is not to be acted on; empty where nothing speaks against it."""
    row, known = _row(name), published_name(name)
    if row is None or known is None or column not in row:
        return ""
    malformed = MALFORMED.get(known, {}).get(_family(column), 0.0)
    if malformed >= _MOST_MALFORMED:
        return f"{malformed:.0%} of the model's replies were malformed"
    if row[column] >= end_of_scale(column):
        return "the model never reported a difference"
    if row[column] >= _NEAR_END * end_of_scale(column):
        return "the published mean lies at the end of the scale"
    return ""


def _family(column: str) -> Family:
    if column in ("mask", "qr", "text"):
        return "injection"
    return "viewpoint" if column in ("angle", "distance") else "low_level"


def _by_spelling() -> dict[str, str]:
    return {_normalised(spelling): name for name in TABLE for spelling in (name, *_SPELLINGS.get(name, ()))}


def _normalised(name: str) -> str:
    """Drop known owners, case and separators; keep the dot of a version, which some write as "_"."""
    *owners, rest = name.strip().lower().split("/")
    if any(owner not in _OWNERS for owner in owners):
        return ""
    return re.sub(r"[-_:\s]", "", re.sub(r"(?<=\d)_(?=\d)", ".", rest))
