"""Models that judge grey pictures: the lighter, the better. What they answer is known exactly."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calibration.critic.scales import LEVELS, SCALES, Scale
from calibration.image import Image, encode_png
from calibration.observers.protocol import Query, Reply, TokenChoice

Answer = Callable[[Query], Reply]

_BY_WORDS = {scale.words: scale for scale in SCALES.values() if scale.words != LEVELS}


def grey(value: int, side: int = 8) -> Image:
    return Image(np.full((side, side, 3), value, dtype=np.uint8))


def lightness(image: Image) -> float:
    """How light a picture is, 0...1."""
    return float(image.pixels.mean()) / 255


def grey_folder(folder: Path, count: int = 24) -> dict[str, int]:
    """Write pictures from dark to light; return the grey of each."""
    folder.mkdir(parents=True, exist_ok=True)
    greys = {f"{number:02}.png": 10 + number * (235 // count) for number in range(count)}
    for name, value in greys.items():
        (folder / name).write_bytes(encode_png(grey(value)))
    return greys


def write_scores(path: Path, scores: Mapping[str, float]) -> Path:
    lines = ["file,mos", *(f"{name},{score}" for name, score in scores.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def telling(masses: Mapping[str, float]) -> Reply:
    """A reply whose first token could have been these words with these probabilities."""
    likeliest = max(masses, key=lambda token: masses[token])
    listed = {token: math.log(mass) for token, mass in masses.items() if mass > 0}
    return Reply(likeliest, choices=(TokenChoice(likeliest, listed),))


def scale_of(query: Query) -> Scale:
    """The scale of a question, by its words, or where they are the five levels by its prompt."""
    return _BY_WORDS.get(query.manner.words) or next(
        scale for scale in SCALES.values() if query.prompt in (scale.prompt, scale.offering)
    )


def words_by_lightness(query: Query) -> dict[str, float]:
    """Probabilities of the words of a question; on the five levels their mean value is 1 + 4 * lightness."""
    scale = scale_of(query)
    if scale.name == "pairs":
        first, second = map(lightness, query.images)
        better = 1 / (1 + math.exp(-6 * (second - first)))
        return {"superior": better, "inferior": 1 - better}
    place = lightness(query.images[0])
    if len(scale.words) == 2:
        first_word, last_word = scale.words
        return {first_word: 0.05 + 0.9 * place, last_word: 0.95 - 0.9 * place}
    upper, share = min(int(place * 4), 3), 0.0
    share = place * 4 - upper
    levels = scale.words[::-1]  # from bad to excellent
    return {levels[upper]: max(1 - share, 1e-9), levels[upper + 1]: max(share, 1e-9)}


@dataclass
class Judge:
    """An observer that answers by a function, and remembers what it was asked."""

    answer: Answer
    name: str = "judge"
    stimulus_side: int | None = None
    input_side: int | None = None
    in_flight: int = 4
    asked: list[Query] = field(default_factory=list)

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        self.asked += queries
        return [self.answer(query) for query in queries]

    def close(self) -> None:
        """Hold nothing."""
