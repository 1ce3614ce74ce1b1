"""Paint where the evidence lies: the picture in grey, evidence in colour, and what each kind says beneath.

One map of all that was found, and one for each kind. Evidence about a file has no place and is named as such;
so is evidence that does not know its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from calibration.image import Image, encode_png
from gateway.detection.places import Floats, map_of, words_for
from gateway.detection.verdict import Evidence, Kind, Verdict
from predictor.noticeability.heat_map import paint

_FULL = 2.0  # of the painter's scale: the weightiest place of a kind
_LEAST_SIDE = 480  # pixels: smaller pictures are shown enlarged, so that their labels can be read
_MARGIN, _LINE = 10, 20  # pixels of the strip beneath
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
_PAPER, _INK, _FLAGGED = 24, (225, 225, 225), (255, 190, 70)
_NAMES: dict[Kind, str] = {
    "residual": "noise",
    "near_duplicate": "change of an earlier picture",
    "reference": "change of the reference",
    "container": "file",
    "alpha": "transparency",
    "scaling": "shown only when shrunk",
    "hidden_text": "hidden text",
}


@dataclass(frozen=True, eq=False)
class EvidenceMap:
    """Where one kind of evidence lies."""

    kind: Kind
    weights: Floats  # (ceil(H / 16), ceil(W / 16)), 0..1 of the weightiest place; all 0: no place
    words: str  # where, in words; empty: no place


def evidence_maps(evidence: Sequence[Evidence], width: int, height: int) -> list[EvidenceMap]:
    """Return one map for each evidence, in their order, for a picture of this size."""
    return [
        EvidenceMap(item.kind, map_of(item.boxes, width, height), words_for(item.boxes, width, height))
        for item in evidence
    ]


def together(maps: Sequence[EvidenceMap], width: int, height: int) -> Floats:
    """Return the largest weight of any kind in each place."""
    nothing = map_of((), width, height)
    return np.asarray(np.maximum.reduce([nothing, *(each.weights for each in maps)]), dtype=np.float32)


def draw_heat_map(picture: Image, verdict: Verdict) -> Image:
    """Draw what was found, with a legend; what was not flagged is drawn only where nothing was.

    The picture comes out at most 1024 pixels long, at least 480, with a line for each evidence beneath.
    """
    told = _told(verdict)
    maps = evidence_maps(told, picture.width, picture.height)
    whole = together(maps, picture.width, picture.height)
    shown = paint(_enlarged(picture), _FULL * _smooth(whole))
    lines = [(_headline(verdict), _FLAGGED if verdict.flags else _INK)]
    lines += [(_line(item, found), _INK) for item, found in zip(told, maps, strict=True)]
    return Image(np.vstack([shown.pixels, _strip(lines, shown.width)]))


def heat_map_png(picture: Image, verdict: Verdict) -> bytes:
    """Return `draw_heat_map` as a PNG."""
    return encode_png(draw_heat_map(picture, verdict))


def _headline(verdict: Verdict) -> str:
    flags = ", ".join(_NAMES.get(kind, kind) for kind in verdict.flags)
    is_tested = any(item.p_value is not None for item in _told(verdict))
    sure = f" (p = {verdict.p_value:.2g})" if is_tested else ""
    return f"{verdict.outcome.replace('_', ' ')}{': ' if flags else ''}{flags}{sure}"


def _told(verdict: Verdict) -> list[Evidence]:
    flagged = [item for item in verdict.evidence if item.kind in verdict.flags]
    return flagged or list(verdict.evidence)


def _line(item: Evidence, found: EvidenceMap) -> str:
    sure = "a rule" if item.p_value is None else f"p = {item.p_value:.2g}"
    where = found.words or (
        "about the file, no place in it" if item.kind == "container" else "no single place"
    )
    return f"{_NAMES.get(item.kind, item.kind)} ({sure}): {where}"


def _smooth(weights: Floats) -> Floats:
    """Round the corners of boxes off."""
    if min(weights.shape) < 3:
        return weights
    return np.asarray(cv2.GaussianBlur(weights, (0, 0), 0.8), dtype=np.float32)


def _enlarged(picture: Image) -> Image:
    longest = max(picture.width, picture.height)
    if longest >= _LEAST_SIDE:
        return picture
    scale = _LEAST_SIDE / longest
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return Image(
        np.asarray(cv2.resize(picture.pixels, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    )


def _strip(lines: Sequence[tuple[str, tuple[int, int, int]]], width: int) -> npt.NDArray[np.uint8]:
    """Write lines, broken where they are longer than the picture is wide, and the scale of colours."""
    broken = [(part, colour) for text, colour in lines for part in _broken(text, width - 2 * _MARGIN)]
    strip = np.full((_MARGIN + _LINE * (len(broken) + 1), width, 3), _PAPER, dtype=np.uint8)
    for number, (text, colour) in enumerate(broken):
        place = (_MARGIN, _MARGIN // 2 + _LINE * (number + 1) - 6)
        cv2.putText(strip, text, place, _FONT, _SIZE, colour, 1, cv2.LINE_AA)
    _draw_scale(strip, _MARGIN // 2 + _LINE * len(broken))
    return strip


def _broken(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cv2.getTextSize(longer, _FONT, _SIZE, 1)[0][0] > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _draw_scale(strip: npt.NDArray[np.uint8], top: int) -> None:
    """Draw the legend: from the weakest evidence to the strongest."""
    width = min(160, strip.shape[1] // 3)
    ramp = np.tile(np.linspace(40, 255, width).astype(np.uint8), (8, 1))
    colours = cv2.applyColorMap(ramp, cv2.COLORMAP_PLASMA)[..., ::-1]
    for label, left in (("weak", _MARGIN), ("strong", _MARGIN + 44 + width)):
        cv2.putText(strip, label, (left, top + 13), _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    left = _MARGIN + 38
    room = strip[top + 5 : top + 13, left : left + width]
    room[:] = colours[: room.shape[0], : room.shape[1]]
