"""Fonts and words that drawings of this benchmark are made of: DejaVu and STIX, which matplotlib brings."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import ImageFont

_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "DejaVuSerif-Bold")
_PROSE = """
invoice total delivery morning river station garden quarterly revenue margin kitchen weather forecast meeting
agenda minutes please remember to water the plants and send the report before friday noon we are closed on
public holidays thank you for your order it will arrive within three working days table figure results show
that the second group improved by four percent in average over the baseline model
"""
_WORDS = tuple(_PROSE.split())
_RUSSIAN = "счет сумма доставка утро река станция сад выручка отчет кухня погода прогноз встреча повестка"
_CYRILLIC = tuple(_RUSSIAN.split())


def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a font."""
    return ImageFont.truetype(str(_FOLDER / f"{name}.ttf"), size)


def any_face(rng: np.random.Generator, size: int) -> ImageFont.FreeTypeFont:
    return face(FACES[int(rng.integers(len(FACES)))], size)


def words(rng: np.random.Generator, count: int, *, cyrillic: bool = False) -> str:
    """Return a run of words that means nothing."""
    chosen = _CYRILLIC if cyrillic else _WORDS
    return " ".join(chosen[index] for index in rng.integers(0, len(chosen), count))


def lines(rng: np.random.Generator, count: int, per_line: int, *, cyrillic: bool = False) -> str:
    return "\n".join(words(rng, per_line, cyrillic=cyrillic) for _ in range(count))
