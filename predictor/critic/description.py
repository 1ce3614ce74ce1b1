"""Say in one to three sentences what a critique's numbers mean: what, where, how much, and of which origin.

A pure function; its judgements are the bands of `words`. The worst fault comes first, the worst place is
named where it stands out, and what the file says of its origin is kept apart from what pixels make likely.
Of a picture unlike what was learned from it is said that the score is a guess, instead of a worst place.
"""

from collections.abc import Sequence

from predictor.critic.critique import Attribute, Attributes, Critique
from predictor.critic.origin_words import origin_sentence
from predictor.critic.place_words import is_throughout, place_sentence
from predictor.critic.words import ATTRIBUTES, QUALITY, SEVERITY, Band, band_of

_MOST_FAULTS = 3  # that are named
_MOST_VIRTUES, _FEW_VIRTUES = 3, 2  # of an excellent picture, of others
_WIDE = 36  # points between low and high: the score is little more than a guess
_FAULT, _SLIGHT = SEVERITY["fault"], SEVERITY["slight fault"]
# Of attributes as bad as each other, the one that people mind more.
_ORDER: tuple[Attribute, ...] = ("sharpness", "noisiness", "brightness", "contrast", "colorfulness")


def describe(critique: Critique) -> str:
    """Return the sentences."""
    bands = _worst_first(critique.attributes)
    words = frozenset(band.word for band in bands)
    sentences = (
        _whole(critique, bands),
        _place(critique, words),
        origin_sentence(critique),
    )
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences if sentence)


def _place(critique: Critique, words: frozenset[str]) -> str:
    if critique.outside is not None:
        return f"this score is a guess, for the picture is {critique.outside}."
    return "" if critique.quality_map is None else place_sentence(critique.quality_map, words)


def _worst_first(attributes: Attributes) -> list[Band]:
    bands = [band_of(ATTRIBUTES[name], getattr(attributes, name)) for name in _ORDER]
    return sorted(bands, key=lambda band: -SEVERITY[band.standing])


def _whole(critique: Critique, bands: Sequence[Band]) -> str:
    """Say what stands out of the whole picture, and its quality: how, by how well the two go together."""
    quality, gravity = band_of(QUALITY, critique.mos), SEVERITY[bands[0].standing]
    figure = _figure(critique)
    if quality.standing == "virtue" and gravity >= _FAULT:
        return f"{_listed(_faults(critique, bands))}, and yet of {quality.word} quality: {figure}."
    if quality.word == "excellent" and not gravity:
        virtues = _listed(_virtues(bands)[:_MOST_VIRTUES])
        return f"excellent quality, {figure}" + (f": {virtues}." if virtues else ".")
    if SEVERITY[quality.standing] >= _FAULT and not gravity:
        virtues = _listed(_virtues(bands)[:_FEW_VIRTUES])
        if not virtues:
            return f"of {quality.word} quality, {figure}, by nothing that was measured."
        return f"{virtues} as a whole, yet of {quality.word} quality: {figure}."
    return f"{_looks(critique, bands)}; {_subject(critique)} {figure}, {quality.word}."


def _subject(critique: Critique) -> str:
    return "the critic LMM puts its quality at" if critique.judge == "critic LMM" else "quality"


def _figure(critique: Critique) -> str:
    low, high = (round(bound) for bound in critique.interval)
    about = "about " if high - low >= _WIDE else ""
    return f"{about}{round(critique.mos)} of 100 ({low}-{high})"


def _looks(critique: Critique, bands: Sequence[Band]) -> str:
    faults, virtues = _faults(critique, bands), _virtues(bands)[:_FEW_VIRTUES]
    if not faults:
        return _listed(virtues) or "nothing stands out"
    if not virtues:
        return _listed(faults)
    if SEVERITY[bands[0].standing] == _SLIGHT:
        return f"{_listed(faults)}, otherwise {_listed(virtues)}"
    return f"{_listed(faults)}, though {_listed(virtues[: len(faults)])}"


def _faults(critique: Critique, bands: Sequence[Band]) -> list[str]:
    faults = [band.word for band in bands if SEVERITY[band.standing] >= _SLIGHT][:_MOST_FAULTS]
    if len(faults) == 1 and is_throughout(critique.quality_map, faults[0]):
        return [f"{faults[0]} throughout"]
    return faults


def _virtues(bands: Sequence[Band]) -> list[str]:
    return [band.word for band in bands if band.standing == "virtue"]


def _listed(words: Sequence[str]) -> str:
    """Join words as one says them: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
