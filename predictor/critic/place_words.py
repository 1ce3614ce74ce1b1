"""Say where a picture is worst, and by what; nothing where no place stands out."""

from collections.abc import Mapping
from dataclasses import dataclass

from predictor.critic.critique import Flaw, QualityMap, place_name

_MUCH = 20.0  # points of MOS below the other places


@dataclass(frozen=True)
class _Words:
    """How a flaw is told of a place."""

    here: str  # where the whole picture does not have it
    most: str  # where it does
    of_whole: frozenset[str] = frozenset()  # the bands of `words` that say so of the whole picture


_FLAWS: Mapping[Flaw, _Words] = {
    "blurred": _Words(
        "is blurred", "is blurred most", frozenset({"badly blurred", "blurred", "a little soft"})
    ),
    "noisy": _Words("is noisy", "is noisiest", frozenset({"slightly noisy", "noisy", "very noisy"})),
    "dark": _Words("is too dark", "is darkest", frozenset({"almost black", "dark", "rather dark"})),
    "bright": _Words("is too bright", "is brightest", frozenset({"very bright", "almost white"})),
    "flat": _Words(
        "lacks contrast",
        "has the least contrast",
        frozenset({"almost without contrast", "flat", "low in contrast"}),
    ),
    "pale": _Words("lacks colour", "has the least colour", frozenset({"without colour", "pale"})),
    "blocky": _Words("shows blocks of compression", "shows blocks of compression"),
}


def place_sentence(quality_map: QualityMap, of_whole: frozenset[str]) -> str:
    """Return the sentence; empty where quality is even.

    Args:
        quality_map: Quality by place.
        of_whole: The words by which the whole picture was described.
    """
    if quality_map.worst is None:
        return ""
    ninth = quality_map.ninths[quality_map.worst]
    place, figure = f"the {place_name(quality_map.worst)}", f"{round(ninth.mos)} of 100"
    if ninth.flaw is None:
        return f"{place} is the weakest place, at {figure}."
    words = _FLAWS[ninth.flaw]
    if quality_map.gap >= _MUCH:
        return f"by far the worst place is {place}, at {figure}: it {words.here}."
    return f"{place} {words.most if words.of_whole & of_whole else words.here} ({figure})."


def is_throughout(quality_map: QualityMap | None, word: str) -> bool:
    """Tell whether what a word says of the whole picture is what is wrong with every place."""
    if quality_map is None or quality_map.worst is not None:
        return False
    flaws = {ninth.flaw for ninth in quality_map.ninths}
    return any(flaws == {flaw} and word in words.of_whole for flaw, words in _FLAWS.items())
