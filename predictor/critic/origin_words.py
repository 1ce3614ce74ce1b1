"""Say where a picture comes from: what its pixels make likely, and beside it what its file says."""

from collections.abc import Mapping
from typing import Literal

from predictor.critic.critique import OUTSIDE_TRAINING, Critique
from predictor.critic.origin import Origin, Provenance, Trust
from predictor.critic.words import GENERATED, band_of

_SPEAKERS: Mapping[Trust, tuple[str, str]] = {  # who says it, and the verb
    "signed": ("its signed credentials", "say"),
    "signed by a stranger": ("its credentials, signed by a stranger,", "say"),
    "claimed": ("its file", "claims"),
}
_Bearing = Literal["and", "though"]
_LIKELY_GENERATED, _LIKELY_PHOTOGRAPHED = 66, 34  # per cent: where the bands of `words` begin to say so


def origin_sentence(critique: Critique) -> str:
    """Return the sentence; empty where neither pixels nor file tell."""
    said = _said(critique.provenance)
    clauses = []
    if critique.generated_probability is not None:
        percent = round(100 * critique.generated_probability)
        pixels = f"by its pixels it is {band_of(GENERATED, percent).word} ({_shown(percent)})"
        clauses.append(pixels + (f", {_bearing(critique.provenance, percent)} {said}" if said else ""))
    elif said:
        clauses.append(f"{said}; whether its pixels agree is {_reason(critique.generated_reason)}")
    clauses += _troubles(critique.provenance)
    return "; ".join(clauses) + "." if clauses else ""


def _shown(percent: int) -> str:
    """Give the chance of what the word beside it says."""
    if percent > _LIKELY_PHOTOGRAPHED:
        return f"{percent} %" if percent >= _LIKELY_GENERATED else f"{percent} % generated"
    return f"{100 - percent} %"


def _reason(reason: str | None) -> str:
    return "outside what the judge was trained on" if reason == OUTSIDE_TRAINING else f"not judged: {reason}"


def _said(provenance: Provenance) -> str:
    if provenance.told is None:
        return ""
    origin, trust = provenance.told
    speaker, verb = _SPEAKERS[trust]
    return f"{speaker} {verb} that it was {origin}"


def _bearing(provenance: Provenance, percent: int) -> _Bearing:
    """Tell whether the file says what the pixels do."""
    origin: Origin | None = provenance.told[0] if provenance.told else None
    if percent >= _LIKELY_GENERATED:
        return "though" if origin == "photographed" else "and"
    return "though" if percent <= _LIKELY_PHOTOGRAPHED and origin == "generated" else "and"


def _troubles(provenance: Provenance) -> list[str]:
    broken = any(fact.topic == "content_credentials" and fact.trust == "broken" for fact in provenance.facts)
    troubles = ["its content credentials do not verify"] if broken else []
    return (
        [*troubles, "its file contradicts itself about its origin"] if provenance.contradictions else troubles
    )
