"""Say first, in words of every day, what a flag means, where it lies and how sure it is."""

from collections.abc import Mapping

from gateway.detection.places import words_for
from gateway.detection.verdict import Evidence, Kind, Verdict

# Only of tests: a rule's own sentence already says what was found.
_MEANINGS: Mapping[Kind, str] = {
    "residual": "Noise that no camera or codec leaves",
    "near_duplicate": "A change of a picture sent before, hidden from whoever looks at it",
    "reference": "A change of the reference, hidden from whoever looks at it",
    "scaling": "A picture in the picture, which only shrinking shows",
    "hidden_text": "Text too faint to be seen",
}


def explain(verdict: Verdict, width: int, height: int) -> str:
    """Return a verdict's explanation, after a sentence for each test that raised a flag.

    Args:
        verdict: With its own explanation, that of the detectors.
        width: Of the picture, pixels.
        height: Likewise.
    """
    flagged = [item for item in verdict.evidence if item.kind in verdict.flags and item.p_value is not None]
    first = [_sentence(item, width, height) for item in flagged if item.kind in _MEANINGS]
    return " ".join([*first, verdict.explanation])


def _sentence(item: Evidence, width: int, height: int) -> str:
    where = words_for(item.boxes, width, height)
    return f"{_MEANINGS[item.kind]}{', ' if where else ''}{where} (p = {_probability(item)})."


def _probability(item: Evidence) -> str:
    return f"{item.p_value:.2g}".removeprefix("0")
