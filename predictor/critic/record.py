"""A critique as JSON can hold it: what the command prints and the gateway answers."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from predictor.critic.critique import ATTRIBUTES, COLUMNS, Critique, QualityMap, place_name
from predictor.critic.description import describe
from predictor.critic.origin import Provenance

_DIGITS = 1  # of scores: more than people agree on
_FIELDS = (
    "mos",
    "low",
    "high",
    *ATTRIBUTES,
    "description",
    "generated_probability",
    "generated_reason",
    "provenance",
    "worst_place",
    "quality_map",
    "judge",
    "outside",
)


def as_record(critique: Critique) -> Mapping[str, Any]:
    """Return the fields; `reason` is empty."""
    low, high = critique.interval
    chance = critique.generated_probability
    return {
        "mos": round(critique.mos, _DIGITS),
        "low": round(low, _DIGITS),
        "high": round(high, _DIGITS),
        **{name: round(getattr(critique.attributes, name), _DIGITS) for name in ATTRIBUTES},
        "description": describe(critique),
        "generated_probability": None if chance is None else round(chance, 4),
        "generated_reason": critique.generated_reason,
        "provenance": _of_provenance(critique.provenance),
        **_of_map(critique.quality_map),
        "judge": critique.judge,
        "outside": critique.outside,
        "reason": "",
    }


def without_critique(reason: str) -> Mapping[str, Any]:
    """Return the same fields of a picture that was not judged."""
    return {**dict.fromkeys(_FIELDS), "reason": reason}


def _of_provenance(provenance: Provenance) -> Mapping[str, Any]:
    origin, trust = provenance.told or (None, None)
    return {
        "origin": origin,
        "trust": trust,
        "facts": [asdict(fact) for fact in provenance.facts],
        "contradictions": list(provenance.contradictions),
    }


def _of_map(quality_map: QualityMap | None) -> Mapping[str, Any]:
    if quality_map is None:
        return {"worst_place": None, "quality_map": None}
    ninths = [{"mos": round(ninth.mos, _DIGITS), "flaw": ninth.flaw} for ninth in quality_map.ninths]
    width = len(COLUMNS)
    return {
        "worst_place": None if quality_map.worst is None else place_name(quality_map.worst),
        "quality_map": [ninths[row : row + width] for row in range(0, len(ninths), width)],
    }
